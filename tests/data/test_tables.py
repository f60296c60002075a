"""Tables in files: CSV of all kinds, Parquet, Excel, databases; whole and in chunks."""

import sqlite3

import pandas as pd
import pytest

from tipoff.data.formats import read_sql
from tipoff.data.table import iter_table, read_table
from tipoff.errors import DataError
from tipoff.notes import listening


@pytest.fixture
def said():
    heard: list[str] = []
    with listening(heard.append):
        yield heard


@pytest.fixture
def csv(tmp_path):
    def write(text: str, encoding: str = "utf-8", name: str = "t.csv"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return write


FRAME = pd.DataFrame(
    {"n": [1, 2, 3], "x": [0.5, None, 1.5], "t": ["a", "ß", None], "d": pd.to_datetime(["2024-05-01"] * 3)}
)


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_every_kind_of_file_gives_the_same_frame(tmp_path, ending):
    file = tmp_path / f"t.{ending}"
    {"csv": FRAME.to_csv, "parquet": FRAME.to_parquet, "xlsx": FRAME.to_excel}[ending](file, index=False)
    read = read_table(file)
    assert read.columns.tolist() == list("nxtd") and read.attrs["table"][0] == file.name
    pd.testing.assert_frame_equal(read.assign(d=pd.to_datetime(read.d)), FRAME, check_dtype=False)
    assert read_table(file.name, data=file.read_bytes()).equals(read)


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_chunks_add_up_to_the_file(tmp_path, ending):
    file = tmp_path / f"t.{ending}"
    big = pd.DataFrame({"n": range(25), "t": [f"{i:03}" for i in range(25)]})
    {"csv": big.to_csv, "parquet": big.to_parquet, "xlsx": big.to_excel}[ending](file, index=False)
    chunks = list(iter_table(file, rows=10))
    assert [len(c) for c in chunks] == [10, 10, 5]
    whole = pd.concat(chunks)
    assert whole.index.tolist() == list(range(25)) and whole.t.tolist() == big.t.tolist()
    assert whole.n.astype(int).tolist() == list(range(25))
    assert chunks[2].attrs["table"][0] == file.name


def test_cells_of_a_csv_stay_text_in_chunks(csv):
    """Whether 01234 is a number must not depend on the other rows of its chunk."""
    first, second = iter_table(csv("zip\n01234\n00001\nA1\n"), rows=2)
    assert first.zip.tolist() == ["01234", "00001"] and second.zip.tolist() == ["A1"]


def test_a_semicolon_brings_decimal_commas(csv):
    file = csv("a;b;c;d\n1,5;2;x,y;1.5\n-3,0;4;z;2.5\n;5;1,2;3.5\n")
    read = read_table(file)
    assert read.a.tolist()[:2] == [1.5, -3.0] and read.c.tolist() == ["x,y", "z", "1,2"]
    chunks = list(iter_table(file, rows=2))
    assert pd.concat(chunks).a.tolist()[:2] == ["1,5", "-3,0"] and chunks[1].attrs["decimal"] == ","


def test_points_stay_points_with_any_delimiter(csv):
    assert read_table(csv("a;b\n1.5;x\n2.5;y\n")).a.tolist() == [1.5, 2.5]
    assert read_table(csv("a\tb\n1.5\tx\n2.5\ty\n")).a.tolist() == [1.5, 2.5]


def test_a_comma_at_the_end_of_each_line_is_no_column(csv):
    assert read_table(csv("a,b,\n1,2,\n3,4,\n")).columns.tolist() == ["a", "b"]


def test_columns_of_one_name_are_told_apart_and_said(csv, said):
    assert read_table(csv("a,b,a\n1,2,3\n")).columns.tolist() == ["a", "b", "a.1"]
    assert said == ["t.csv has two columns called 'a'; the second is now 'a.1'"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_seen_in_chunks_too(csv, encoding, said):
    chunks = list(iter_table(csv("name,n\nZoë,1\nJosé,2\nÅsa,3\n", encoding), rows=2))
    assert pd.concat(chunks).name.tolist() == ["Zoë", "José", "Åsa"] and chunks[0].columns[0] == "name"
    assert bool(said) == (encoding == "cp1252")


def test_a_ragged_row_is_named_in_chunks_too(csv):
    with pytest.raises(
        DataError, match=r"t.csv cannot be read as a table: row 5 has 3 cells, those before it 2"
    ):
        list(iter_table(csv("a,b\n1,2\n3,4\n5,6\n7,8,9\n"), rows=2))


@pytest.mark.parametrize("name", ["t.parquet", "t.xlsx"])
def test_a_damaged_file_is_said(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\3\4 no, it is not")
    with pytest.raises(DataError, match=f"{name} is no (Parquet|Excel) file"):
        read_table(tmp_path / name)


def test_one_of_several_sheets_is_read_and_said(tmp_path, said):
    with pd.ExcelWriter(tmp_path / "t.xlsx") as writer:
        FRAME[["n"]].to_excel(writer, sheet_name="May", index=False)
        FRAME[["x"]].to_excel(writer, sheet_name="June", index=False)
    assert read_table(tmp_path / "t.xlsx").columns.tolist() == ["n"]
    assert "has 2 sheets; 'May' was read" in said[0]
    assert read_table(tmp_path / "t.xlsx", sheet_name="June").columns.tolist() == ["x"]
    with pytest.raises(DataError, match="its sheets are May, June"):
        read_table(tmp_path / "t.xlsx", sheet_name="Juli")


def test_a_missing_file_is_named(tmp_path):
    (tmp_path / "sales.csv").write_text("a\n1\n")
    for read in (read_table, lambda p: list(iter_table(p))):
        with pytest.raises(DataError, match="There is no file .*sale.csv. Did you mean 'sales.csv'"):
            read(tmp_path / "sale.csv")


# databases -----------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path):
    with sqlite3.connect(tmp_path / "t.db") as connection:
        FRAME[["n", "x", "t"]].to_sql("rows", connection, index=False)
    return tmp_path / "t.db"


def test_a_query_gives_a_frame_by_any_connection(database):
    want = FRAME[["n", "x", "t"]]
    query = "SELECT * FROM rows"
    pd.testing.assert_frame_equal(read_sql(query, sqlite3.connect(database)), want, check_dtype=False)
    alchemy = pytest.importorskip("sqlalchemy")
    engine = alchemy.create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        for way in (engine, connection, f"sqlite:///{database}"):
            pd.testing.assert_frame_equal(read_sql(query, way), want, check_dtype=False)


def test_what_the_database_refuses_is_said(database):
    with pytest.raises(DataError, match="refuses the query: no such table: sales"):
        read_sql("SELECT * FROM sales", sqlite3.connect(database))
    with pytest.raises(DataError, match="gives no columns; it must be a SELECT"):
        read_sql("CREATE TABLE other (a INTEGER)", sqlite3.connect(database))
    with pytest.raises(DataError, match="connection is a dict"):
        read_sql("SELECT 1", {})
