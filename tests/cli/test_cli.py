"""The command line, as a user meets it: what it prints, writes and returns."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tipoff.bundle.file import read
from tipoff.cli.main import run

FAST = ("--size", "64", "--bs", "8", "--epochs", "1")


def tipoff(*args: object) -> int:
    """Run the command line in this process; its exit code."""
    with pytest.raises(SystemExit) as end:
        run([str(a) for a in args])
    return int(end.value.code or 0)


@pytest.fixture(scope="module")
def trained(photos, tmp_path_factory) -> tuple[Path, str]:
    """A model file trained by the command, and what it printed."""
    out = tmp_path_factory.mktemp("trained") / "colours.tipoff"
    command = [sys.executable, "-m", "tipoff.cli.main", "train", str(photos), *FAST, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def words(text: str) -> str:
    return " ".join(text.split())


def test_it_says_what_it_found_in_one_sentence(trained, photos):
    said = words(trained[1])
    assert "holds 36 pictures in 3 classes: an image classifier of blue, green, red." in said
    assert "30 to learn from, 6 to check on, chosen at random (seed 42)." in said


def test_output_to_a_pipe_is_plain(trained):
    assert "\x1b" not in trained[1] and "\r" not in trained[1]


def test_it_ends_with_a_verdict_and_the_next_command(trained):
    said = words(trained[1])
    assert "Accuracy 100.0 % (95 % CI 61.0 to 100.0 %) on 6 validation photos" in said
    assert "logistic regression on frozen features (baseline) 100.0 %" in said
    assert re.search(r"always (blue|green|red) \(majority class\) +\d", said)
    assert re.search(r"recall blue 100\.0 % (\d) of \1 green", said)
    assert "This model is not clearly better than always predicting" in said
    assert "is exactly as good as the baseline" in said
    assert f"tipoff predict {trained[0]}" in said


def test_it_writes_the_model_and_three_pictures(trained):
    folder = trained[0].with_name("colours_results")
    assert trained[0].stat().st_size > 1e6
    drawn = ["confusion.png", "results.json", "results.png", "top_losses.png"]
    assert sorted(p.name for p in folder.iterdir()) == drawn


def test_predict_answers_a_line_a_file_and_skips_what_is_no_picture(trained, photos, tmp_path, capsys):
    shutil.copy(photos / "red" / "red_0.jpg", tmp_path / "a.jpg")
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7 not a photo")
    assert tipoff("predict", trained[0], tmp_path / "a.jpg", tmp_path / "b.pdf") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "red" in lines[0] and lines[0].endswith("%")
    assert "skipped" in lines[1] and "PDF" in lines[1]
    assert re.match(r"2 files: (red 1|0 sure, 1 not sure \(most likely red 1\)), 1 skipped  \(", lines[2])


def test_predict_returns_1_when_nothing_could_be_answered(trained, tmp_path):
    (tmp_path / "a.jpg").write_text("<html>")
    assert tipoff("predict", trained[0], tmp_path / "a.jpg") == 1


def test_predict_json_is_an_object_a_line(trained, photos, capsys):
    files = sorted((photos / "green").iterdir())[:3]
    assert tipoff("predict", trained[0], *files, "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [r["label"] for r in rows] == ["green"] * 3
    assert all(abs(sum(r["probabilities"].values()) - 1) < 1e-5 for r in rows)


def test_predict_csv_has_a_column_for_each_class(trained, photos, capsys):
    assert tipoff("predict", trained[0], photos / "blue", "--csv") == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert len(rows) == 12 and {r["label"] for r in rows} == {"blue"}
    assert {"file", "label", "probability", "blue", "green", "red", "error"} == set(rows[0])


def test_info_says_classes_figures_and_licence(trained, capsys):
    assert tipoff("info", trained[0], "--check") == 0
    said = words(capsys.readouterr().out)
    assert "one of 3: blue, green, red" in said and "Apache-2.0" in said
    verdict = read(trained[0]).facts["verdict"]
    assert verdict["sentence"] in said and "Accuracy 100.0 % (95 % CI 61.0 to 100.0 %)" in said
    assert json.loads(trained[0].with_name("colours_results").joinpath("results.json").read_text()) == verdict
    assert f"**{verdict['sentence']}**" in read(trained[0]).card


def test_explain_draws_what_the_model_looked_at(trained, photos, tmp_path, capsys):
    out = tmp_path / "why.png"
    assert tipoff("explain", trained[0], photos / "red" / "red_1.jpg", "--out", out) == 0
    assert out.stat().st_size > 5000 and "red" in capsys.readouterr().out


def test_a_csv_of_names_and_labels_is_a_task(photos, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    files = sorted(photos.rglob("*.jpg"))
    rows = [f"{f.relative_to(photos)},{f.parent.name},{i % 4 == 0}" for i, f in enumerate(files)]
    (photos / "table.csv").write_text("\n".join(["name,colour,is_valid", *rows]))
    try:
        assert tipoff("train", photos / "table.csv", *FAST, "--out", "x") == 0
    finally:
        (photos / "table.csv").unlink()
    said = words(capsys.readouterr().out)
    assert "27 to learn from, 9 to check on, as the column is_valid says." in said
    assert (tmp_path / "x.tipoff").exists()


def test_minutes_are_planned_by_measuring(photos, tmp_path, capsys):
    assert tipoff("train", photos, "--size", 64, "--bs", 8, "--minutes", 0.05, "--out", tmp_path / "x") == 0
    assert "0.05 minutes, " in words(capsys.readouterr().out)


def test_quiet_says_the_figures_only(photos, tmp_path, capsys):
    assert tipoff("train", photos, *FAST, "--out", tmp_path / "x", "--quiet") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Accuracy 100.0 %") and lines[-1].startswith("sure of")
    assert not any(word in " ".join(lines) for word in ("tipoff ", "holds", "train  "))
    assert (tmp_path / "x.tipoff").exists()


def test_nothing_is_written_into_the_data_and_results_are_not_taken_for_a_class(
    photos, tmp_path, monkeypatch, capsys
):
    data = tmp_path / "colours"
    shutil.copytree(photos, data)
    before = sorted(data.rglob("*"))
    monkeypatch.chdir(tmp_path)
    assert tipoff("train", "colours", "--size", 32, "--epochs", 0) == 0
    assert sorted(data.rglob("*")) == before and (tmp_path / "colours_results").is_dir()
    monkeypatch.chdir(data)
    for _ in range(2):
        capsys.readouterr()
        assert tipoff("train", ".", "--size", 32, "--epochs", 0) == 0
        assert "36 pictures in 3 classes" in words(capsys.readouterr().out)


def test_pictures_in_no_class_folder_are_listed(photos, tmp_path, capsys):
    data = tmp_path / "colours"
    shutil.copytree(photos, data)
    shutil.copy(photos / "red" / "red_0.jpg", data / "loose.jpg")
    assert tipoff("train", data, "--size", 32, "--epochs", 0, "--out", tmp_path / "x") == 0
    assert "1 file left out" in words(capsys.readouterr().out)
    assert "loose.jpg,in no class folder" in (tmp_path / "x_results" / "skipped.csv").read_text()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="sends a signal to another process")
def test_ctrl_c_says_how_to_go_on(photos, tmp_path):
    command = [sys.executable, "-m", "tipoff.cli.main", "train", str(photos), "--size", "64", "--bs", "4"]
    run = subprocess.Popen(
        [*command, "--epochs", "50", "--out", "x"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # ignored where tests run in the background
    )
    try:
        while not (tmp_path / "x_results" / "checkpoint.pt").exists():
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == 130
    assert "tipoff resume x_results/checkpoint.pt" in words(said) and "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--epochs", -1), "--epochs is -1"),
        (("--minutes", 0), "--minutes is 0"),
        (("--target", "colour"), "--target names a column of a CSV"),
    ],
)
def test_settings_that_mean_nothing_are_refused(photos, tmp_path, capsys, arguments, said):
    assert said in refused(capsys, "train", photos, *arguments, "--out", tmp_path / "x")


def test_a_full_disk_is_refused_before_training(photos, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    said = refused(capsys, "train", photos, *FAST, "--out", tmp_path / "x")
    assert "There are 1 MB free" in said and "--out" in said


def test_json_and_csv_at_once_are_refused(trained, capsys):
    assert "not both" in refused(capsys, "predict", trained[0], "a.jpg", "--json", "--csv")


def test_explain_writes_here_and_not_among_the_photos(trained, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tipoff("explain", trained[0], photos / "red" / "red_1.jpg") == 0
    assert (tmp_path / "red_1_explained.png").exists()


@pytest.mark.parametrize(("out", "said"), [("gone/why.png", "cannot be written"), ("why.xyz", ".png")])
def test_explain_refuses_a_place_it_cannot_write(trained, photos, tmp_path, capsys, out, said):
    photo = photos / "red" / "red_1.jpg"
    assert said in refused(capsys, "explain", trained[0], photo, "--out", tmp_path / out)


def test_answers_stand_in_one_column(trained, photos, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "a_longer_name.jpg"):
        shutil.copy(photos / "red" / "red_0.jpg", tmp_path / name)
    assert tipoff("predict", trained[0], ".") == 0
    lines = capsys.readouterr().out.splitlines()[:2]
    assert len({max(line.rfind("red"), line.rfind("not sure")) for line in lines}) == 1


def refused(capsys, *args: object) -> str:
    assert tipoff(*args) == 2
    return words(capsys.readouterr().err)


def test_a_misspelt_folder_gets_the_nearest_name(photos, capsys):
    said = refused(capsys, "train", photos.parent / (photos.name[:-1] + "x"))
    assert "There is no folder" in said and f"Did you mean '{photos.name}'?" in said


def test_an_empty_folder_is_refused_with_what_was_there(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("x")
    said = refused(capsys, "train", tmp_path)
    assert "found no pictures" in said and ".txt" in said


def test_one_class_is_refused(photos, tmp_path, capsys):
    shutil.copytree(photos / "red", tmp_path / "red")
    assert "one class folder, red/" in refused(capsys, "train", tmp_path)


def test_a_file_whose_name_no_encoding_can_write_is_left_out_and_said(photos, tmp_path, capsys, monkeypatch):
    shutil.copytree(photos, tmp_path / "p")
    try:
        (tmp_path / "p" / "red" / os.fsdecode(b"notes\xe9.txt")).write_text("x")
    except OSError:
        pytest.skip("this file system takes only names in Unicode")
    monkeypatch.setattr("tipoff.cli.tasks.pictures.train.vision_learner", _stop)
    with pytest.raises(ZeroDivisionError):
        tipoff("train", tmp_path / "p", *FAST, "--out", tmp_path / "m.tipoff")
    assert "1 file left out" in words(capsys.readouterr().out)
    assert "notes\\udce9.txt" in (tmp_path / "m_results" / "skipped.csv").read_text(encoding="utf-8")


def _stop(*_: object, **__: object) -> None:
    raise ZeroDivisionError


def test_rows_that_name_missing_files_are_named_before_training(photos, tmp_path, capsys):
    shutil.copy(photos / "red" / "red_0.jpg", tmp_path / "red_0.jpg")
    (tmp_path / "t.csv").write_text("file,label\nred_0.jpg,red\nred_O.jpg,red\nblue.jpg,blue\n")
    said = refused(capsys, "train", tmp_path / "t.csv")
    assert "2 of 3 files are missing: rows 3, 4" in said and "Did you mean 'red_0.jpg'?" in said


def test_a_misspelt_network_gets_the_nearest_names(photos, tmp_path, capsys):
    said = refused(capsys, "train", photos, "--arch", "resnet18x", "--out", tmp_path / "x")
    assert "resnet18" in said


def test_a_misspelt_column_gets_the_nearest_name(photos, tmp_path, capsys):
    (tmp_path / "t.csv").write_text("file,breed\na.jpg,x\nb.jpg,y\n")
    assert "Did you mean 'breed'?" in refused(capsys, "train", tmp_path / "t.csv", "--target", "bred")


def test_a_place_that_cannot_be_written_to_is_refused_before_training(photos, tmp_path, capsys):
    assert "There is no folder" in refused(
        capsys, "train", photos, "--out", tmp_path / "nowhere" / "x.tipoff"
    )


def test_a_file_that_is_no_model_is_refused(tmp_path, capsys):
    (tmp_path / "x.tipoff").write_text("hello")
    assert "x.tipoff" in refused(capsys, "predict", tmp_path / "x.tipoff", "a.jpg")


def test_bad_files_are_left_out_and_listed(photos, tmp_path, capsys):
    shutil.copytree(photos, tmp_path / "p")
    (tmp_path / "p" / "red" / "broken.jpg").write_bytes((photos / "red" / "red_0.jpg").read_bytes()[:300])
    (tmp_path / "p" / "red" / "notes.txt").write_text("x")
    assert tipoff("train", tmp_path / "p", *FAST, "--out", tmp_path / "x") == 0
    assert "2 files left out" in words(capsys.readouterr().out)
    with open(tmp_path / "x_results" / "skipped.csv") as file:
        rows = list(csv.DictReader(file))
    assert sorted(Path(r["file"]).name for r in rows) == ["broken.jpg", "notes.txt"]


def test_the_same_picture_on_both_sides_is_said(photos, tmp_path, capsys):
    root = tmp_path / "p"
    for part in ("train", "valid"):
        for label in ("red", "blue"):
            shutil.copytree(photos / label, root / part / label)
    assert tipoff("train", root, *FAST, "--out", tmp_path / "x") == 0
    assert "24 of 24 pictures to check on are nearly the same" in words(capsys.readouterr().out)


def test_help_does_not_load_torch():
    code = "import sys\nfrom tipoff.cli.main import run\ntry: run(['--help'])\nexcept SystemExit: pass\n"
    code += "print('torch' in sys.modules, 'pandas' in sys.modules, 'matplotlib' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert out.splitlines()[-1] == "False False False"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is a signal of Linux and macOS")
def test_a_killed_training_is_resumed_to_the_same_model(photos, tmp_path):
    env = {**os.environ, "TIPOFF_CACHE": "off"}
    command = [sys.executable, "-m", "tipoff.cli.main"]
    long = ("--size", "64", "--bs", "4", "--epochs", "6")
    whole = subprocess.run(
        [*command, "train", str(photos), *long, "--out", "whole"], cwd=tmp_path, env=env, capture_output=True
    )
    assert whole.returncode == 0, whole.stderr
    cut = subprocess.Popen(
        [*command, "train", str(photos), *long, "--out", "cut"],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.DEVNULL,
    )
    checkpoint = tmp_path / "cut_results" / "checkpoint.pt"
    while not checkpoint.exists():
        assert cut.poll() is None
        time.sleep(0.02)
    cut.kill()
    cut.wait()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    again = subprocess.run(
        [*command, "resume", "../cut_results/checkpoint.pt"],
        cwd=elsewhere,
        env=env,
        capture_output=True,
        text=True,
    )
    assert again.returncode == 0, again.stderr
    from tipoff.bundle.file import read

    one, other = read(tmp_path / "whole.tipoff").weights, read(tmp_path / "cut.tipoff").weights
    assert all(one[k].equal(other[k]) for k in one)


def test_a_photo_has_no_row(trained, photos, capsys):
    assert "--row is the row of a table" in refused(
        capsys, "explain", trained[0], photos / "red" / "red_0.jpg", "--row", 3
    )
