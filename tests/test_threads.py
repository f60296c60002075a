"""Threads that compute: how they wait for one another, and how many of them a run has."""

import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.data.dataloaders import DataLoaders
from tipoff.learner.learner import Learner
from tipoff.train.callback import Callback
from tipoff.train.threads import PER_NUMBER, Work


@pytest.mark.parametrize(
    ("own", "spins"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, "None")],
    ids=["nothing set", "own count", "own policy"],
)
def test_threads_wait_only_briefly_unless_the_user_says_otherwise(own, spins):
    clean = {k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    code = "import os, tipoff; print(os.environ.get('GOMP_SPINCOUNT'))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**clean, **own}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == spins


class Threads(Callback):
    """Notes how many threads compute each step, and stops after `last` steps."""

    def __init__(self, last=99):
        self.seen, self.last = [], last

    def after_step(self, run):
        self.seen.append(torch.get_num_threads())
        if len(self.seen) == self.last:
            run.stop("enough")


@pytest.fixture
def two_cores(monkeypatch):
    """A machine of two cores on which nobody has said how many threads compute."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tipoff.train.threads.default_threads", lambda: 2)
    monkeypatch.setattr("tipoff.train.engine.default_threads", lambda: 2)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def learner(n_hidden=4, n=12, bs=4):
    torch.manual_seed(0)
    x, y = torch.randn(n, 3), torch.randn(n, 1)
    data = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(data, bs)
    net = nn.Sequential(nn.Linear(3, n_hidden), nn.ReLU(), nn.Linear(n_hidden, 1))
    return Learner(DataLoaders(loader, loader, device="cpu"), net, nn.functional.mse_loss)


def test_small_steps_are_computed_by_one_thread_and_the_number_is_put_back(two_cores):
    seen = Threads()
    with (learn := learner()).no_bar():
        learn.fit(1, cbs=seen)
    assert seen.seen == [1, 1, 1]
    assert torch.get_num_threads() == 2


def test_large_steps_are_computed_by_all(two_cores):
    seen = Threads()
    with (learn := learner(n_hidden=60_000, bs=2_000, n=2_000)).no_bar():
        learn.fit(1, cbs=seen)
    assert seen.seen == [2]


@pytest.mark.parametrize("how", ["environment", "torch"])
def test_the_number_that_the_user_sets_is_honoured(two_cores, monkeypatch, how):
    if how == "environment":
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
    else:
        torch.set_num_threads(3)
    seen = Threads()
    with (learn := learner()).no_bar():
        learn.fit(1, cbs=seen)
    assert set(seen.seen) == {2 if how == "environment" else 3}


def test_the_number_is_in_the_checkpoint_and_a_resumed_run_goes_on_with_it(two_cores, tmp_path):
    with (learn := learner()).no_bar():
        learn.fit(2, cbs=[SaveCheckpoint(tmp_path / "run.pt", every_steps=1), Threads(last=2)])
        again, seen = learner(), Threads()
        again.engine.choosing = None  # it is not asked for again
        with again.no_bar():
            again.resume(tmp_path / "run.pt", cbs=seen)
    assert set(seen.seen) == {1} and len(seen.seen) == 4


def test_work_is_the_operations_of_products_and_the_numbers_of_the_rest():
    x, w = torch.randn(8, 3), torch.randn(3, 5, requires_grad=True)
    with Work() as work:
        (x @ w).relu().sum().backward()
    # forward 2 * 8 * 3 * 5, the gradient of w as much, beside some hundred numbers
    assert 480 < work.n < 480 + PER_NUMBER * 300


def test_watching_the_first_step_changes_no_result(two_cores):
    made = []
    for watched in (True, False):
        learn = learner()
        torch.set_num_threads(2 if watched else 1)
        with learn.no_bar():
            learn.fit(1)
        made.append([p.detach().clone() for p in learn.model.parameters()])
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(*made, strict=True))
