"""Which files are tables, by their endings, at each door of the command line; and which files predictions are written to."""

import gzip

import openpyxl
import pandas as pd
import pytest

from tests.cli.test_cli import refused, tipoff
from tests.people import people
from tipoff.data.other_formats import WAYS
from tipoff.errors import DataError
from tipoff.tabular import TabularDataLoaders


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    home = tmp_path_factory.mktemp("kinds")
    people(80)[["no", "job", "age", "rich"]].to_csv(home / "t.csv", index=False)
    assert tipoff("train", home / "t.csv", "--target", "rich", "--epochs", 0, "-q", "--out", home / "m") == 0
    return home / "m.tipoff"


@pytest.mark.parametrize("name", ["t.tab", "t.dat", "t.data", "t.txt", "t", "T.TSV"])
def test_text_is_a_table_whatever_its_ending(name, model, tmp_path, capsys):
    people(80)[["job", "age", "rich"]].to_csv(tmp_path / name, index=False, sep="\t")
    out = tmp_path / "o.tipoff"
    assert tipoff("train", tmp_path / name, "--target", "rich", "--epochs", 0, "-q", "--out", out) == 0
    assert tipoff("predict", model, tmp_path / name, "--out", tmp_path / "out.csv") == 0
    assert len(pd.read_csv(tmp_path / "out.csv")) == 80


@pytest.mark.parametrize("ending", sorted(WAYS))
def test_another_kind_of_file_is_refused_with_what_to_do(ending, tmp_path):
    file = tmp_path / f"t{ending}"
    file.write_bytes(b"\x00\x01")
    with pytest.raises(DataError, match=r"is not read: tables are \.csv"):
        TabularDataLoaders.from_path(file, y_names="y")


def test_every_door_says_what_to_do(model, tmp_path, capsys):
    (tmp_path / "t.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,y\n1,2\n"))
    for command in (("train",), ("predict", model), ("explain", model)):
        assert "save it as .xlsx or .csv" in refused(capsys, *command, tmp_path / "t.xls")
        assert "gunzip t.csv.gz" in refused(capsys, *command, tmp_path / "t.csv.gz")


def test_a_photo_and_a_model_are_no_training_data(model, tmp_path, capsys):
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8")
    assert "is one photo" in refused(capsys, "train", tmp_path / "a.jpg")
    assert "is a model file" in refused(capsys, "train", model)


def test_predictions_go_into_a_workbook(model, tmp_path):
    frame = people(30)[["no", "job", "age"]].assign(code="0123", sum="=1+1", size=["12.50", "3"] * 15)
    frame.to_csv(tmp_path / "new.csv", index=False)
    assert tipoff("predict", model, tmp_path / "new.csv", "--out", tmp_path / "o.xlsx") == 0
    assert tipoff("predict", model, tmp_path / "new.csv", "--out", tmp_path / "o.csv") == 0
    sheet = openpyxl.load_workbook(tmp_path / "o.xlsx").active
    names, first = ([cell.value for cell in row] for row in list(sheet.rows)[:2])
    row = dict(zip(names, first))
    as_csv = pd.read_csv(tmp_path / "o.csv")
    assert names == list(as_csv.columns) and sheet.max_row == 31
    assert (row["code"], row["sum"], row["size"]) == ("0123", "=1+1", 12.5)
    assert sheet.cell(2, names.index("sum") + 1).data_type == "s"
    assert row["label"] == as_csv.label[0] and row["probability"] == as_csv.probability[0]


@pytest.mark.parametrize("name", ["o.xls", "o.json", "o", "nowhere/o.csv", "folder.csv"])
def test_an_output_that_cannot_be_written_is_refused_first(name, model, tmp_path, capsys):
    (tmp_path / "folder.csv").mkdir()
    said = refused(capsys, "predict", model, tmp_path / "not_even_looked_at.csv", "--out", tmp_path / name)
    assert ".parquet or .xlsx" in said or "no folder" in said or "is a folder" in said


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--out", "o.csv", "--json"), "--out writes a file"),
        (("--out", "o.csv", "--csv"), "--out writes a file"),
        (("--token", "s3cret"), "give its --url too"),
        (("--url", "http://localhost:1"), "a server, which has its own model"),
        (("--user", "4"), "--user is not for a model of tables"),
        (("-n", "4"), "-n is not for a model of tables"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, expected, model, tmp_path, capsys):
    (tmp_path / "t.csv").write_text("no,job,age\n1,cook,30\n")
    assert expected in refused(capsys, "predict", model, tmp_path / "t.csv", *options)


def test_a_token_of_the_environment_is_for_servers_only(model, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TIPOFF_TOKEN", "s3cret")
    (tmp_path / "t.csv").write_text("no,job,age\n1,cook,30\n")
    assert tipoff("predict", model, tmp_path / "t.csv") == 0
