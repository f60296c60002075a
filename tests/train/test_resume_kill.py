"""A run that was killed with SIGKILL goes on and ends with the same weights, bit for bit."""

import random
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest
import torch

from tests.train.resume_child import EVERYTHING, callbacks, make, train
from tests.train.train_parts import weights
from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.callbacks.tracking import EarlyStopping
from tipoff.errors import BundleError, UsageError
from tipoff.train.callback import Callback
from tipoff.train.checkpoint import read_checkpoint, write_checkpoint

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of Unix")


@cache
def undisturbed(variant: str, folder: Path) -> tuple[torch.Tensor, list]:
    learn = make(variant)
    train(learn, callbacks(variant, folder / "undisturbed.pt"))
    return weights(learn), learn.recorder.values


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("undisturbed")


def killed(variant: str, file: Path, moment: str, after: float | None = None) -> None:
    """Run the child until it is killed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.train.resume_child", variant, str(file), moment],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if after is not None:
        child.stdout.readline()  # the first step is done
        time.sleep(after)
        child.kill()
    _, err = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL, err[-2000:]


def resumed(variant: str, file: Path) -> tuple[torch.Tensor, list]:
    learn = make(variant)
    torch.manual_seed(random.randrange(2**31))  # whatever the state of this process is
    learn.resume(file, cbs=callbacks(variant, file))
    return weights(learn), learn.recorder.values


# one frozen epoch of 8 batches (3 steps in groups of 3), then three: 32 steps, or 12
CASES = [
    ("dropout", "step:5"),
    ("dropout", "step:11"),
    ("dropout+accumulation", "half:4"),
    ("ema", "before:13"),
    ("mixup", "after:9"),
    ("mixup+accumulation", "step:7"),
    ("best+ema", "after:16"),
    (EVERYTHING, "half:9"),
    (EVERYTHING, "step:10"),
]


@pytest.mark.parametrize("variant, moment", CASES)
def test_killed_at_a_moment_and_resumed(tmp_path, folder, variant, moment):
    file = tmp_path / "checkpoint.pt"
    killed(variant, file, moment)
    whole, figures = undisturbed(variant, folder)
    again, figures_again = resumed(variant, file)
    assert torch.equal(whole, again)
    assert figures == figures_again
    left = [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")]
    assert left == []  # what the killed run left behind is gone too


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_from_outside_at_any_time_and_resumed(tmp_path, folder, seed):
    file = tmp_path / "checkpoint.pt"
    killed(EVERYTHING, file, "outside", after=random.Random(seed).uniform(0.0, 0.12))
    assert torch.equal(undisturbed(EVERYTHING, folder)[0], resumed(EVERYTHING, file)[0])


class CutAt(Callback):
    """Leaves at step `n` of the call, as Ctrl-C does."""

    order = 99

    def __init__(self, n: int) -> None:
        self.left = n

    def after_step(self, run) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.parametrize("variant", [EVERYTHING, "ema+mixup"])
def test_cut_off_at_every_step_and_resumed(tmp_path, folder, variant):
    whole, _ = undisturbed(variant, folder)
    for n in range(1, 13):
        file = tmp_path / f"{n}.pt"
        with pytest.raises(KeyboardInterrupt):
            cbs = [*callbacks(variant, file), SaveCheckpoint(file, every_steps=1), CutAt(n)]
            train(make(variant), cbs)
        if not file.exists():
            continue
        assert torch.equal(whole, resumed(variant, file)[0]), n


def test_a_run_cut_off_many_times_ends_the_same(tmp_path, folder):
    whole, figures = undisturbed(EVERYTHING, folder)
    file = tmp_path / "c.pt"
    with pytest.raises(KeyboardInterrupt):
        train(make(EVERYTHING), [*callbacks(EVERYTHING, file), SaveCheckpoint(file, every_steps=1), CutAt(2)])
    for _ in range(40):
        learn = make(EVERYTHING)
        cbs = [*callbacks(EVERYTHING, file), SaveCheckpoint(file, every_steps=1), CutAt(2)]
        try:
            learn.resume(file, cbs=cbs)
        except KeyboardInterrupt:
            continue
        break
    assert torch.equal(whole, weights(learn)) and learn.recorder.values == figures


def test_a_run_that_was_killed_just_as_it_stopped_stays_stopped(tmp_path):
    """Early stopping is decided, the checkpoint is written, then the process dies."""

    class DiesAtTheEnd(Callback):
        order = 99

        def after_epoch(self, run) -> None:
            if run.stopping:
                raise KeyboardInterrupt

    def never_better():
        return EarlyStopping(comp=lambda a, b: False, patience=2)

    whole, cut = make("plain"), make("plain")
    train(whole, [never_better()])
    file = tmp_path / "c.pt"
    with pytest.raises(KeyboardInterrupt):
        train(cut, [never_better(), SaveCheckpoint(file), DiesAtTheEnd()])
    again = make("plain")
    again.resume(file, cbs=[never_better()])
    assert torch.equal(weights(whole), weights(again))
    assert len(again.recorder.values) == len(whole.recorder.values) == 3


# what cannot be resumed


def test_nothing_to_resume_is_said(tmp_path):
    with pytest.raises(BundleError, match="nothing to resume"):
        make("plain").resume(tmp_path / "none.pt")


def test_a_damaged_checkpoint_is_said(tmp_path):
    file = tmp_path / "c.pt"
    train(make("plain"), [SaveCheckpoint(file)])
    raw = file.read_bytes()
    for damage in (raw[: len(raw) // 2], b"", b"hello", raw[:100] + bytes(50) + raw[150:]):
        file.write_bytes(damage)
        with pytest.raises(BundleError, match="cannot be read"):
            make("plain").resume(file)


def test_a_checkpoint_with_code_in_it_runs_nothing(tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "was here",))

    torch.save({"run": Evil(), "meta": {}}, tmp_path / "c.pt")
    with pytest.raises(BundleError, match="cannot be read"):
        make("plain").resume(tmp_path / "c.pt")
    assert not (tmp_path / "was here").exists()


def test_other_data_than_the_checkpoints_are_refused(tmp_path):
    file = tmp_path / "c.pt"
    train(make("plain"), [SaveCheckpoint(file)])
    from tests.train.train_parts import learner, loaders

    with pytest.raises(UsageError, match="training items: 60, now 20"):
        learner(loaders(n=20)).resume(file)


def test_a_checkpoint_that_cannot_be_written_says_where_and_leaves_the_old(tmp_path, monkeypatch):
    file = tmp_path / "c.pt"
    write_checkpoint(file, {"run": 1})
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(BundleError, match=r"No space left on device \([\d,]+ MB free\)"):
        write_checkpoint(file, {"run": 2})
    assert read_checkpoint(file) == {"run": 1} and [p.name for p in tmp_path.iterdir()] == ["c.pt"]
    with pytest.raises(BundleError, match="cannot be written"):
        write_checkpoint(file / "inside a file" / "c.pt", {"run": 3})
