"""Who took what, without ratings, on the command line: recognised, learned from, recommended from."""

import contextlib
import io
import json
import re

import pandas as pd
import pytest

from tests.cli.test_cli import refused, tipoff, words
from tests.people import people, ratings
from tipoff.bundle.file import read
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.recognise import task_for


def purchases() -> pd.DataFrame:
    """Who bought what they love, day by day."""
    loved = ratings(60).query("rating >= 4").sample(frac=1, random_state=0)
    day = pd.date_range("2024-01-01", periods=len(loved)).strftime("%d.%m.%Y")
    return pd.DataFrame({"customer": loved.user, "product": loved.title, "date": day, "price": 9.5})


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("clicks")


@pytest.fixture(scope="module")
def said(home):
    """What training said; `shop.tipoff` lies beside the table."""
    purchases().to_csv(home / "shop.csv", index=False)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.chdir(home):
        assert tipoff("train", "shop.csv", "--epochs", 20) == 0
    return words(out.getvalue())


@pytest.mark.parametrize(
    ("frame", "target", "task"),
    [
        (purchases(), None, "ratings"),
        (purchases(), "price", "tables"),
        (purchases().assign(label="x"), None, "tables"),
        (purchases().drop_duplicates("customer"), None, "tables"),
        (people(20), None, "tables"),
    ],
)
def test_clicks_are_recognised_by_their_columns(tmp_path, frame, target, task):
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert task_for(Settings(str(tmp_path / "t.csv"), target)) == task


def test_clicks_are_said_back(said):
    n = len(purchases())
    assert (
        f"says who took what, without ratings: {n} pairs of 60 users (customer) and 16 items (product)"
        in said
    )
    assert f"{n - 60} to learn from, 60 to check on, the last product of each customer by date." in said
    assert "not looked at: price. If one of them is a rating, call it rating" in said
    assert "each beside 16 items drawn at random" in said


def test_figures_come_with_an_interval_and_beside_popularity(said, home):
    ours = re.search(r"Recall@10 ([\d.]+) \(95 % CI ([\d.]+) to ([\d.]+)\) on 60 users", said)
    assert ours and float(ours[2]) < float(ours[1]) <= float(ours[3])
    model = re.search(r"this model ([\d.]+) ([\d.]+)", said).groups()
    popular = re.search(r"most popular items \(baseline\) ([\d.]+) ([\d.]+)", said).groups()
    assert all(float(a) > float(b) for a, b in zip(model, popular, strict=True))
    assert "This model is better than the baseline." in said
    assert read(home / "shop.tipoff").facts["baseline"].startswith("most popular items (baseline): recall@10")
    assert re.search(r"taken by most [AB] film", said)


def test_recommendations(home, said, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(home)
    assert tipoff("predict", "shop.tipoff", "--user", 2, "-n", 2) == 0
    assert capsys.readouterr().out.startswith("A film"), "even customers love what begins with A"
    (tmp_path / "mine.csv").write_text("product\nB film 1\nB film 2\n")
    assert tipoff("predict", "shop.tipoff", tmp_path / "mine.csv", "-n", 3, "--json") == 0
    got = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [g["item"][0] for g in got] == ["B", "B", "B"]
    (tmp_path / "two.csv").write_text("a,b\n1,2\n")
    assert "needs the column product" in refused(capsys, "predict", "shop.tipoff", tmp_path / "two.csv")


def test_a_column_says_what_is_checked_on(tmp_path, monkeypatch, capsys):
    frame = purchases()
    frame.assign(is_valid=[i % 5 == 0 for i in range(len(frame))]).to_csv(tmp_path / "s.csv", index=False)
    monkeypatch.chdir(tmp_path)
    assert tipoff("train", "s.csv", "--epochs", 1) == 0
    said = words(capsys.readouterr().out)
    assert "as the column is_valid says" in said and "Recall@10" in said


def test_options_that_mean_nothing_are_refused(home, said, tmp_path, capsys):
    assert "has no column 'whn' for --time" in refused(capsys, "train", home / "shop.csv", "--time", "whn")
    assert "--group and --kind are for tables" in refused(
        capsys, "train", home / "shop.csv", "--group", "customer"
    )
    purchases().assign(date="soon").to_csv(tmp_path / "soon.csv", index=False)
    assert "holds 'soon', which is no time" in refused(capsys, "train", tmp_path / "soon.csv")
