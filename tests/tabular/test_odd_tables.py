"""Tables as they should not be: each is read, or refused with a sentence; never a stack of pandas."""

from pathlib import Path

import pandas as pd
import pytest

from tipoff.data.table import read_table
from tipoff.errors import DataError, TipoffError
from tipoff.tabular import TabularDataLoaders

ODD = Path(__file__).parents[3] / "shared" / "data" / "bad_inputs" / "tables"
there = pytest.mark.skipif(not ODD.is_dir(), reason="the odd tables of shared data are not there")


def loaders(text: bytes, tmp_path: Path, **options):
    (tmp_path / "t.csv").write_bytes(text)
    return TabularDataLoaders.from_csv(tmp_path / "t.csv", **{"y_names": "y", "seed": 0, **options})


def table(rows: list[str], header: str = "x,c,y") -> bytes:
    return "\n".join([header, *rows]).encode()


GOOD = [f"{i}.5,{'ab'[i % 2]},{'no' if i % 3 else 'yes'}" for i in range(60)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "t.csv is empty"),
        (b"x,c,y\n", "has no rows; at least two are needed"),
        (b"x,c,y\n1,a,yes\n", "has 1 row; at least two are needed"),
        (table([*GOOD, "1,2,3,4"]), "row 62 has 4 cells, those before it 3"),
        (b"\x00\x01\x02" * 30, "t.csv is no text"),
        (table(GOOD, "x,c,z"), "lacks the column 'y'; there are x, c, z"),
        (table([",,yes", ",,no"] * 30), "no column to learn from .x: empty; c: empty"),
        (table([r[: r.rindex(",")] + "," for r in GOOD]), "no rows to learn from that have a value of y"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        loaders(text, tmp_path)


def test_a_mark_latin_letters_and_semicolons_are_read(tmp_path):
    text = table([r.replace(",a,", ",größe,") for r in GOOD])
    for data in (b"\xef\xbb\xbf" + text, text.decode().encode("cp1252"), text.decode().encode("utf-16"),
                 text.replace(b",", b";").replace(b".5", b",5")):  # fmt: skip
        dls = loaders(data, tmp_path)
        assert dls.classes["c"] == ["#na#", "b", "größe"] and dls.cont_names == ["x"]


def test_spaces_after_the_comma_belong_to_nothing(tmp_path):
    dls = loaders(table([r.replace(",", ", ") for r in GOOD]), tmp_path)
    assert dls.classes["c"] == ["#na#", "a", "b"] and dls.vocab == ["no", "yes"]


def test_markers_of_missing_values_are_missing_among_numbers_and_words_among_words(tmp_path, said):
    rows = [
        f"{'NA' if i % 5 == 0 else i}{',n/a,' if i % 7 == 0 else ',a,' if i % 2 else ',b,'}{i % 2}"
        for i in range(60)
    ]
    dls = loaders(table(rows), tmp_path, y_block=None)
    assert dls.classes["c"] == ["#na#", "a", "b", "n/a"] and "x_na" in dls.cat_names
    assert "t.csv: taken for missing values, as all others there are numbers: 'NA' in x" in said


def test_infinite_numbers_are_missing_and_said(tmp_path, said):
    dls = loaders(table([*GOOD, "inf,a,yes", "-inf,a,no"]), tmp_path, cat_names=["c"], cont_names=["x"])
    assert dls.one_batch()[1].isfinite().all() and any(
        "x is infinite in row 6" in s and "of t.csv" in s for s in said
    )


def test_a_column_of_mixed_kinds_is_a_category_and_no_number(tmp_path):
    rows = [*GOOD, "twelve,a,yes"]
    dls = loaders(table(rows), tmp_path, cat_names=["x"], cont_names=[], valid_idx=[0, 1])
    assert dls.classes["x"][-1] == "twelve"
    with pytest.raises(DataError, match="Column x, row 62 of t.csv: 'twelve' is not a number; .* others are"):
        loaders(table(rows), tmp_path, cat_names=["c"], cont_names=["x"])


def test_an_empty_column_may_be_asked_for(tmp_path, said):
    dls = loaders(
        table([f"{r},," for r in GOOD], "x,c,y,e,f"), tmp_path, cat_names=["c", "e"], cont_names=["x", "f"]
    )
    assert dls.classes["e"] == ["#na#"] and dls.one_batch()[1].isfinite().all()
    assert "f has no value in any training row: it is taken as 0" in said


def test_dates_in_two_forms_are_read_and_a_wrong_one_is_named(tmp_path):
    rows = [
        f"{f'2024-01-{i % 28 + 1:02}' if i % 2 else f'{i % 28 + 1:02}.02.2024'},a{i % 3},{i % 2}"
        for i in range(60)
    ]
    dls = loaders(table(rows), tmp_path)
    assert dls.rows.columns[0].kind == "date" and dls.rows.columns[0].high == "2024-02-27"
    with pytest.raises(DataError, match="'soon' is no date"):
        dls.rows.encode({"x": "soon", "c": "a1"})


def test_a_column_that_is_almost_dates_is_a_category(tmp_path):
    rows = [f"2024-01-{i % 28 + 1:02},a{i % 3},{i % 2}" for i in range(60)]
    dls = loaders(table([*rows, "2024-13-45,a1,1"]), tmp_path, valid_idx=[0, 1])
    assert dls.rows.columns[0].kind == "category"
    with pytest.raises(
        DataError,
        match="Column x, row 62 of t.csv: '2024-13-45' is no date. Dates are written as 2024-05-31 here",
    ):
        loaders(table([*rows, "2024-13-45,a1,1"]), tmp_path, valid_idx=[0, 60])


@there
@pytest.mark.parametrize("file", sorted(ODD.glob("*.csv")) if ODD.is_dir() else [], ids=lambda p: p.name)
def test_each_odd_file_is_read_or_refused_with_a_sentence(file):
    """The last column as what is predicted; whatever comes of it, it is one of tipoff's own errors."""
    try:
        frame = read_table(file)
        y = frame.columns[-1]
        dls = TabularDataLoaders.from_df(frame, y_names=y, valid_pct=0.3, seed=0)
        assert dls.one_batch()[1].isfinite().all()
    except TipoffError as e:
        assert len(str(e)) > 20 and str(e).endswith((".", "?", ")"))


@there
def test_categories_that_only_new_rows_have_are_unknown(said):
    dls = TabularDataLoaders.from_csv(
        ODD / "unseen_category_train.csv", cat_names=["cat"], cont_names=["x"], y_names="y", seed=0
    )
    new = pd.read_csv(ODD / "unseen_category_valid.csv")
    cats, conts = dls.rows.encode_all(new)
    assert cats[:, 0].tolist() == [0, 1, 0, 2] and conts.isfinite().all()
    assert any("cat 'd' was not in training" in s for s in said) and any("x is missing" in s for s in said)
