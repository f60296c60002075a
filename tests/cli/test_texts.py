"""Texts on the command line: recognised, learned from, answered, explained."""

import contextlib
import io
import json
import random
import re

import pandas as pd
import pytest

from tests.cli.test_cli import refused, tipoff, words
from tests.people import people, ratings
from tests.sentences import in_folders, sentences
from tests.text.small_models import bert
from tipoff.bundle.file import read
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.recognise import task_for
from tipoff.cli.tasks.texts import train
from tipoff.cli.tasks.texts.budget import Plan, few, plan_of
from tipoff.cli.tasks.texts.infer import infer
from tipoff.cli.tasks.texts.train import prepare
from tipoff.cli.tasks.texts.words import TOKEN, words_baseline
from tipoff.notes import listening
from tipoff.text import TextDataLoaders

SMALL = ["--no-pretrained", "--epochs", 6]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("texts")


@pytest.fixture(scope="module")
def said(home):
    """What training said; `reviews.tipoff` lies beside the table."""
    sentences().to_csv(home / "reviews.csv", index=False)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.chdir(home):
        assert tipoff("train", "reviews.csv", "--target", "label", *SMALL) == 0
    return words(out.getvalue())


@pytest.fixture
def model(home, said, monkeypatch):
    monkeypatch.chdir(home)
    return "reviews.tipoff"


@pytest.fixture(scope="module")
def small_bert(tmp_path_factory):
    return bert(tmp_path_factory.mktemp("bert"))


def lines(capsys):
    return capsys.readouterr().out.splitlines()


# which task a path makes ----------------------------------------------------------------------------

LONG = sentences(40).assign(price=range(40), stars=[1, 2, 3, 4, 5] * 8)
NAMES = pd.DataFrame(
    {"name": [f"Mrs Ann {i} Smith" for i in range(40)], "age": range(40), "label": ["a", "b"] * 20}
)


@pytest.mark.parametrize(
    ("frame", "target", "task"),
    [
        (sentences(40), None, "texts"),
        (sentences(40), "label", "texts"),
        (sentences(40).assign(id=range(40), is_valid=[True, False] * 20), "label", "texts"),
        (pd.DataFrame({"sms": [f"call me at {i}" for i in range(40)], "label": ["ham", "spam"] * 20}), None, "texts"),
        (LONG, "stars", "texts"),
        (LONG, "price", "tables"),
        (NAMES, "label", "tables"),
        (NAMES, "age", "tables"),
        (people(40), "rich", "tables"),
        (ratings(), None, "ratings"),
        (pd.DataFrame({"file": ["a.jpg", "b.png"] * 5, "label": ["x", "y"] * 5}), None, "pictures"),
    ],
)  # fmt: skip
def test_a_table_of_texts_is_recognised(tmp_path, frame, target, task):
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert task_for(Settings(str(tmp_path / "t.csv"), target)) == task


def test_a_folder_of_texts_is_recognised(tmp_path, photos):
    assert task_for(Settings(str(in_folders(tmp_path / "notes", 8)))) == "texts"
    assert task_for(Settings(str(photos))) == "pictures"


# training -------------------------------------------------------------------------------------------


def test_texts_are_said_back(said):
    assert "reviews.csv holds 200 texts: a text classifier of label (bad, good) by the column review" in said
    assert "160 to learn from, 40 to check on, chosen at random (seed 42)." in said
    assert "awd_lstm (trained from the beginning)" in said


def test_the_figure_comes_with_an_interval_and_beside_counted_words(said, home):
    ours = re.search(r"Accuracy ([\d.]+) % \(95 % CI ([\d.]+) to ([\d.]+) %\) on 40 validation texts", said)
    theirs = re.search(r"logistic regression on words \(baseline\) ([\d.]+) %", said)
    assert ours and theirs and float(ours[2]) < float(ours[1]) <= float(ours[3])
    assert float(ours[1]) >= 80
    assert re.search(r"always (bad|good) \(majority class\) [\d.]+ %", said) and "recall bad" in said
    facts = read(home / "reviews.tipoff").facts
    assert facts["baseline"].startswith(f"logistic regression on words (baseline): accuracy {theirs[1]} %")
    assert facts["sure"].startswith("sure of")
    assert "of 40 unseen texts, with" in facts["sure"]


