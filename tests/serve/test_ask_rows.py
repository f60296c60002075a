"""`tipoff predict --url` with models of tables, texts and ratings: what is said is what a model file says."""

import json

import pandas as pd
import pytest

from tests.people import people
from tests.sentences import sentences
from tests.serve.running import running
from tests.serve.test_ask import tipoff
from tipoff.cli import ask_rows
from tipoff.serve.model import open_model
from tipoff.serve.settings import Settings

FORMS = pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])


@pytest.fixture(scope="module")
def rich(row_model):
    with running([row_model], Settings(token="s3cret", log="json", max_upload=0.02)) as address:
        yield ["--url", address, "--token", "s3cret"]


@pytest.fixture(scope="module")
def films(pair_model):
    with running([pair_model], Settings(log="json")) as address:
        yield ["--url", address]


@pytest.fixture(scope="module")
def reviews(text_model):
    with running([text_model], Settings(log="json")) as address:
        yield ["--url", address]


def both(capsys, file, url, *args):
    """What both print: by the model file, and by the server."""
    said = []
    for first in ([file], url):
        code = tipoff("predict", *first, *args)
        got = capsys.readouterr()
        lines = got.out.splitlines()
        notes = [line for line in got.err.splitlines() if not line.startswith("{")]  # no log of the server
        said.append((code, [line.partition("  (")[0] for line in lines], notes))
    return said


@FORMS
def test_rows_by_a_server_are_as_by_the_file(rich, row_file, tmp_path, capsys, form):
    people(30, 3).to_csv(tmp_path / "new.csv", index=False)
    by_file, by_server = both(capsys, row_file, rich, tmp_path / "new.csv", *form)
    assert by_file == by_server and by_file[0] == 0 and len(by_file[1]) > 20


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_is_sent_in_parts(rich, row_file, tmp_path, monkeypatch, capsys, ending):
    monkeypatch.setattr("tipoff.cli.tasks.tables.predict.PART", 200)
    frame = people(700, 4)
    frame.loc[5, "job"] = None
    new = tmp_path / f"new.{ending}"
    frame.to_csv(new, index=False) if ending == "csv" else frame.to_parquet(new)
    assert tipoff("predict", *rich, new, "--out", tmp_path / "server.csv") == 0  # 20 kB a request
    assert tipoff("predict", row_file, new, "--out", tmp_path / "file.csv") == 0
    assert (tmp_path / "server.csv").read_text() == (tmp_path / "file.csv").read_text()
    assert "700 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ending", "named"), [("csv", "row 502 of new.csv"), ("parquet", "row 501 of new.parquet")]
)
def test_an_error_names_the_row_of_the_file(rich, tmp_path, monkeypatch, capsys, ending, named):
    monkeypatch.setattr("tipoff.cli.tasks.tables.predict.PART", 300)
    frame = people(600, 4).astype({"age": str})
    frame.loc[500, "age"] = "old"
    new = tmp_path / f"new.{ending}"
    frame.to_csv(new, index=False) if ending == "csv" else frame.to_parquet(new)
    assert tipoff("predict", *rich, new) == 2
    assert f"Column age, {named}: 'old' is not a number" in " ".join(capsys.readouterr().err.split())


def test_numbers_by_a_server(number_model, tmp_path, capsys):
    people(30, 3).to_csv(tmp_path / "new.csv", index=False)
    with running([number_model], Settings(log="json")) as url:
        assert tipoff("predict", "--url", url, tmp_path / "new.csv", "--out", tmp_path / "scored.csv") == 0
    scored = pd.read_csv(tmp_path / "scored.csv")
    rows = number_model.rows
    wanted = rows.probabilities(rows.inputs(people(30, 3)))[:, 0]
    assert scored["value"].to_numpy() == pytest.approx(wanted.numpy(), rel=1e-5)


def test_a_row_that_is_too_large_is_refused(rich, tmp_path, capsys):
    frame = people(3).assign(letter="x" * 40_000)
    frame.to_csv(tmp_path / "new.csv", index=False)
    assert tipoff("predict", *rich, tmp_path / "new.csv") == 2
    assert "MB at most" in " ".join(capsys.readouterr().err.split())


@FORMS
def test_texts_of_a_table(reviews, text_file, tmp_path, monkeypatch, capsys, form):
    monkeypatch.setitem(ask_rows.MOST_ROWS, "text", 16)
    sentences(40, 5).to_csv(tmp_path / "new.csv", index=False)
    by_file, by_server = both(capsys, text_file, reviews, tmp_path / "new.csv", *form)
    assert by_file[0] == by_server[0] == 0 and len(by_file[1]) == len(by_server[1]) > 20
    if form == ("--json",):
        for a, b in zip(by_file[1], by_server[1], strict=True):
            a, b = json.loads(a), json.loads(b)
            assert (a["row"], a["label"]) == (b["row"], b["label"])
            assert a["probability"] == pytest.approx(b["probability"], abs=1e-5)


@FORMS
def test_texts_and_text_files(reviews, text_file, tmp_path, capsys, form):
    for name, text in (("a", "A lovely and warm film."), ("b", "Dull, weak and boring."), ("empty", " ")):
        (tmp_path / f"{name}.txt").write_text(text)
    texts = ["A lovely // and warm film.", "Dull"]
    by_file, by_server = both(capsys, text_file, reviews, *texts, *sorted(tmp_path.iterdir()), *form)
    assert by_file[0] == by_server[0] == 0 and len(by_file[1]) == len(by_server[1])
    if form == ("--json",):
        for a, b in zip(by_file[1][:4], by_server[1][:4], strict=True):
            a, b = json.loads(a), json.loads(b)
            asked = "text" if "text" in a else "file"
            assert a.keys() == b.keys() and a["label"] == b["label"] and a[asked] == b[asked]


@FORMS
@pytest.mark.parametrize("args", [(), ("--user", 7, "-n", 3), ("--user", "nobody")])
def test_recommendations(films, pair_file, capsys, form, args):
    by_file, by_server = both(capsys, pair_file, films, *args, *form)
    assert by_file == by_server and by_file[0] == 0 and len(by_file[1]) >= 3


def test_recommendations_for_somebody_new(films, pair_file, tmp_path, capsys):
    pd.DataFrame({"film": ["A film 1", "B film 1"], "stars": [5, 1]}).to_csv(
        tmp_path / "mine.csv", index=False
    )
    by_file, by_server = both(capsys, pair_file, films, tmp_path / "mine.csv", "--json")
    assert by_file == by_server and json.loads(by_file[1][0])["item"].startswith("A")


def test_what_is_not_for_the_model_is_said(films, rich, tmp_path, capsys):
    assert tipoff("predict", *films, "--out", "x.csv") == 2
    assert "--out is not for a model of ratings" in capsys.readouterr().err
    assert tipoff("predict", *rich) == 2
    assert "Which table" in capsys.readouterr().err
    assert tipoff("predict") == 2


def test_the_card_says_what_answers_mean(row_file, text_file):
    for file in (row_file, text_file):
        model = open_model(file, 1)
        assert ask_rows.block_of(json.loads(json.dumps(model.about.to_json()))["block"]) is not None
