"""`tipoff train`: from a path to a model file and pictures, told in a few sentences."""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import torch

from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.cli import screen
from tipoff.cli.infer import Found, infer
from tipoff.cli.report import make_report
from tipoff.cli.screen import counted, say, short
from tipoff.cli.warn import imbalance, twins
from tipoff.data.datablock import DataBlock
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.target import CategoryBlock
from tipoff.errors import UsageError, some
from tipoff.learner.budget import plan_minutes
from tipoff.learner.execute import execute
from tipoff.learner.execute import resume as resume_run
from tipoff.learner.learner import Learner
from tipoff.learner.stages import Stage, group_rates
from tipoff.notes import listening
from tipoff.rng import set_seed
from tipoff.train.checkpoint import read_checkpoint
from tipoff.vision.augment import aug_transforms
from tipoff.vision.block import ImageBlock
from tipoff.vision.learner import vision_learner
from tipoff.vision.resize import Resize
from tipoff.vision.warm_start import PROBE_HEAD, linear_probe

DEFAULT_EPOCHS = 5
SMOOTHING = 0.1  # of the labels; keeps the body near where the probe found it


@dataclass(frozen=True)
class Settings:
    """What `tipoff train` was asked to do."""

    path: str
    target: str | None = None
    arch: str = "efficientnet_lite0"
    minutes: float | None = None
    epochs: int | None = None
    out: str | None = None
    size: int = 224
    bs: int = 32
    seed: int = 42
    pretrained: bool = True
    quiet: bool = False

    def __post_init__(self) -> None:
        if self.epochs is not None and self.epochs < 0:
            raise UsageError(f"--epochs is {self.epochs}; it is a number from 0 on (0 fits the head only).")
        if self.minutes is not None and self.minutes <= 0:
            raise UsageError(f"--minutes is {self.minutes:g}; it is a time above 0, such as 5 or 0.5.")

    @property
    def model_file(self) -> Path:
        if self.out is not None:
            return Path(self.out) if self.out.endswith(".tipoff") else Path(self.out + ".tipoff")
        where = Path(self.path)
        return Path(f"{(where.parent if where.is_file() else where).resolve().name}.tipoff")

    @property
    def folder(self) -> Path:
        """Where pictures, the checkpoint and the list of skipped files go: never into the data."""
        return self.model_file.with_name(f"{self.model_file.stem}_results")

    def from_anywhere(self) -> Settings:
        """The same with whole paths, for a resume from another folder."""
        return replace(self, path=str(Path(self.path).absolute()), out=str(self.model_file.absolute()))


def run_training(settings: Settings) -> None:
    """Everything from reading to the last line."""
    began = time.monotonic()
    with listening(screen.note), screen.silence(settings.quiet):
        _check_place(settings)
        learn = _prepare(settings)
        baseline = linear_probe(learn) if settings.pretrained else None
        _check_room(learn, settings.model_file)
        saving = SaveCheckpoint(settings.folder / "checkpoint.pt")
        if saving.path.exists():
            screen.note(f"{short(saving.path)}, of a training that was cut off, is replaced")
            saving.path.unlink()
        n = _epochs(learn, settings, time.monotonic() - began)
        rates = group_rates(_rate(learn, settings), 3)
        stages = [Stage("one_cycle", n, rates, 0, "all", pct_start=0.3, div=5.0)] if n else []
        learn.facts["settings"] = asdict(settings)
        _train(learn, settings, baseline, saving, lambda: execute(learn, stages, [saving]))


def resume_training(checkpoint: Path) -> None:
    """Make data and network as before, and go on from the checkpoint."""
    meta = read_checkpoint(checkpoint)["meta"]
    if "settings" not in meta:
        raise UsageError(
            f"{checkpoint} was not written by tipoff train; call learn.resume({str(checkpoint)!r}) in Python."
        )
    settings = Settings(**meta["settings"])
    with listening(screen.note), screen.silence(settings.quiet):
        learn = _prepare(settings)
        saving = SaveCheckpoint(checkpoint)
        _train(learn, settings, meta["baseline"], saving, lambda: resume_run(learn, checkpoint, [saving]))


def _train(
    learn: Learner, settings: Settings, baseline: float | None, saving: SaveCheckpoint, go: Callable[[], None]
) -> None:
    """Let `go` do the epochs, then report. Says how to go on when it is interrupted."""
    learn.facts["baseline"] = baseline
    saving.extra = {"settings": asdict(settings.from_anywhere()), "baseline": baseline}
    say()
    try:
        with learn.no_bar() if settings.quiet else nullcontext():
            go()
    except KeyboardInterrupt:
        if saving.path.exists():
            screen.error(f"Stopped. From the last save on:  tipoff resume {short(saving.path)}")
        raise
    report = make_report(learn, settings.folder, settings.model_file, baseline)
    saving.path.unlink(missing_ok=True)
    say()
    with screen.silence(False):
        report.tell_figures()
    report.tell_rest()