def test_errors_and_pictures_are_kept(said, home):
    assert {p.name for p in (home / "reviews_results").iterdir()} == {
        "calibration.png", "confusion.png", "results.json", "top_losses.csv",
    }  # fmt: skip
    worst = pd.read_csv(home / "reviews_results" / "top_losses.csv")
    assert (
        list(worst) == ["text", "truth", "prediction", "probability", "loss"]
        and worst.loss.is_monotonic_decreasing
    )
    if (worst.truth != worst.prediction).any():
        first = worst.iloc[0]
        assert f"true {first.truth}, predicted {first.prediction}: “{first.text}”" in said
    assert 'tipoff explain reviews.tipoff "some text"' in said


def test_a_transformer_begins_with_a_head_on_frozen_features(small_bert, home, said, monkeypatch, capsys):
    monkeypatch.chdir(home)
    command = ["train", "reviews.csv", "--arch", small_bert, "--epochs", 1, "--out", "bert"]
    assert tipoff(*command) == 0
    said = words(capsys.readouterr().out)
    assert (
        "logistic regression on the frozen network (baseline)" in said
        and "at most 40 tokens of a text" in said
    )
    assert tipoff("predict", "bert.tipoff", "reviews.csv", "--json") == 0
    assert {json.loads(line)["label"] for line in lines(capsys)} == {"bad", "good"}


def test_where_the_time_is_short_the_head_stays_as_it_was_fitted(small_bert, home, said, monkeypatch, capsys):
    monkeypatch.chdir(home)
    assert tipoff("train", "reviews.csv", "--arch", small_bert, "--minutes", 0.001, "--out", "short") == 0
    said = words(capsys.readouterr().out)
    assert "fewer than half of the 160 that the head has seen: the network stays as it is" in said
    right = re.search(r"Accuracy ([\d.]+) %", said)
    head = re.search(r"frozen network \(baseline\) ([\d.]+) %", said)
    assert right and head and float(right[1]) == pytest.approx(float(head[1]), abs=5)  # bfloat16


def test_where_most_of_the_texts_fit_all_layers_learn(small_bert, home, said, monkeypatch, capsys):
    monkeypatch.chdir(home)
    monkeypatch.setattr(train, "plan_of", lambda *_: Plan(1, 128, 1.0, 100))
    assert tipoff("train", "reviews.csv", "--arch", small_bert, "--minutes", 1, "--out", "most") == 0
    said = words(capsys.readouterr().out)
    assert "1 epoch on 128 of the 160 texts, which is what fits" in said and "stays as it is" not in said


