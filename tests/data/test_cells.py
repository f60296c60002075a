"""A cell of a CSV means what a person wrote: empty is empty, a word is a word, a code keeps its zeros."""

import datetime
from decimal import Decimal

import pandas as pd
import pytest

from tipoff.data.column_types import settled
from tipoff.data.frame import as_frame
from tipoff.data.table import iter_table, read_table
from tipoff.errors import DataError
from tipoff.notes import listening


def read(text: str, name: str = "t.csv", **options):
    return read_table(name, data=text.encode(), **options)


def cells(column) -> list:
    """The values as Python's own, None where one is missing."""
    return [None if pd.isna(v) else v for v in column.astype(object)]


@pytest.fixture
def said():
    heard: list[str] = []
    with listening(heard.append):
        yield heard


@pytest.mark.parametrize("word", ["None", "NA", "null", "nan", "n/a", "#N/A", "-"])
def test_a_word_among_words_is_a_word(word):
    assert cells(read(f"c,n\nx,1\n{word},2\n,3\n").c) == ["x", word, None]


@pytest.mark.parametrize("word", ["NA", "nan", "#DIV/0!", "-", "?", "n/a"])
def test_a_word_among_numbers_is_a_missing_number_and_is_said(word, said):
    frame = read(f"n,x,c\n1,.5,a\n{word},1.5,b\n3,{word},c\n", f"{word.encode().hex()}.csv")
    assert cells(frame.n) == [1, None, 3] and cells(frame.x) == [0.5, 1.5, None]
    assert f"{word!r} in n, {word!r} in x" in said[0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["7", "", "9"], [7, None, 9]),
        (["76561197960265729", "", "9007199254740993"], [76561197960265729, None, 9007199254740993]),
        (["007", "07", "7"], ["007", "07", "7"]),
        (["12345678901234567890", "1"], ["12345678901234567890", "1"]),
        (["1.0", "2"], [1.0, 2.0]),
        (["True", "", "false"], [True, None, False]),
        (["+5", "-3"], [5, -3]),
        (["0x10", "1"], ["0x10", "1"]),
        (["1_000", "2"], ["1_000", "2"]),
        (["1e3", "inf"], [1000.0, float("inf")]),
        (['"  "', "a"], [None, "a"]),
        (["NA", "None"], ["NA", "None"]),
    ],
)
def test_the_type_of_a_column_is_that_of_its_cells(written, meant):
    found = cells(read("".join(f"{w},x\n" for w in ["c", *written])).c)
    assert found == meant and [type(v) for v in found] == [type(v) for v in meant]


def test_every_kind_of_file_reads_the_same_cells(tmp_path):
    want = {"id": [76561197960265729, None], "zip": ["01234", "NA"], "x": [1.5, None], "flag": [True, None]}
    frame = pd.DataFrame(
        {
            "id": pd.array(want["id"], "Int64"),
            "zip": want["zip"],
            "x": want["x"],
            "flag": pd.array(want["flag"], "boolean"),
        }
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    for made in (
        read_table(tmp_path / "t.csv"),
        read_table(tmp_path / "t.parquet"),
        next(iter_table(tmp_path / "t.parquet")),
        as_frame(pd.read_parquet(tmp_path / "t.parquet", dtype_backend="pyarrow")),
        as_frame([{k: v[i] for k, v in want.items()} for i in (0, 1)]),
    ):
        assert {name: cells(made[name]) for name in made} == want


def test_numbers_stored_as_text_beside_numbers_are_numbers(tmp_path):
    frame = pd.DataFrame({"y": [0, "1", 1], "code": [7, "007", "x"], 2018: [1, 2.5, " "]}, dtype=object)
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    made = read_table(tmp_path / "t.xlsx")
    assert made.y.tolist() == [0, 1, 1] and made.code.tolist() == ["7", "007", "x"]
    assert cells(made["2018"]) == [1.0, 2.5, None]


def test_headings_of_excel_that_are_numbers_and_dates_are_names(tmp_path):
    frame = pd.DataFrame([[1, 2, 3]], columns=[2018, datetime.datetime(2020, 1, 1), "y"])
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    assert read_table(tmp_path / "t.xlsx").columns.tolist() == ["2018", "2020-01-01", "y"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None], "Int64"),
        ([True, None], "boolean"),
        ([Decimal("76561197960265729"), None], "Int64"),
        ([Decimal("1.5"), 2], "float64"),
        ([datetime.date(2024, 5, 1), None], "datetime64"),
        ([2**70, 1], "object"),
        ([None, None], "float64"),
        ([True, 1], "object"),
        ([[1], 2], "object"),
    ],
)
def test_objects_get_the_type_of_their_values(values, kind):
    assert str(settled(pd.Series(values, dtype=object)).dtype).startswith(kind)


