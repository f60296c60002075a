"""The same cell means the same at every door: a file, a frame, one row or many, in training and in prediction."""

import numpy as np
import pandas as pd
import pytest

from tipoff.data.table import iter_table, read_table
from tipoff.data.target import CategoryBlock, RegressionBlock
from tipoff.errors import DataError
from tipoff.notes import listening
from tipoff.tabular import TabularDataLoaders

N = 60


@pytest.fixture
def said():
    heard: list[str] = []
    with listening(heard.append):
        yield heard


def csv(delimiter: str = ",", **columns) -> bytes:
    rows = [delimiter.join(columns), *(delimiter.join(row) for row in zip(*columns.values(), strict=True))]
    return "\n".join(rows).encode()


def loaders(data: bytes, **options):
    with listening(lambda _: None):
        return TabularDataLoaders.from_df(
            read_table("t.csv", data=data), **{"y_names": "y", "seed": 0, "y_block": CategoryBlock, **options}
        )


Y = [("no", "yes")[i * 7 % 3 == 0] for i in range(N)]
X = [f"{i}.5" for i in range(N)]
# as written in a CSV, and what it is worth
PRICES = [
    (lambda v: f'"{v:,.2f}"', ","),
    (lambda v: f'"${v:,.2f}"', ","),
    (lambda v: f"£{v:.2f}", ","),
    (lambda v: f"{v:.2f} kg", ","),
    (lambda v: f"{v:,.2f}".replace(",", " "), ","),
    (lambda v: f"{v:.2f}".replace(".", ","), ";"),
    (lambda v: f"{v:,.2f}".translate(str.maketrans(",.", ".,")), ";"),
    (lambda v: f"({v:.2f})" if v > 5000 else f"{v:.2f}", ","),
]


@pytest.mark.parametrize(("write", "delimiter"), PRICES)
def test_numbers_with_separators_and_units_are_read_as_numbers_alone_and_together(write, delimiter):
    values = [round(12.25 + 137.5 * i, 2) for i in range(N)]
    data = csv(delimiter, price=[write(v) for v in values], y=Y)
    dls = loaders(data)
    assert dls.cont_names == ["price"]
    block, worth = dls.rows, np.array(values)
    if "(" in write(6000):
        worth[worth > 5000] *= -1
    known = block.columns[0].read(read_table("t.csv", data=data))
    assert known.tolist() == pytest.approx(worth.tolist())
    parts = [block.columns[0].read(f) for f in iter_table("t.csv", 7, data=data)]
    assert np.concatenate(parts).tolist() == known.tolist()
    text = [write(v).strip('"') for v in values]
    alone = [float(block.columns[0].read_one(t)[0]) for t in text]
    assert alone == known.tolist()
    assert block.encode({"price": float(worth[3])})[1].item() == block.encode({"price": text[3]})[1].item()


def test_how_a_price_is_read_is_said(said):
    frame = pd.DataFrame({"price": [f"£{i},047.50" for i in range(1, N + 1)], "y": Y})
    TabularDataLoaders.from_df(frame, y_names="y", seed=0)
    assert "price is read as numbers: £10,047.50 as 10047.5" in said


def test_another_unit_is_refused_with_its_column_and_row():
    block = loaders(csv(price=[f"{i} kg" for i in range(N)], y=Y)).rows
    with pytest.raises(DataError, match="Column price: '5 lb' is not a number"):
        block.encode({"price": "5 lb"})


def test_a_code_with_commas_beside_decimal_commas_is_a_word_at_every_door():
    sizes = [("1,5", "2,5", "L")[i % 3] for i in range(N)]
    data = csv(";", size=sizes, x=[x.replace(".", ",") for x in X], y=Y)
    dls = loaders(data)
    assert dls.classes["size"] == ["#na#", "1,5", "2,5", "L"]
    whole = dls.rows.encode_all(next(iter_table("t.csv", data=data)))
    assert whole[0][:, 0].tolist() == [1 + i % 3 for i in range(N)]
    alone = dls.rows.encode({"size": "2,5", "x": "1,5"})
    assert alone[0].item() == 2 and alone[1].item() == whole[1][1].item()
    one = dls.rows.encode_all(next(iter_table("t.csv", data=b"size;x\n2,5;1,5\n")))
    assert one[0].item() == 2 and one[1].item() == whole[1][1].item()


def test_a_word_that_other_programs_take_for_missing_is_a_class():
    names = [("None", "Apnea", "NA")[i % 3] for i in range(N)]
    dls = loaders(csv(x=X, y=names))
    assert list(dls.vocab) == ["Apnea", "NA", "None"] and dls.train.n + dls.valid.n == N


def test_one_empty_target_does_not_make_floats_of_whole_classes():
    dls = loaders(csv(x=X, y=["", *(str(i % 2) for i in range(1, N))]))
    assert list(dls.vocab) == [0, 1] and all(type(v) is int for v in dls.vocab)


def test_codes_keep_their_zeros_in_training_and_prediction():
    zips = [("01234", "1234", "99999")[i % 3] for i in range(N)]
    block = loaders(csv(zip=zips, y=Y), cat_names=["zip"], cont_names=[]).rows
    assert block.classes["zip"] == ["#na#", "01234", "1234", "99999"]
    assert [block.encode({"zip": z})[0].item() for z in ("01234", "1234", 1234)] == [1, 2, 2]


def test_a_category_of_whole_numbers_is_found_in_text_of_any_writing():
    data = csv(";", n=[("950", "1.200")[i % 2] for i in range(N)], x=[x.replace(".", ",") for x in X], y=Y)
    dls = loaders(data, cat_names=["n"], cont_names=["x"])
    assert dls.classes["n"] == ["#na#", 950, 1200]
    got = dls.rows.encode_all(next(iter_table("t.csv", data=data)))[0][:4, 0]
    assert got.tolist() == [1, 2, 1, 2]