def test_files_in_class_folders_are_learned_from(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    in_folders(tmp_path / "notes")
    assert tipoff("train", "notes", "--no-pretrained", "--epochs", 1) == 0
    said = words(capsys.readouterr().out)
    assert "notes/ holds 80 text files in 2 classes: a text classifier of bad, good" in said
    assert "tipoff predict notes.tipoff new/*.txt" in said
    assert "file" in pd.read_csv("notes_results/top_losses.csv").columns
    assert tipoff("predict", "notes.tipoff", "notes/good", "--csv") == 0
    assert len(lines(capsys)) == 41


def test_train_and_valid_folders_say_the_split(tmp_path):
    for part in ("train", "valid", "unsup"):
        in_folders(tmp_path / part, 20)
    found = infer(Settings(str(tmp_path)))
    assert found.how_split == "as the folders train/ and valid/ say"
    assert (len(found.frame), int(found.frame.is_valid.sum())) == (40, 20)


@pytest.mark.parametrize(("option", "how"), [("group", "on one side"), ("time", "the newest 20% by day")])
def test_rows_are_split_as_asked(tmp_path, option, how):
    frame = sentences(100).assign(day=[i // 5 for i in range(100)])
    frame.to_csv(tmp_path / "t.csv", index=False)
    found = infer(Settings(str(tmp_path / "t.csv"), target="label", **{option: "day"}))
    days = frame.day
    assert how in found.how_split and not set(days[found.frame.is_valid]) & set(days[~found.frame.is_valid])


def test_what_is_not_read_and_what_flatters_is_said(tmp_path):
    frame = pd.concat([sentences(100), sentences(40)]).assign(price=range(140))
    frame.to_csv(tmp_path / "t.csv", index=False)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        prepare(Settings(str(tmp_path / "t.csv"), target="label", pretrained=False))
    assert "price (only the text is read)" in words(out.getvalue())
    assert "are also among those to learn from" in words(out.getvalue())


def test_minutes_plan_epochs_and_texts(tmp_path):
    sentences(400).to_csv(tmp_path / "t.csv", index=False)
    with listening(lambda _: None), contextlib.redirect_stdout(io.StringIO()):
        learn = prepare(Settings(str(tmp_path / "t.csv"), target="label", pretrained=False))
    before = {k: v.clone() for k, v in learn.model.state_dict().items()}
    plenty = plan_of(learn, 1e6, 7)
    assert (plenty.n_epochs, plenty.n_texts, plenty.n_fit) == (7, 320, 320)
    none = plan_of(learn, 0.0, 7)
    assert (none.n_epochs, none.n_texts, none.n_fit) == (1, 8 * learn.dls.train.bs, 0)
    assert all((before[k] == v).all() for k, v in learn.model.state_dict().items())
    part = few(learn.dls, 100, 3)
    assert (part.train.n, part.valid.n) == (100, 80) and few(
        learn.dls, 100, 3
    ).train.dataset.columns == part.train.dataset.columns
    texts = set(learn.dls.train.dataset.columns[0])
    assert set(part.train.dataset.columns[0]) <= texts


def test_a_training_that_was_cut_off_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    sentences(100).to_csv("t.csv", index=False)
    command = ["train", "t.csv", "--target", "label", "--no-pretrained", "--epochs", 2]
    assert tipoff(*command, "--out", "whole") == 0

    whole = train.execute

    def stop(learn, stages, cbs):
        class Stop(type(cbs[0]).__mro__[1]):
            order = 100

            def after_epoch(self, run):
                raise KeyboardInterrupt

        whole(learn, stages, [*cbs, Stop()])

    monkeypatch.setattr(train, "execute", stop)
    assert tipoff(*command, "--out", "part") == 130
    monkeypatch.setattr(train, "execute", whole)
    capsys.readouterr()
    assert tipoff("resume", "part_results/checkpoint.pt") == 0
    one, two = (read(tmp_path / f"{name}.tipoff").weights for name in ("whole", "part"))
    assert all((one[k] == two[k]).all() for k in one)


# answers --------------------------------------------------------------------------------------------


def test_a_table_comes_back_with_its_answers(model, capsys):
    assert tipoff("predict", model, "reviews.csv", "--out", "scored.csv") == 0
    assert "200 rows:" in words(capsys.readouterr().out)
    scored = pd.read_csv("scored.csv")
    assert list(scored)[:4] == ["review", "label", "predicted_label", "probability"]
    assert (scored.predicted_label == scored.label).mean() > 0.85


def test_a_text_file_gets_a_line(model, tmp_path, capsys):
    (tmp_path / "a.txt").write_text("A lovely film, and brilliant to the very end.", encoding="utf-8")
    (tmp_path / "b.txt").write_bytes(b"\xff\0\1")
    (tmp_path / "c.txt").write_text(" \n", encoding="utf-8")
    assert tipoff("predict", model, *(tmp_path / f"{name}.txt" for name in "abc"), "--json") == 0
    first, second, third = map(json.loads, lines(capsys))
    assert first["label"] == "good" and "zero bytes" in second["error"]
    assert third["error"] == f"{tmp_path / 'c.txt'} holds no text."


def test_texts_are_answered_as_they_are_given(model, tmp_path, capsys):
    (tmp_path / "a.txt").write_text("A lovely film, and brilliant to the very end.", encoding="utf-8")
    long = "A boring film // dull to the very end, and clumsy; my aunt slept."
    assert tipoff("predict", model, long, tmp_path / "a.txt", "Boring", "--json") == 0
    first, second, third = map(json.loads, lines(capsys))
    assert (first["text"], first["label"]) == (long, "bad") and third["text"] == "Boring"
    assert (second["file"], second["label"]) == (str(tmp_path / "a.txt"), "good")
    assert tipoff("predict", model, long, "Boring") == 0
    said = lines(capsys)
    assert said[0].startswith("A boring film // dull to the very end, and…  bad ")
    assert said[1][: said[0].index("bad ")].rstrip() == "Boring" and said[2].startswith("2 texts: ")
    assert tipoff("predict", model, "Dull", "--csv") == 0
    said = capsys.readouterr()
    assert said.out.startswith("text,label,") and "there is no file Dull" in words(said.err)


def test_words_that_mattered_are_shown_with_signs(model, capsys):
    assert tipoff("explain", model, "My aunt saw this dull film on Friday and it was dull and boring.") == 0
    said = capsys.readouterr().out
    assert said.startswith("bad, ") or said.startswith("not sure")
    assert "[+]" in said and "taken away, and asked again" in words(said)
    assert re.search(r"\+[\d.]+ %\s+(dull|boring)", said)


def test_a_text_is_not_read_as_a_path(model, capsys):
    assert tipoff("explain", model, "I loved it // loved the cast/") == 0
    assert "// loved the cast/" in re.sub(r"\[[+−]\]", "", words(capsys.readouterr().out))


def test_a_file_is_explained_too(model, tmp_path, capsys):
    (tmp_path / "a.txt").write_text("A lovely film.", encoding="utf-8")
    assert tipoff("explain", model, tmp_path / "a.txt") == 0
    assert "good" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["explain", "{m}", "missing.txt"], "There is no file missing.txt"),
        (["explain", "{m}", " "], "The text is empty"),
        (["explain", "{m}", ""], "The text is empty"),
        (["predict", "{m}", ""], "The text is empty"),
        (["predict", "{m}", "A film", "reviews.csv"], "in calls of their own"),
        (["explain", "{m}", "A film", "--out", "x.png"], "--out is for the picture of a photo"),
        (["predict", "{m}"], "Which texts shall"),
        (["predict", "{m}", "a.csv", "b.txt"], "in calls of their own"),
        (["predict", "{m}", "b.txt", "--out", "x.csv"], "--out is not for"),
        (["predict", "{m}", "reviews.tipoff"], "is neither a text file"),
        (["train", "reviews.csv", "--target", "label", "--group", "shop"], "no column 'shop' for --group"),
        (["train", "reviews.csv", "--target", "label", "--arch", "no/such", "--epochs", 1], "no/such"),
    ],
)
def test_what_cannot_be_done_is_refused(model, capsys, command, expected):
    assert expected in refused(capsys, *(model if c == "{m}" else c for c in command))


