"""The contract of callbacks."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from tipoff.data.dataset import TensorDataset
from tipoff.data.loader import Loader
from tipoff.metrics.resolve import as_metric
from tipoff.testing.promise import promise, same, twin
from tipoff.train.callback import Callback
from tipoff.train.events import EVENTS
from tipoff.train.loop import fit
from tipoff.train.objective import supervised
from tipoff.train.optim import Adam
from tipoff.train.run import Run
from tipoff.train.schedule import one_cycle, one_cycle_momentum


def tiny_run(callbacks: Sequence[Callback] = (), n_epochs: int = 3) -> Run:
    """A run on 14 small pictures of three classes, with batch norm and dropout; the same every time.

    >>> run = tiny_run()
    >>> fit(run)
    >>> run.n_steps
    12
    """
    g = torch.Generator().manual_seed(5)
    x, y = torch.rand(14, 3, 8, 8, generator=g), torch.arange(14) % 3
    train = Loader(TensorDataset(x, y), 4, shuffle=True, seed=1)
    valid = Loader(TensorDataset(x[:5], y[:5]), 3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(6)
        model = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.2), nn.Linear(144, 3)
        )
    return Run(
        model,
        train,
        valid,
        (supervised(nn.CrossEntropyLoss()),),
        {"model": Adam(model.parameters(), lr=1e-2)},
        {"lr": one_cycle(1e-2), "mom": one_cycle_momentum()},
        n_epochs,
        callbacks=callbacks,
        metrics=[as_metric("accuracy")],
    )


class _Cut(Exception):
    pass


class _CutAt(Callback):
    """Takes the run's state after step `n` and leaves, as a process that is killed there."""

    order = 1000

    def __init__(self, n: int) -> None:
        self.n = n

    def after_step(self, run: Run) -> None:
        if run.n_steps == self.n:
            file = io.BytesIO()
            torch.save(run.state_dict(), file)
            self.file = file
            raise _Cut


def check_callback(callback: Callback, make_run: Callable[[Sequence[Callback]], Run] = tiny_run) -> None:
    """Behaviour added to a run, tried on `make_run(callbacks)`, which must make the same run every time. Promises:

    - every method named like an event is one, and takes the run alone;
    - a run with it ends, twice with the same weights;
    - its state holds numbers, strings, lists, dicts and tensors only, as a checkpoint needs;
    - a run that is cut off after any step and resumed with a fresh one ends with the same weights and figures.

    Raises `AssertionError` for a broken promise.

    >>> class Halve(Callback):
    ...     def after_loss(self, run):
    ...         run.loss = run.loss / 2
    >>> check_callback(Halve())
    """
    called = type(callback).__name__
    for name in dir(type(callback)):
        if name.startswith(("before_", "after_")):
            promise(name in EVENTS, f"{called}.{name} is not an event of a run.")
            inspect.signature(getattr(callback, name)).bind(None)

    whole, figures = _whole(callback, make_run)
    again, figures_again = _whole(callback, make_run)
    promise(same(whole, again) and same(figures, figures_again), f"Two runs with {called} differ.")

    for n in range(1, make_run(()).total_steps):
        cut = _CutAt(n)
        torch.manual_seed(7)
        try:
            fit(make_run([twin(callback), cut]))
            break  # it ends before this step
        except _Cut:
            pass
        cut.file.seek(0)
        try:
            state = torch.load(cut.file, weights_only=True)
        except Exception as e:
            raise AssertionError(f"{called}.state_dict holds what a checkpoint cannot: {e}") from None
        run = make_run([twin(callback)])
        run.load_state_dict(state)
        fit(run)
        promise(
            same(dict(run.model.state_dict()), whole) and same(run.figures, figures),
            f"A run with {called} that is cut off after step {n} and resumed ends differently: what it needs to go on "
            "belongs into state_dict.",
        )


def _whole(
    callback: Callback, make_run: Callable[[Sequence[Callback]], Run]
) -> tuple[dict[str, Any], dict[str, float]]:
    torch.manual_seed(7)
    run = make_run([twin(callback)])
    fit(run)
    return dict(run.model.state_dict()), run.figures