@pytest.mark.parametrize("word", ["NA", "-", "", "nan"])
def test_a_missing_number_may_be_written_as_a_word_when_predicting(word):
    block = loaders(csv(x=["", *X[1:]], y=Y)).rows
    want = block.encode({"x": None})
    for rows in ({"x": word}, next(iter_table("t.csv", data=f"x,z\n{word},1\n".encode()))):
        got = block.encode(rows)
        assert got[0].tolist() == want[0].tolist() and got[1].tolist() == want[1].tolist()


@pytest.mark.parametrize("kind", ["string[pyarrow]", "bool[pyarrow]", "int64[pyarrow]"])
def test_targets_of_arrow_types(kind):
    pytest.importorskip("pyarrow")
    values = pd.Series([i % 3 == 0 for i in range(N)]).astype("bool[pyarrow]")
    frame = pd.DataFrame(
        {"x": range(N), "y": values if kind.startswith("bool") else values.astype("int64").astype(kind)}
    )
    with listening(lambda _: None):
        dls = TabularDataLoaders.from_df(
            frame, y_names="y", cat_names=[], cont_names=["x"], y_block=CategoryBlock, seed=0
        )
    assert len(dls.vocab) == 2 and dls.train.n + dls.valid.n == N


# what is predicted -----------------------------------------------------------------------------


@pytest.mark.parametrize("y_block", [None, RegressionBlock])
def test_a_target_of_prices_is_a_number_and_new_rows_with_answers_are_read_alike(y_block):
    data = csv(x=X, y=[f'"£{1000 + i * 7 % N:,}.50"' for i in range(N)])
    dls = loaders(data, y_block=y_block, valid_idx=[0, 1])
    assert isinstance(dls.plan.targets[0], RegressionBlock)
    new = next(iter_table("t.csv", data=data))
    assert dls.test_dl(new, with_labels=True).dataset.ys[0][:2].flatten().tolist() == [1000.5, 1007.5]


def test_a_target_of_prices_may_be_of_classes():
    prices = [("£5", "£10")[i % 2] for i in range(N)]
    assert list(loaders(csv(x=X, y=prices)).vocab) == ["£10", "£5"]


def test_a_wrong_price_to_predict_is_named():
    with pytest.raises(DataError, match="Column y, row 5 of t.csv: 'free' is not a number and"):
        loaders(csv(x=X, y=["free" if i in (3, 9) else f"£{i}" for i in range(N)]), y_block=RegressionBlock)


def test_classes_of_a_frame_with_a_gap_are_whole():
    frame = pd.DataFrame({"x": range(N), "y": [np.nan, *(float(i % 2) for i in range(1, N))]})
    with listening(lambda _: None):
        dls = TabularDataLoaders.from_df(
            frame, y_names="y", cat_names=[], cont_names=["x"], y_block=CategoryBlock, seed=0
        )
    assert list(dls.vocab) == [0, 1] and all(type(v) is int for v in dls.vocab)


def test_classes_are_found_in_text_of_a_csv_and_a_blank_label_is_missing():
    dls = loaders(csv(x=X, y=['"  "', *(str(i % 2) for i in range(1, N))]), valid_idx=[3, 4])
    assert list(dls.vocab) == [0, 1] and dls.train.n + dls.valid.n == N - 1
    new = dls.test_dl(next(iter_table("t.csv", data=b"x,y\n1.5,0\n2.5,1\n")), with_labels=True)
    assert new.dataset.ys[0].tolist() == [0, 1]


def test_a_target_that_mixes_numbers_with_numbers_as_text_has_each_class_once():
    frame = pd.DataFrame({"x": range(N), "y": pd.Series([0, "1", 1] * (N // 3), dtype=object)})
    with listening(lambda _: None):
        dls = TabularDataLoaders.from_df(
            frame, y_names="y", cat_names=[], cont_names=["x"], y_block=CategoryBlock, seed=0
        )
    assert list(dls.vocab) == [0, 1]


def test_a_word_that_often_stands_for_a_missing_value_is_said_once_it_is_a_value(said):
    frame = pd.DataFrame({"country": ["NA", "DE", "FR"] * 20, "y": Y})
    TabularDataLoaders.from_df(frame, y_names="y", cat_names=["country"], cont_names=[], seed=0)
    assert any(s.startswith("in country, 'NA' is a value like any other") for s in said)


def test_a_number_beyond_float32_to_predict_is_left_out_and_said(said):
    frame = pd.DataFrame({"x": range(N), "y": [1e300, *(i * 7 % 11 + 0.5 for i in range(1, N))]})
    TabularDataLoaders.from_df(frame, y_names="y", cat_names=[], cont_names=["x"], seed=0)
    assert "1 row without y left out: row 0" in said


def test_numbers_in_two_units_are_said(said):
    frame = pd.DataFrame({"x": [i % 9 + 0.5 for i in range(N)], "y": Y})
    frame["pay"] = [f"{'$€'[i % 2]}{1000 + i}" for i in range(N)]
    TabularDataLoaders.from_df(frame, y_names="y", seed=0)
    assert any(s.startswith("pay looks like numbers, some with ") for s in said)


def test_a_cell_in_another_unit_is_named():
    frame = pd.DataFrame({"w": [*(f"{i} kg" for i in range(1, N)), "5 lb"], "y": Y})
    with pytest.raises(DataError, match="Column w, row 59: '5 lb' is not a number; 57 others are"):
        TabularDataLoaders.from_df(frame, y_names="y", cat_names=[], cont_names=["w"], valid_idx=[0, 1])