def test_a_column_of_one_class_is_refused(tmp_path, capsys):
    sentences(20).assign(label="good").to_csv(tmp_path / "t.csv", index=False)
    assert "all labels are 'good'" in refused(capsys, "train", tmp_path / "t.csv")


def test_info_says_what_it_holds(model, capsys):
    assert tipoff("info", model, "--check") == 0
    said = words(capsys.readouterr().out)
    assert (
        "one of 2: bad, good" in said
        and "160 training texts, 40 for validation" in said
        and "logistic regression on words" in said
        and "answers as where it was" in said
    )


def test_the_text_in_a_row_of_a_table_is_explained(model, tmp_path, capsys):
    rows = ["A dull film.", "A lovely film with a touching story."]
    pd.DataFrame({"no": [1, 2], "review": rows}).to_csv(tmp_path / "new.csv", index=False)
    assert tipoff("explain", model, tmp_path / "new.csv", "--row", 3) == 0
    in_table = capsys.readouterr().out
    assert tipoff("explain", model, rows[1]) == 0
    assert in_table == "row 3\n" + capsys.readouterr().out
    assert "has no row 9" in refused(capsys, "explain", model, tmp_path / "new.csv", "--row", 9)
    assert "--row is the row of a table" in refused(capsys, "explain", model, rows[1], "--row", 2)


@pytest.mark.parametrize(
    ("good", "bad", "rest"),
    [("好看", "难看", "这部电影的音乐和故事在城里放映"), ("สนุก", "เบื่อ", "หนังเรื่องนี้ฉายในเมืองเมื่อวาน"), ("楽しい", "つまらない", "この映画は昨日町で見ました")],
)  # fmt: skip
def test_the_baseline_reads_texts_without_spaces(good, bad, rest):
    """Each text has its verdict somewhere among letters that say nothing."""
    rng = random.Random(0)
    rows = []
    for i in range(120):
        letters = rng.sample(rest, len(rest))
        letters.insert(rng.randrange(len(letters)), good if i % 2 else bad)
        rows.append(("".join(letters), "pos" if i % 2 else "neg"))
    frame = pd.DataFrame(rows, columns=["text", "label"])
    dls = TextDataLoaders.from_df(frame, text_col="text", label_col="label", min_freq=1, seed=0)
    right = [p == y for p, y in zip(words_baseline(dls, 0).each, dls.valid.dataset.ys[0].tolist())]
    assert sum(right) > 0.9 * len(right)


def test_words_with_spaces_are_words_of_the_baseline():
    assert re.findall(TOKEN, "Tom's 3 cafés, 好看 film_1!") == [
        "Tom",
        "s",
        "3",
        "cafés",
        "好",
        "看",
        "film_1",
    ]
