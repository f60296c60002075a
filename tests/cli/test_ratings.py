"""Ratings on the command line: recognised, learned from, recommended from."""

import contextlib
import io
import json
import re

import pandas as pd
import pytest
from rich.cells import cell_len

from tests.cli.test_cli import refused, tipoff, words
from tests.people import people, ratings
from tipoff.bundle.file import read
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.ratings.predict import _text
from tipoff.cli.tasks.recognise import task_for


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("ratings")


@pytest.fixture(scope="module")
def said(home):
    """What training said; `films.tipoff` lies beside the table."""
    ratings().to_csv(home / "films.csv", index=False)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.chdir(home):
        assert tipoff("train", "films.csv", "--epochs", 30) == 0
    return words(out.getvalue())


@pytest.fixture
def model(home, said, monkeypatch):
    monkeypatch.chdir(home)
    return "films.tipoff"


def lines(capsys):
    return capsys.readouterr().out.splitlines()


# which task a table makes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "target", "task"),
    [
        (ratings(), None, "ratings"),
        (ratings(), "rating", "ratings"),
        (ratings().rename(columns={"user": "userId", "title": "movieId"}), None, "ratings"),
        (ratings(), "title", "tables"),
        (ratings().rename(columns={"rating": "price"}), "price", "tables"),
        (people(20), None, "tables"),
        (pd.DataFrame({"name": ["a.jpg", "b.png"], "label": ["x", "y"]}), None, "pictures"),
    ],
)
def test_a_table_is_recognised_by_its_columns(tmp_path, frame, target, task):
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert task_for(Settings(str(tmp_path / "t.csv"), target)) == task
    frame.to_parquet(tmp_path / "t.parquet")
    assert task_for(Settings(str(tmp_path / "t.parquet"), target)) == task


def test_ratings_without_a_header_are_recognised_by_their_shape(tmp_path, monkeypatch, capsys):
    frame = ratings().assign(title=lambda f: f.title.astype("category").cat.codes, time=881250949)
    frame.to_csv(tmp_path / "u.data", sep="\t", index=False, header=False)
    assert task_for(Settings(str(tmp_path / "u.data"), None)) == "ratings"
    monkeypatch.chdir(tmp_path)
    assert tipoff("train", "u.data", "--epochs", 1) == 0
    said = words(capsys.readouterr().out)
    assert "u.data holds 440 ratings from 1 to 5, of 40 users (user) and 16 items (item)" in said


# training -------------------------------------------------------------------------------------------


def test_ratings_are_said_back(said):
    assert "films.csv holds 440 ratings from 1 to 5, of 40 users (user) and 16 items (title)" in said
    assert "352 to learn from, 88 to check on, chosen at random (seed 42)." in said


def test_the_error_comes_with_an_interval_and_beside_averages(said, home):
    ours = re.search(r"RMSE ([\d.]+) \(95 % CI ([\d.]+) to ([\d.]+)\) on 88 validation ratings", said)
    theirs = re.search(r"averages of users and items \(baseline\) ([\d.]+)", said)
    assert ours and theirs and float(ours[2]) < float(ours[1]) < float(ours[3])
    assert float(ours[1]) < float(theirs[1]), "averages cannot know who loves what"
    assert "This model is better than always predicting the mean and than the baseline." in said
    assert f"(baseline): RMSE {theirs[1]};" in read(home / "films.tipoff").facts["baseline"]


def test_what_is_liked_and_a_picture_are_shown(said, home):
    assert re.search(r"liked by most [AB] film \d, [AB] film \d", said)
    assert sorted(p.name for p in (home / "films_results").iterdir()) == ["items.png", "results.json"]


def test_options_of_tables_are_refused(home, said, capsys):
    assert "--group and --kind are for tables" in refused(
        capsys, "train", home / "films.csv", "--group", "user"
    )
    assert "there are dot and nn" in refused(capsys, "train", home / "films.csv", "--arch", "tabm")


# recommendations ------------------------------------------------------------------------------------


def test_a_user_gets_what_their_kind_loves_and_has_not_rated(model, capsys):
    assert tipoff("predict", model, "--user", 2, "-n", 3) == 0
    seen = set(ratings().query("user == 2").title)
    got = [line[:8] for line in lines(capsys)]
    assert len(got) == 3 and not set(got) & seen
    assert got[0].startswith("A"), "even users love films with A"