def test_arrow_types_become_those_of_pandas():
    pa = pytest.importorskip("pyarrow")
    berlin = datetime.datetime(2024, 7, 1, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    columns = {
        "text": pa.array(["a", None], pa.large_string()),
        "flag": pa.array([True, None]),
        "day": pa.array([datetime.date(2024, 5, 1), None]),
        "price": pa.array([Decimal("1.50"), None]),
        "kind": pa.array(["x", None]).dictionary_encode(),
        "at": pa.array([berlin, None], pa.timestamp("us", "Europe/Berlin")),
        "none": pa.nulls(2),
    }
    for made in (
        as_frame(pa.table(columns)),
        as_frame(pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)),
    ):
        assert not any(isinstance(kind, pd.ArrowDtype) for kind in made.dtypes)
        assert {c: cells(made[c])[0] for c in made} == {
            "text": "a", "flag": True, "day": pd.Timestamp("2024-05-01"), "price": 1.5, "kind": "x",
            "at": pd.Timestamp("2024-07-01 12:00", tz="Europe/Berlin"), "none": None,
        }  # fmt: skip


# how the text is divided -------------------------------------------------------------------------


def test_title_lines_are_skipped_and_said(said):
    frame = read("Report of May\n\nname,n\nann,1\nbob,2\n")
    assert frame.name.tolist() == ["ann", "bob"] and frame.attrs["table"] == ("t.csv", 4)
    assert "t.csv: the header is row 3; what is above it ('Report of May') was skipped" in said
    assert read("sep=;\na;b\n1;x\n").columns.tolist() == ["a", "b"]
    assert read("Report;;\nyear;2018;n\n1;2;3\n").columns.tolist() == ["year", "2018", "n"]


@pytest.mark.parametrize("text", [",0\na,1\nb,2\n", "name,\nx,5\n", "a\n1\n2\n", "2018,2019\n1,2\n"])
def test_a_header_with_an_empty_name_is_no_title(text):
    assert len(read(text)) == text.count("\n") - 1


def test_titles_of_excel_are_skipped(tmp_path):
    pd.DataFrame([["Report", None], [None, None], ["name", "n"], ["ann", 1]]).to_excel(
        tmp_path / "t.xlsx", index=False, header=False
    )
    made = read_table(tmp_path / "t.xlsx")
    assert made.to_dict("list") == {"name": ["ann"], "n": [1]} and made.attrs["table"] == ("t.xlsx", 4)


def test_the_delimiter_is_what_divides_the_lines_evenly():
    frame = read("size (w,h,d);price (EUR,net);y\n3,5;1,5;a\n4;2;b\n")
    assert frame.columns.tolist() == ["size (w,h,d)", "price (EUR,net)", "y"] and frame.iloc[0, 1] == 1.5


# quotation marks ---------------------------------------------------------------------------------


def sms(n: int = 50, opened: tuple[int, ...] = (10, 30)) -> str:
    rows = [f"{'spam' if i % 3 else 'ham'}\t{chr(34) * (i in opened)}the film was fine {i}" for i in range(n)]
    return "label\ttext\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("opened", [(10, 30), (10,), (10, 11)])
def test_an_unclosed_mark_swallows_no_rows_and_is_said(opened, said):
    name = f"sms{opened}.tsv"
    frame = read(sms(opened=opened), name)
    assert (
        len(frame) == 50
        and frame.text[10] == '"the film was fine 10'
        and frame.text[12] == "the film was fine 12"
    )
    assert f"{name}, row 12: a quotation mark opens a text and is not closed" in said[0]
    assert sum(map(len, iter_table(name, 20, data=sms(opened=opened).encode()))) == 50


def test_an_unclosed_mark_is_named_where_rows_cannot_be_read_without_marks():
    with pytest.raises(
        DataError, match='t.csv, row 3: a quotation mark opens .* not closed: "fine, but long'
    ):
        read('label,text\na,"well, yes"\nb,"fine, but long\na,short\nb,short\n')


def test_texts_of_several_lines_are_whole():
    text = 'label,text\na,"one, two\nthree\nfour, five\n"\nb,"he said ""no""\n and left"\n'
    assert read(text).text.tolist() == ["one, two\nthree\nfour, five\n", 'he said "no"\n and left']
    assert read('size,y\n5" pipe,a\n7" pipe,b\n').iloc[:, 0].tolist() == ['5" pipe', '7" pipe']


# sheets of Excel ---------------------------------------------------------------------------------


def test_the_first_sheet_that_holds_anything_is_read(tmp_path, said):
    with pd.ExcelWriter(tmp_path / "cover.xlsx") as writer:
        pd.DataFrame().to_excel(writer, sheet_name="Cover", index=False)
        pd.DataFrame({"n": [1]}).to_excel(writer, sheet_name="Data", index=False)
    assert read_table(tmp_path / "cover.xlsx").n.tolist() == [1]
    assert "cover.xlsx has 2 sheets; 'Data' was read" in said[0]


def test_formulas_without_values_are_said(tmp_path, said):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["x", "y"], [1, "=A2*2"], [2, "=A3*2"]):
        book.active.append(row)
    book.save(tmp_path / "f.xlsx")
    assert read_table(tmp_path / "f.xlsx").y.isna().all()
    assert "f.xlsx: y holds formulas that were never calculated, so no values" in said[0]
