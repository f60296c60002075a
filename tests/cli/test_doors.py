"""One table written as CSV, Parquet, Excel and JSON: the same cells, the same answers, and the cells come back as they were."""

import json

import pandas as pd
import pytest

from tests.cli.test_cli import refused, tipoff, words
from tipoff.bundle.file import read as read_model
from tipoff.serve.model import open_model

N = 60
COUNTRIES = ("NA", "None", "DE")


def cells() -> dict[str, list[str]]:
    """As a person writes them."""
    return {
        "price": [f"£{1000 + 37 * i:,}.50" for i in range(N)],
        "country": [COUNTRIES[i % 3] for i in range(N)],
        "zip": [f"0{1234 + i % 4}" for i in range(N)],
        "seen": [f"{1 + i % 28:02}.{1 + i % 12:02}.2024" for i in range(N)],
        "weight": ["-" if i == 5 else f"{i % 9}.5" for i in range(N)],
        "sleep": [("None", "Apnea")[i * 7 % 5 < 2] for i in range(N)],
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("doors")
    pd.DataFrame(cells()).to_csv(home / "t.csv", index=False)
    assert tipoff("train", home / "t.csv", "--target", "sleep", "--epochs", 1, "--out", home / "m") == 0
    return home


def probabilities(home, capsys, file) -> list:
    capsys.readouterr()
    assert tipoff("predict", home / "m.tipoff", file, "--json") == 0
    return [json.loads(line)["probabilities"] for line in capsys.readouterr().out.splitlines()]


def test_the_columns_are_what_was_written(home):
    plan = read_model(home / "m.tipoff").plan
    kinds = {c.name: c.kind for c in plan.inputs[0].columns}
    assert kinds == {
        "price": "number",
        "country": "category",
        "zip": "category",
        "seen": "date",
        "weight": "number",
    }
    assert plan.targets[0].vocab == ("Apnea", "None")


def test_every_file_gives_the_answers_of_the_csv(home, capsys, tmp_path):
    want = probabilities(home, capsys, home / "t.csv")
    frame = pd.DataFrame(cells())
    typed = frame.assign(
        price=frame.price.str.strip("£").str.replace(",", "").astype(float),
        seen=pd.to_datetime(frame.seen, format="%d.%m.%Y"),
        weight=pd.to_numeric(frame.weight, errors="coerce"),
    )
    typed.to_parquet(tmp_path / "t.parquet")
    typed.to_excel(tmp_path / "t.xlsx", index=False)
    typed.to_csv(tmp_path / "iso.csv", index=False)
    frame.to_csv(tmp_path / "t.tsv", index=False, sep="\t", encoding="utf-16")
    for name in ("t.parquet", "t.xlsx", "iso.csv", "t.tsv"):
        for got, meant in zip(probabilities(home, capsys, tmp_path / name), want, strict=True):
            assert got == pytest.approx(meant, abs=2e-3), name


def test_a_row_alone_has_the_answer_that_it_has_among_others(home, capsys):
    want, model = probabilities(home, capsys, home / "t.csv"), open_model(home / "m.tipoff", 1_000_000)
    frame = pd.DataFrame(cells())
    for i in (0, 5, 7):
        sample = model.read(json.dumps(frame.iloc[i].to_dict()).encode(), "rows.json")
        got = model.answer([sample], False)[0]["table"].rows()[0]["probabilities"]
        assert got == pytest.approx(want[i], abs=2e-3)


def test_the_cells_come_back_as_they_were(home, tmp_path):
    assert tipoff("predict", home / "m.tipoff", home / "t.csv", "--out", tmp_path / "o.csv") == 0
    back = pd.read_csv(tmp_path / "o.csv", dtype=str, keep_default_na=False)
    assert {c: back[c].tolist() for c in cells()} == cells()


def test_a_row_can_be_explained_whatever_its_dates_are_written_as(home, capsys):
    assert tipoff("explain", home / "m.tipoff", home / "t.csv", "--row", 7) == 0
    assert "seen" in words(capsys.readouterr().out)


def test_an_unclosed_mark_in_a_table_is_named_with_its_row(tmp_path, capsys):
    rows = [f'{i},"well, {i}",{"ab"[i % 2]}' for i in range(20)]
    rows[6] = '6,"well, 6,a'
    (tmp_path / "q.csv").write_text("n,t,y\n" + "\n".join(rows) + "\n")
    assert "row 8: a quotation mark opens a text and is not closed" in refused(
        capsys, "train", tmp_path / "q.csv", "--target", "y"
    )


def test_headings_that_are_years_can_be_learned_from_and_predicted(tmp_path):
    frame = pd.DataFrame(
        [["DE", i % 7 + 0.5, i % 5 + 0.25, "ab"[i % 2]] for i in range(40)], columns=["c", 2018, 2019, "y"]
    )
    frame.to_excel(tmp_path / "years.xlsx", index=False)
    out = tmp_path / "m"
    assert (
        tipoff("train", tmp_path / "years.xlsx", "--target", "2019", "--epochs", 0, "-q", "--out", out) == 0
    )
    assert tipoff("predict", tmp_path / "m.tipoff", tmp_path / "years.xlsx", "--out", tmp_path / "o.csv") == 0


def test_gaps_in_whole_numbers_booleans_and_the_target_can_be_learned_from(tmp_path):
    def gap(value: object, i: int) -> str:
        return "" if i % 11 == 3 else str(value)

    rows = [
        ",".join(
            gap(v, i + k) for k, v in enumerate((i % 4, i * 37 % 101, i % 3 == 0, 20240101 + i % 28, i % 2))
        )
        for i in range(N)
    ]
    (tmp_path / "g.csv").write_text("few,many,flag,day,y\n" + "\n".join(rows) + "\n")
    out = tmp_path / "m"
    assert tipoff("train", tmp_path / "g.csv", "--target", "y", "--epochs", 0, "-q", "--out", out) == 0
    plan = read_model(tmp_path / "m.tipoff").plan
    assert plan.targets[0].vocab == (0, 1)
    assert {c.name: c.kind for c in plan.inputs[0].columns} == {
        "few": "category", "many": "number", "flag": "flag", "day": "date",
    }  # fmt: skip