def _rate(learn: Learner, settings: Settings) -> float:
    """The peak learning rate of all layers: higher the more examples a class has, between 3e-5 and 3e-4.

    From a head that already fits, small data forgives only small steps: see docs/decisions/004-linear-probe.md.
    """
    if not settings.pretrained:
        return 1e-3
    return float(min(max(7e-6 * (learn.dls.train.n / len(learn.dls.vocab)) ** 0.7, 3e-5), 3e-4))


def _check_place(settings: Settings) -> None:
    """Refuse before training, not after it, when the model file cannot be written."""
    file, parent = settings.model_file, settings.model_file.absolute().parent
    if not parent.is_dir():
        raise UsageError(f"There is no folder {parent} to write {file.name} to.")
    if file.is_dir():
        raise UsageError(f"{file} is a folder. Choose another name: --out NAME.tipoff")
    for place in (parent, settings.folder):
        if place.exists() and not os.access(place, os.W_OK):
            raise UsageError(
                f"The folder {place} may not be written to. Choose another place: --out FOLDER/{file.name}"
            )


def _check_room(learn: Learner, file: Path) -> None:
    """Refuse before training, not after it, when the disk is too full for checkpoint and model file."""
    weights = sum(t.numel() * t.element_size() for t in learn.model.state_dict().values())
    needed = (
        7 * weights
    )  # a checkpoint is weights and Adam's two averages; a new one is written beside the old one
    free = shutil.disk_usage(file.absolute().parent).free
    if free < needed:
        raise UsageError(
            f"There are {free / 1e6:,.0f} MB free in {file.absolute().parent}; the checkpoint and the model file need "
            f"{needed / 1e6:,.0f}. Make room, or choose another place: --out FOLDER/{file.name}"
        )


def _prepare(settings: Settings) -> Learner:
    set_seed(settings.seed)
    found = infer(Path(settings.path), settings.target, settings.seed, settings.folder.absolute())
    dls = _loaders(found, settings)
    names = [str(v) for v in dls.vocab]
    say()
    say(
        f"{found.where} holds {len(found.files)} pictures in {len(names)} classes: an image classifier of {some(names, 20)}."
    )
    say(f"{dls.train.n} to learn from, {dls.valid.n} to check on, {found.how_split}.")
    say()
    _warnings(found, dls, settings)
    head: dict[str, Any] = PROBE_HEAD if settings.pretrained else {}
    learn = vision_learner(
        dls, settings.arch, metrics=["accuracy", "error_rate"], pretrained=settings.pretrained, **head
    )
    learn.facts["task"] = f"An image classifier of {', '.join(names)}."
    engine, facts = learn.engine, learn.facts
    where = f"{torch.get_num_threads()} threads" if engine.device.type == "cpu" else engine.device.type
    licence = f", {facts['licence']}" if "licence" in facts else ""
    say()
    say(f"{settings.arch} ({facts['weights']}{licence}), {settings.size} px, {engine.precision}, {where}")
    return learn


def _loaders(found: Found, settings: Settings) -> DataLoaders:
    label_of = dict(zip(found.files, found.labels, strict=True))
    block = DataBlock(
        (ImageBlock, CategoryBlock(smoothing=SMOOTHING)),
        get_y=lambda f: label_of[f],
        splitter=found.splitter,
        item_tfms=Resize(settings.size),
        batch_tfms=aug_transforms(),
    )
    return block.dataloaders(found.files, bs=settings.bs, seed=settings.seed)


def _warnings(found: Found, dls: DataLoaders, settings: Settings) -> None:
    dropped = [*dls.source.dropped, *((str(p), why) for p, why in found.left_out)]
    if dropped:
        settings.folder.mkdir(parents=True, exist_ok=True)
        with open(settings.folder / "skipped.csv", "w", newline="") as file:
            csv.writer(file).writerows([("file", "why"), *dropped])
        left_out = counted(len(dropped), "file")
        screen.note(f"{left_out} left out: {short(settings.folder / 'skipped.csv')} says why")
    if (text := imbalance(found.labels)) is not None:
        screen.note(text)
    same = twins(*dls.source.items) if sum(map(len, dls.source.items)) <= 50_000 else []
    if same:
        screen.note(
            f"{len(same)} of {dls.valid.n} pictures to check on are nearly the same as one to learn from, such as "
            f"{same[0][1].name} and {same[0][0].name}: the figures will flatter"
        )


def _epochs(learn: Learner, settings: Settings, spent: float) -> int:
    if settings.minutes is not None:
        return plan_minutes(learn, settings.minutes * 60, 0, spent)
    return DEFAULT_EPOCHS if settings.epochs is None else settings.epochs
