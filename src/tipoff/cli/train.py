"""`tipoff train`: from a path to a model file and pictures, told in a few sentences."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.cli import screen
from tipoff.cli.options import check_options
from tipoff.cli.screen import say, short
from tipoff.cli.settings import Settings, check_place, check_room
from tipoff.cli.tasks import task_named
from tipoff.cli.tasks.recognise import task_for
from tipoff.errors import UsageError
from tipoff.interpret.judge import Baseline
from tipoff.learner.learner import Learner
from tipoff.notes import listening
from tipoff.rng import set_seed
from tipoff.train.checkpoint import read_checkpoint


def run_training(settings: Settings) -> None:
    """Everything from reading to the last line."""
    began = time.monotonic()
    with listening(screen.each_once()), screen.silence(settings.quiet):
        settings = replace(settings, task=task_for(settings))
        check_options(settings)
        check_place(settings)
        learn, task = _prepare(settings), task_named(str(settings.task))
        baselines = task.baseline(learn, settings)
        check_room(learn, settings.model_file)
        if settings.model_file.exists():
            screen.note(
                f"{short(settings.model_file)} is there: it is replaced when this training is done; --out NAME keeps both"
            )
        saving = SaveCheckpoint(settings.folder / "checkpoint.pt")
        if saving.path.exists():
            screen.note(f"{short(saving.path)}, of a training that was cut off, is replaced")
            saving.path.unlink()
        learn.facts["settings"] = settings.as_facts()
        _train(
            learn, settings, baselines, saving,
            lambda: task.fit(learn, settings, time.monotonic() - began, saving),
        )  # fmt: skip


def resume_training(checkpoint: Path) -> None:
    """Make data and network as before, and go on from the checkpoint."""
    saved = read_checkpoint(checkpoint)
    meta = saved["meta"]
    if "settings" not in meta:
        raise UsageError(
            f"{checkpoint} was not written by tipoff train; call learn.resume({str(checkpoint)!r}) in Python."
        )
    done = _is_done(saved)
    settings = Settings(**{"task": "pictures", **meta["settings"]})  # the only task of older checkpoints
    with listening(screen.each_once()), screen.silence(settings.quiet):
        learn, task = _prepare(settings), task_named(str(settings.task))
        learn.facts["settings"] = settings.as_facts()
        saving = SaveCheckpoint(checkpoint)

        def go() -> None:
            if done:
                screen.note("this training was finished: all that is left to do is its report")
            with learn.no_bar() if done else nullcontext():
                task.resume(learn, checkpoint, saving)

        kept = meta.get("baselines")  # not in a checkpoint of an older version
        baselines = task.baseline(learn, settings) if kept is None else [Baseline(**b) for b in kept]
        _train(learn, settings, baselines, saving, go)


def _is_done(saved: dict[str, Any]) -> bool:
    """Whether a checkpoint was written after the last epoch of the last stage."""
    stages, stage = saved["meta"]["stages"], saved["meta"]["stage"]
    return bool(stage == len(stages) - 1 and saved["run"]["position"][0] >= stages[stage]["n_epochs"])


def _prepare(settings: Settings) -> Learner:
    set_seed(settings.seed)
    return task_named(str(settings.task)).prepare(settings)


def _train(
    learn: Learner,
    settings: Settings,
    baselines: list[Baseline],
    saving: SaveCheckpoint,
    go: Callable[[], None],
) -> None:
    """Let `go` do the epochs, then report. Says how to go on when it is interrupted."""
    saving.extra = {
        "settings": asdict(settings.from_anywhere()),
        "baselines": [b.to_json() for b in baselines],
    }
    say()
    try:
        with learn.no_bar() if settings.quiet else nullcontext():
            go()
    except KeyboardInterrupt:
        if saving.path.exists():
            screen.error(f"Stopped. From the last save on:  {screen.command('resume', short(saving.path))}")
        raise
    try:
        report = task_named(str(settings.task)).report(learn, settings, baselines)
    except BaseException:
        if saving.path.exists():
            screen.error(
                f"The report is not complete. Make it anew:  {screen.command('resume', short(saving.path))}"
            )
        raise
    saving.path.unlink(missing_ok=True)
    say()
    with screen.silence(False):
        report.tell_figures()
    report.tell_rest()