def test_somebody_new_gives_a_few_ratings(model, tmp_path, capsys):
    (tmp_path / "me.csv").write_text("film,stars\nB film 1,5\nB film 2,5\nA film 1,1\n")
    assert tipoff("predict", model, tmp_path / "me.csv", "-n", 3, "--json") == 0
    got = [json.loads(line) for line in lines(capsys)]
    assert [g["item"][0] for g in got] == ["B", "B", "B"] and all(g["why"] for g in got)
    assert not {"B film 1", "B film 2"} & {g["item"] for g in got}


def test_nobody_gets_what_most_people_like(model, capsys):
    assert tipoff("predict", model, "--csv") == 0
    rows = lines(capsys)
    assert rows[0] == "item,predicted,why" and len(rows) == 11 and "liked by most people" in rows[1]


def test_long_and_wide_titles_leave_the_columns_straight(capsys):
    long, wide = "The " + "very " * 10 + "long one", "七人の侍"
    _text([{"item": item, "predicted": 4.0, "why": "x"} for item in (long, wide, "Alien")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == long and len(lines) == 4
    assert len({cell_len(line) for line in lines[1:]}) == 1 and lines[2].startswith(wide)


def test_a_user_who_is_not_known_is_said(model, capsys):
    assert tipoff("predict", model, "--user", "zoe") == 0
    assert "zoe is not among the 40 users of the model" in words(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("film,stars\nB film 99,5\n", "There is no title 'B film 99'"),
        ("film,stars\nB film 1,9\n", "the rating 9 lies outside of 1 to 5"),
        ("a,b,c\n1,2,3\n", "needs the columns title and rating"),
    ],
)
def test_ratings_that_mean_nothing_are_refused(model, tmp_path, capsys, table, expected):
    (tmp_path / "me.csv").write_text(table)
    assert expected in refused(capsys, "predict", model, tmp_path / "me.csv")


def test_a_title_that_is_not_known_is_left_out_and_said(model, tmp_path, capsys):
    (tmp_path / "me.csv").write_text("title,rating\nB film 99,5/5\nB film 1,5/5\n")
    assert tipoff("predict", model, tmp_path / "me.csv", "-n", 1) == 0
    assert "left out, as the model does not know them: B film 99" in capsys.readouterr().err


def test_what_is_for_tables_is_refused(model, capsys, tmp_path):
    assert "--out is not for a model of ratings" in refused(
        capsys, "predict", model, "--out", tmp_path / "x.csv"
    )
    text = refused(capsys, "explain", model, "films.csv")
    asked = text.rpartition(": tipoff ")[2].split()
    assert "says why with each" in text and asked[:3] == ["predict", model, "--user"]
    assert tipoff(*asked, "-n", 1) == 0


def test_info_says_what_it_holds(model, capsys):
    assert tipoff("info", model, "--check") == 0
    said = words(capsys.readouterr().out)
    assert "440 ratings of 40 users and 16 titles" in said and "averages of users and items" in said


def test_the_version_is_said(capsys):
    import tipoff as package

    assert tipoff("--version") == 0
    assert capsys.readouterr().out == f"tipoff {package.__version__}\n"


def test_a_word_among_ratings_names_its_row(tmp_path, capsys):
    frame = ratings().astype({"rating": object})
    frame.loc[3, "rating"] = "five"
    frame.to_csv(tmp_path / "r.csv", index=False)
    said = refused(capsys, "train", tmp_path / "r.csv")
    assert "rating is 'five' in row 5 of r.csv" in said and "leave it empty" in said


def test_ratings_of_many_people_are_not_taken_for_one(model, capsys):
    assert "films.csv is of 40 people (user)" in refused(capsys, "predict", model, "films.csv")


def test_gaps_are_left_out_and_nothing_left_is_said(model, tmp_path, capsys):
    (tmp_path / "me.csv").write_text("title,rating\nB film 1,5\n,4\nB film 2,\n")
    assert tipoff("predict", model, tmp_path / "me.csv", "-n", 1) == 0
    assert "2 rows of me.csv without title or rating left out" in words(capsys.readouterr().out)
    every = ratings().drop_duplicates("title")[["title", "rating"]]
    every.to_csv(tmp_path / "all.csv", index=False)
    assert "nothing left to recommend" in refused(capsys, "predict", model, tmp_path / "all.csv")
