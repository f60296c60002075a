"""What the command line can learn from: one package a task, each with the same few functions."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from tipoff.cli.settings import Settings

if TYPE_CHECKING:
    from tipoff.callbacks.saving import SaveCheckpoint
    from tipoff.interpret.judge import Baseline
    from tipoff.learner.learner import Learner


class Report(Protocol):
    """What a training came to, told in two parts: with --quiet only the first is."""

    def tell_figures(self) -> None: ...

    def tell_rest(self) -> None: ...


class Task(Protocol):
    """A module `tipoff.cli.tasks.NAME`."""

    prepare: Callable[[Settings], Learner]
    """Read the data, say back what they are, make loaders and network."""

    baseline: Callable[[Learner, Settings], list[Baseline]]
    """What is fitted before, to be beaten."""

    fit: Callable[[Learner, Settings, float, SaveCheckpoint], None]
    """Train; the third is the seconds that are spent already."""

    resume: Callable[[Learner, Path, SaveCheckpoint], None]
    """Go on from the checkpoint."""

    report: Callable[[Learner, Settings, list[Baseline]], Report]
    """Judge, write model file and pictures, given the baselines."""


def task_named(name: str) -> Task:
    """The task of that name."""
    return cast(Task, import_module(f"{__name__}.{name}"))
