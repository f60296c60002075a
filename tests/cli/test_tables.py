"""Tables on the command line: what is said back, learned, and answered, and what is refused."""

import contextlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.test_cli import refused, tipoff, words
from tests.people import people
from tipoff.bundle.file import read
from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.cli.settings import Settings
from tipoff.cli.tasks import tables
from tipoff.cli.tasks.recognise import task_for
from tipoff.cli.tasks.tables import predict
from tipoff.cli.tasks.tables.train import prepare
from tipoff.errors import DataError
from tipoff.learner.state import load_learner
from tipoff.notes import listening

FEATURES = ["job", "age", "hours", "city", "since"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with people.csv, and a model that was trained on it by the command."""
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module")
def said(home):
    """What training said. `people.tipoff` lies beside the table."""
    people().drop(columns="income").to_csv(home / "people.csv", index=False)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.chdir(home):
        assert tipoff("train", "people.csv", "--target", "rich", "--epochs", 6) == 0
    return words(out.getvalue())


@pytest.fixture
def model(home, said, monkeypatch):
    monkeypatch.chdir(home)
    return "people.tipoff"


def scored(model, frame, tmp_path, *more):
    """The table that `predict --out` writes."""
    frame.to_csv(tmp_path / "new.csv", index=False)
    assert tipoff("predict", model, tmp_path / "new.csv", "--out", tmp_path / "out.csv", *more) == 0
    return pd.read_csv(tmp_path / "out.csv")


# training -------------------------------------------------------------------------------------------


def test_the_table_is_said_back(said):
    assert "people.csv holds 600 rows: a classifier of rich (<=50K, >50K) from 5 columns." in said
    assert "480 to learn from, 120 to check on, chosen at random (seed 42)." in said
    assert "categories job (4), city (3)" in said and "numbers age, hours" in said and "dates since" in said


def test_ids_constants_and_copies_of_the_answer_are_left_out_and_said(said):
    left_out = said.partition("left out")[2]
    assert "no (an id: another in each row)" in left_out
    assert "planet (the same in all rows)" in left_out and "wealthy (a copy of rich)" in left_out


def test_figures_come_with_an_interval_and_beside_the_trees(said, home):
    figure = re.search(r"Accuracy ([\d.]+) % \(95 % CI ([\d.]+) to ([\d.]+) %\) on 120 validation rows", said)
    assert figure and float(figure[2]) < float(figure[1]) < float(figure[3])
    assert re.search(r"HistGradientBoosting \(baseline\) [\d.]+ % 0\.\d{3} 0\.\d{3}", said)
    assert re.search(r"always (<=50K|>50K) \(majority class\) [\d.]+ % 0\.500", said)
    facts = read(home / "people.tipoff").facts
    assert facts["baseline"].startswith("HistGradientBoosting (baseline): accuracy")


def test_the_recall_of_each_class_is_said(said, home):
    counts = re.search(r"recall <=50K ([\d.]+) % (\d+) of (\d+) >50K ([\d.]+) % (\d+) of (\d+)", said)
    assert counts and int(counts[3]) + int(counts[6]) == 120
    accuracy = float(re.search(r"Accuracy ([\d.]+) %", said)[1])
    assert (int(counts[2]) + int(counts[5])) / 1.2 == pytest.approx(accuracy, abs=0.06)
    missed = {"<=50K": int(counts[3]) - int(counts[2]), ">50K": int(counts[6]) - int(counts[5])}
    most, other = sorted(missed, key=missed.get, reverse=True)
    assert f"most confused {most} predicted as {other} {missed[most]}" in said


def test_a_model_that_knows_nothing_is_called_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    frame = people(300)[["job", "age"]].assign(returned=np.where(np.arange(300) % 5, "No", "Yes"))
    frame.to_csv("t.csv", index=False)
    assert tipoff("train", "t.csv", "--target", "returned", "--epochs", 1, "--quiet") == 0
    said = words(capsys.readouterr().out)
    assert "This model never predicts Yes" in said and "no better than always predicting No" in said
    assert "Balanced accuracy 50.0 %" in said
    assert tipoff("explain", "t.tipoff", "t.csv") == 0
    assert "This model never predicts Yes" in words(capsys.readouterr().out)


def test_what_mattered_is_said_and_drawn(said, home):
    assert re.search(r"what mattered job 0\.\d+", said)
    drawn = sorted(p.name for p in (home / "people_results").iterdir())
    assert drawn == ["calibration.png", "confusion.png", "importance.png", "results.json", "top_losses.csv"]


def test_the_worst_errors_are_written_with_their_rows(said, home):
    worst, table = pd.read_csv(home / "people_results" / "top_losses.csv"), pd.read_csv(home / "people.csv")
    assert len(worst) == 50 and (worst.loss.diff().dropna() <= 0).all()
    there = table.iloc[worst.row - 2].reset_index(drop=True)
    assert (there.rich == worst["is"]).all() and (there.age.fillna(-1) == worst.age.fillna(-1)).all()


def test_a_plot_that_cannot_be_written_costs_neither_model_nor_report(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    people(80)[["job", "age", "rich"]].to_csv("t.csv", index=False)
    Path("t_results/importance.png").mkdir(parents=True)
    assert tipoff("train", "t.csv", "--target", "rich", "--epochs", 1) == 0
    said = words(capsys.readouterr().out)
    assert "importance.png could not be made" in said and "the model file is complete" in said
    assert "mattered" in read("t.tipoff").facts and Path("t_results/confusion.png").exists()


def test_a_model_that_is_there_is_replaced_only_when_the_next_is_whole(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("t.tipoff").write_bytes(b"of before")
    people(80)[["job", "age", "rich"]].to_csv("t.csv", index=False)
    assert tipoff("train", "t.csv", "--target", "rich", "--epochs", 0, "--arch", "nonsense") == 2
    assert Path("t.tipoff").read_bytes() == b"of before"
    assert tipoff("train", "t.csv", "--target", "rich", "--epochs", 0) == 0
    assert "t.tipoff is there: it is replaced when this training is done" in words(capsys.readouterr().out)
    assert read("t.tipoff").facts["task"].startswith("A classifier of rich")


def test_numbers_are_predicted_as_numbers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    people().drop(columns=["rich", "wealthy"]).to_csv("t.csv", index=False)
    assert tipoff("train", "t.csv", "--target", "income", "--epochs", 8) == 0
    said = words(capsys.readouterr().out)
    assert "a model of the number income" in said
    off = re.search(
        r"Mean absolute error \(MAE\) ([\d,]+) \(95 % CI ([\d,]+) to ([\d,]+)\) on 120 validation rows, R² (0\.\d+)",
        said,
    )
    assert off and float(off[4]) > 0.5
    assert re.search(r"HistGradientBoosting \(baseline\) [\d,]+ [\d,]+ 0\.\d{3}", said)
    assert re.search(r"always [\d,]+ \(mean\) [\d,]+ [\d,]+ -?0\.0", said)
    assert (tmp_path / "t_results" / "predicted.png").exists()


def split_of(frame, tmp_path, **arguments):
    """The training and the validation rows that the command chose."""
    frame.to_csv(tmp_path / "t.csv", index=False)
    learn = prepare(Settings(str(tmp_path / "t.csv"), "rich", **arguments))
    return learn.dls.train.dataset.frame, learn.dls.valid.dataset.frame


def test_a_group_is_on_one_side_only(tmp_path):
    frame = people().assign(shop=np.arange(600) // 20)
    train, valid = split_of(frame, tmp_path, group="shop")
    of = frame.shop
    assert not set(of[train.index]) & set(of[valid.index]) and 60 < len(valid) < 180


def test_the_newest_rows_are_checked_on(tmp_path):
    train, valid = split_of(people().sample(frac=1, random_state=1), tmp_path, time="since")
    assert train.since.max() < valid.since.min() and len(valid) == 120


def test_a_column_of_true_and_false_decides_the_split(tmp_path):
    frame = people().assign(is_valid=np.arange(600) % 4 == 0)
    _, valid = split_of(frame, tmp_path)
    assert list(valid.index) == list(range(0, 600, 4))


def test_a_column_of_the_split_is_not_learned_from(tmp_path):
    frame = people().assign(is_valid=np.arange(600) % 4 == 0)
    frame.to_csv(tmp_path / "t.csv", index=False)
    heard = []
    with listening(heard.append):
        learn = prepare(Settings(str(tmp_path / "t.csv"), "rich", time="since"))
    assert "is_valid" not in {c.name for c in learn.rows.columns}
    assert "the column is_valid is left out: --time says how to split" in heard


def heard_while_preparing(frame, tmp_path, target="rich", **arguments):
    frame.to_csv(tmp_path / "t.csv", index=False)
    heard = []
    with listening(heard.append):
        learn = prepare(Settings(str(tmp_path / "t.csv"), target, **arguments))
    return learn, heard


def test_rows_for_testing_are_in_no_part(tmp_path):
    parts = np.array(["train", "val", "test"])[np.arange(600) % 3]
    learn, heard = heard_while_preparing(people().assign(Subset=parts), tmp_path)
    assert (parts[learn.dls.train.dataset.frame.index] == "train").all() and learn.dls.train.n == 200
    assert (parts[learn.dls.valid.dataset.frame.index] == "val").all() and learn.dls.valid.n == 200
    assert any("200 rows are not used" in text for text in heard)
    assert "Subset" not in {c.name for c in learn.rows.columns}


def test_a_feature_called_valid_is_not_taken_for_the_split_in_silence(tmp_path):
    frame = people().assign(valid=np.where(np.arange(600) % 2, "yes", "no"))
    learn, heard = heard_while_preparing(frame, tmp_path)
    assert learn.dls.valid.n == 300 and any("taken for the split, by its name" in text for text in heard)
    learn, _ = heard_while_preparing(frame, tmp_path, leave_out=["valid"])
    assert learn.dls.valid.n == 120 and "valid" not in {c.name for c in learn.rows.columns}


def test_a_class_that_only_newer_rows_have_is_left_out_and_said(tmp_path):
    frame = people().sort_values("since").reset_index(drop=True)
    frame.loc[590:, "rich"] = "unknown"
    learn, heard = heard_while_preparing(frame, tmp_path, time="since")
    assert list(learn.dls.vocab) == ["<=50K", ">50K"] and learn.dls.valid.n == 110
    assert any("10 validation rows left out: no training row is of the class unknown" in t for t in heard)


def test_number_or_class_can_be_chosen(tmp_path):
    frame = people().assign(grade=np.arange(600) % 12)
    for kind, is_class in ((None, False), ("class", True), ("number", False)):
        learn, heard = heard_while_preparing(frame, tmp_path, "grade", kind=kind)
        assert hasattr(learn.target, "names") == is_class
        assert any("--kind class changes that" in text for text in heard) == (kind is None)
    with pytest.raises(DataError, match="--kind number: Column rich, row 2 of t.csv: '>50K' is not a number"):
        heard_while_preparing(frame, tmp_path, kind="number")


def test_integer_classes_of_texts_are_explained(tmp_path):
    words = np.random.default_rng(0).choice(["fine", "warm", "river", "town"], (120, 15))
    frame = pd.DataFrame({"text": [" ".join(w) for w in words], "topic": np.arange(120) % 14})
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError, match="where these are classes, add --kind class"):
        prepare(Settings(str(tmp_path / "t.csv"), "topic"))
    assert task_for(Settings(str(tmp_path / "t.csv"), "topic", kind="class")) == "texts"


def test_a_sheet_is_chosen_by_name_or_number(tmp_path):
    file = tmp_path / "book.xlsx"
    with pd.ExcelWriter(file) as book:
        pd.DataFrame({"a": ["read me"]}).to_excel(book, sheet_name="About", index=False)
        people().to_excel(book, sheet_name="People", index=False)
    for sheet in ("People", "2"):
        assert prepare(Settings(str(file), "rich", sheet=sheet)).dls.train.n == 480
    with pytest.raises(DataError, match="its sheets are About, People"):
        prepare(Settings(str(file), "rich", sheet="3"))


def test_columns_are_left_out_as_asked_and_a_figure_that_is_too_good_is_doubted(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    frame = people()[["job", "age", "income"]].assign(tax=lambda f: f.income * 0.3 + f.age % 2)
    frame.to_csv("t.csv", index=False)
    ask = ("train", "t.csv", "--target", "income", "--epochs", 12)
    assert tipoff(*ask) == 0
    assert "so good a figure is rare: is tax known before the answer is?" in words(capsys.readouterr().out)
    assert tipoff(*ask, "--leave-out", "tax") == 0
    said = words(capsys.readouterr().out)
    assert "left out tax (as asked)" in said and "so good a figure" not in said


def test_every_class_is_on_both_sides(tmp_path):
    frame = people(60)
    frame.loc[:1, "rich"] = "very"
    train, valid = split_of(frame, tmp_path)
    assert (train.rich == "very").sum() == 1 == (valid.rich == "very").sum()


def test_without_a_target_the_columns_are_listed(home, said, capsys):
    text = refused(capsys, "train", home / "people.csv")
    assert "Which column shall be predicted?" in text and "no, job, age, hours" in text and "--target" in text


def test_a_column_called_target_is_taken_and_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    people(100)[["job", "age", "rich"]].rename(columns={"rich": "target"}).to_csv("t.csv", index=False)
    assert tipoff("train", "t.csv", "--epochs", 1) == 0
    assert "target is predicted, by its name" in words(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--target", "ritch"), "Did you mean 'rich'?"),
        (("--target", "planet"), "holds only 'earth'"),
        (("--target", "since"), "too many for classes"),
        (("--target", "rich", "--group", "shop"), "no column 'shop' for --group"),
        (("--target", "rich", "--group", "city", "--time", "since"), "each say how to split"),
        (("--target", "rich", "--leave-out", "jobs"), "no column 'jobs' for --leave-out"),
        (("--target", "rich", "--leave-out", "rich"), "cannot be split by, or left out"),
        (("--target", "rich", "--arch", "tabn"), "Did you mean 'tabm'?"),
    ],
)
def test_wrong_arguments_are_refused(model, capsys, tmp_path, arguments, expected):
    assert expected in refused(capsys, "train", "people.csv", *arguments, "--out", tmp_path / "x")


def test_a_folder_with_a_table_only_says_how_to_learn_from_it(home, said, tmp_path, capsys):
    people(20).to_csv(tmp_path / "t.csv")
    assert "holds no pictures, and t.csv" in refused(capsys, "train", tmp_path)
    text = refused(capsys, "train", home)  # with the pictures of an earlier training
    assert "holds names of pictures" in text and "tipoff train" in text


def test_a_table_without_a_header_is_refused(tmp_path, capsys):
    people(30)[["age", "hours", "income"]].to_csv(tmp_path / "t.csv", index=False, header=False)
    assert "has no header: its first line is " in refused(
        capsys, "train", tmp_path / "t.csv", "--target", "income"
    )


def test_what_the_reader_notes_is_said_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = people(60)[["job", "age", "age", "rich"]].to_csv(index=False).replace("cook", "köchin")
    (tmp_path / "t.csv").write_bytes(text.encode("cp1252"))
    assert tipoff("train", "t.csv", "--target", "rich", "--epochs", 1) == 0
    said = words(capsys.readouterr().out)
    assert said.count("was read as Windows-1252") == 1 == said.count("has two columns called 'age'")


def test_a_training_that_was_cut_off_goes_on_to_the_same_model(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    people(200)[["job", "age", "rich"]].to_csv("t.csv", index=False)
    asked = ("train", "t.csv", "--target", "rich", "--epochs", 5)
    assert tipoff(*asked, "--out", "whole") == 0
    after_epoch = SaveCheckpoint.after_epoch

    def cut(self, run):
        after_epoch(self, run)
        if run.epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as m:
        m.setattr(SaveCheckpoint, "after_epoch", cut)
        assert tipoff(*asked, "--out", "cut") == 130
    assert "tipoff resume cut_results/checkpoint.pt" in words(capsys.readouterr().err)
    assert tipoff("resume", "cut_results/checkpoint.pt") == 0
    assert "was finished" not in words(capsys.readouterr().out)
    one, other = read("whole.tipoff").weights, read("cut.tipoff").weights
    assert all(one[k].equal(other[k]) for k in one)


def test_a_training_that_was_cut_off_at_its_report_only_reports(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    people(200)[["job", "age", "rich"]].to_csv("t.csv", index=False)

    def cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as m:
        m.setattr(tables, "report", cut)
        assert tipoff("train", "t.csv", "--target", "rich", "--epochs", 2) == 130
    assert "valid" in capsys.readouterr().out
    assert tipoff("resume", "t_results/checkpoint.pt") == 0
    said = words(capsys.readouterr().out)
    assert "this training was finished: all that is left to do is its report" in said
    assert "epoch train valid" not in said and "Accuracy" in said and Path("t.tipoff").exists()


# answers --------------------------------------------------------------------------------------------


def test_every_row_comes_back_with_the_answer_of_python(model, tmp_path):
    new = people(90, seed=1)[["no", *FEATURES]]
    made = scored(model, new, tmp_path)
    assert list(made.columns) == ["no", *FEATURES, "label", "probability", "sure", "<=50K", ">50K"]
    pd.testing.assert_frame_equal(made[new.columns], new.assign(since=new.since), check_dtype=False)
    learn = load_learner(model)
    wanted = learn.get_preds(dl=learn.dls.test_dl(new[FEATURES]))[0].numpy()
    np.testing.assert_allclose(made[["<=50K", ">50K"]], wanted, atol=2e-5)
    assert (made.label == np.where(wanted[:, 0] >= 0.5, "<=50K", ">50K")).all()


def test_a_table_is_answered_in_parts_as_it_is_whole(model, tmp_path, monkeypatch):
    new = people(90, seed=2)[FEATURES]
    whole = scored(model, new, tmp_path)
    monkeypatch.setattr(predict, "PART", 7)
    pd.testing.assert_frame_equal(scored(model, new, tmp_path), whole)


def test_cells_come_back_as_they_were_written(model, tmp_path, capsys):
    new = people(3)[FEATURES].assign(code=["007", "1.50", "x,y"])
    new.to_csv(tmp_path / "new.csv", index=False)
    assert tipoff("predict", model, tmp_path / "new.csv", "--csv") == 0
    assert [line.split(",")[5] for line in capsys.readouterr().out.splitlines()[1:]] == ["007", "1.50", '"x']


def test_a_new_category_counts_as_unknown(model, tmp_path, capsys):
    scored(model, people(5)[FEATURES].assign(job="wizard"), tmp_path)
    assert "job 'wizard' was not in training: taken as unknown" in words(capsys.readouterr().out)


def test_another_column_is_ignored_with_a_note(model, tmp_path, capsys):
    scored(model, people(5)[FEATURES].assign(shoes=44), tmp_path)
    assert "ignored a column that the model does not know: shoes" in words(capsys.readouterr().out)


def test_a_missing_column_is_named(model, tmp_path, capsys):
    people(5)[FEATURES].drop(columns="age").to_csv(tmp_path / "new.csv", index=False)
    assert "new.csv lacks the column 'age'" in refused(capsys, "predict", model, tmp_path / "new.csv")


def test_a_wrong_value_is_named_by_row_and_column_and_nothing_is_left_behind(
    model, tmp_path, capsys, monkeypatch
):
    new = people(40)[FEATURES].astype(object)
    new.loc[33, "age"] = "many"
    new.to_csv(tmp_path / "new.csv", index=False)
    monkeypatch.setattr(predict, "PART", 10)
    (tmp_path / "out.csv").write_text("from before")
    text = refused(capsys, "predict", model, tmp_path / "new.csv", "--out", tmp_path / "out.csv")
    assert "Column age, row 35 of new.csv: 'many' is not a number" in text
    assert (tmp_path / "out.csv").read_text() == "from before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new.csv", "out.csv"]


def test_parquet_goes_in_and_out(model, tmp_path):
    new = people(20)[FEATURES]
    new.to_parquet(tmp_path / "new.parquet")
    assert tipoff("predict", model, tmp_path / "new.parquet", "--out", tmp_path / "out.parquet") == 0
    made = pd.read_parquet(tmp_path / "out.parquet")
    assert made.age.tolist() == new.age.tolist() and made.label.isin(["<=50K", ">50K"]).all()


def test_rows_of_which_the_model_is_not_sure_are_counted_apart(model, home, tmp_path, capsys):
    frame = pd.read_csv(home / "people.csv")[FEATURES]
    out = scored(model, frame, tmp_path)
    sure = out.sure == "yes"
    assert 0 < sure.sum() < len(out)
    said = words(capsys.readouterr().out)
    counted = re.search(r"600 rows: (\d+) sure \((.*?)\), (\d+) not sure \(most likely (.*?)\)", said)
    assert (int(counted[1]), int(counted[3])) == (sure.sum(), (~sure).sum())
    for part, text in ((out[sure], counted[2]), (out[~sure], counted[4])):
        assert text == ", ".join(f"{label} {n}" for label, n in part.label.value_counts().items())


def test_without_out_rows_are_shown_with_their_numbers(model, home, capsys):
    assert tipoff("predict", model, "people.csv") == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"row 2 +\S+ .* %$", lines[0]) and lines[19].startswith("row 21")
    assert "and so on" in lines[20] and re.match(r"600 rows: (\d+ sure|[<>])", lines[21])


def test_json_is_an_object_a_row(model, capsys):
    assert tipoff("predict", model, "people.csv", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [r["row"] for r in rows] == list(range(2, 602)) and set(rows[0]["probabilities"]) == {
        "<=50K",
        ">50K",
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "Which table shall people.tipoff look at?"),
        (("people.csv", "people.csv"), "One table at a time"),
        (("people.csv", "--out", "people.csv"), "is the table itself"),
        (("people.csv", "--out", "x.doc"), ".csv, .tsv, .parquet or .xlsx"),
        (("people.csv", "--user", "4"), "--user is not for a model of tables"),
        (("peopel.csv",), "Did you mean 'people.csv'"),
    ],
)
def test_wrong_questions_are_refused(model, capsys, arguments, expected):
    assert expected in refused(capsys, "predict", model, *arguments)


def test_info_says_the_columns_and_their_ranges(model, capsys):
    assert tipoff("info", model, "--check") == 0
    said = words(capsys.readouterr().out)
    assert "one of 2: <=50K, >50K" in said and "categories job (4), city (3)" in said
    assert (
        re.search(r"numbers age 18 to 79, hours [\d.]+ to [\d.]+", said) and "dates since 2020-01-0" in said
    )


def test_explain_says_what_spoke_for_the_answer_of_a_row(model, capsys):
    assert tipoff("explain", model, "people.csv", "--row", 7) == 0
    said = words(capsys.readouterr().out)
    row = people().iloc[5]
    assert said.startswith("row 7 ") and re.search(
        rf"[+−][\d.]+ % job: {row.job}|[+−][\d.]+ % age: {row.age}", said
    )
    assert "has no row 1;" in refused(capsys, "explain", model, "people.csv", "--row", 1)


@pytest.mark.parametrize(
    "targets", [("--target", "rich", "--target", "wealthy"), ("--target", "rich,wealthy")]
)
def test_several_targets_are_refused_with_the_commands_that_do_it(home, said, capsys, targets):
    text = refused(capsys, "train", home / "people.csv", *targets)
    assert "A model predicts one column, and --target names 2" in text
    assert (
        "--target rich --leave-out wealthy --out rich" in text and "--target wealthy --leave-out rich" in text
    )


def test_a_disk_that_is_full_is_a_sentence_and_leaves_no_half_file(model, tmp_path, monkeypatch, capsys):
    import errno
    import os

    people().head(5).to_csv(tmp_path / "new.csv", index=False)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code = tipoff("predict", model, tmp_path / "new.csv", "--out", tmp_path / "out.csv")
    said = " ".join(capsys.readouterr().err.split())
    assert code == 2 and "out.csv cannot be written: No space left on device" in said and "MB free" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new.csv"]


def test_a_model_file_does_not_say_where_it_was_trained(tmp_path):
    held = Settings(str(tmp_path / "people.csv"), out=str(tmp_path / "m" / "small.tipoff")).as_facts()
    assert (held["path"], held["out"]) == ("people.csv", "small.tipoff") and str(tmp_path) not in json.dumps(held)
