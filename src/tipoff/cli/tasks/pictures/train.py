"""Photos in classes: how they are read, said back and learned from."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import torch

from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.cli import screen
from tipoff.cli.screen import counted, say, short
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.pictures.infer import Found, infer
from tipoff.cli.tasks.pictures.warn import imbalance, twins
from tipoff.data.datablock import DataBlock
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.target import CategoryBlock
from tipoff.errors import some
from tipoff.interpret.judge import Baseline
from tipoff.learner.budget import plan_minutes
from tipoff.learner.execute import execute
from tipoff.learner.execute import resume as resume_run
from tipoff.learner.learner import Learner
from tipoff.learner.stages import Stage, group_rates
from tipoff.vision.augment import aug_transforms
from tipoff.vision.block import ImageBlock
from tipoff.vision.learner import vision_learner
from tipoff.vision.resize import Resize
from tipoff.vision.warm_start import PROBE_HEAD, fit_probe

ARCH, BATCH, DEFAULT_EPOCHS, SIZE = "efficientnet_lite0", 32, 5, 224
HEAD = "logistic regression on frozen features"
SMOOTHING = 0.1  # of the labels; keeps the body near where the probe found it


def prepare(settings: Settings) -> Learner:
    """Read the photos, say back what they are, make loaders and network."""
    found = infer(settings)
    dls = _loaders(found, settings)
    names = [str(v) for v in dls.vocab]
    say()
    say(
        f"{found.where} holds {len(found.files)} pictures in {len(names)} classes: an image classifier of {some(names, 20)}."
    )
    say(f"{dls.train.n} to learn from, {dls.valid.n} to check on, {found.how_split}.")
    say()
    _warnings(found, dls, settings)
    pretrained = settings.pretrained is not False
    head: dict[str, Any] = PROBE_HEAD if pretrained else {}
    arch = settings.arch or ARCH
    learn = vision_learner(dls, arch, metrics=["accuracy", "error_rate"], pretrained=pretrained, **head)
    learn.facts["task"] = f"An image classifier of {', '.join(names)}."
    engine, facts = learn.engine, learn.facts
    where = counted(torch.get_num_threads(), "thread") if engine.device.type == "cpu" else engine.device.type
    licence = f", {facts['licence']}" if "licence" in facts else ""
    say()
    say(f"{arch} ({facts['weights']}{licence}), {settings.size or SIZE} px, {engine.precision}, {where}")
    return learn


def baseline(learn: Learner, settings: Settings) -> list[Baseline]:
    """A logistic regression on the frozen features, from which the head begins."""
    made = fit_probe(learn) if settings.pretrained is not False else None
    return [] if made is None else [Baseline(HEAD, made[0].tolist())]


def fit(learn: Learner, settings: Settings, spent: float, saving: SaveCheckpoint) -> None:
    """Train all layers by one cycle."""
    n = _epochs(learn, settings, spent)
    peak = _rate(learn, settings)
    # earlier layers less: at one rate the first epochs fall below the probe; docs/decisions/028-default-recipe.md
    rates = group_rates(slice(peak / 10, peak) if settings.pretrained else peak, 3)
    stages = [Stage("one_cycle", n, rates, 0, "all", pct_start=0.3, div=5.0)] if n else []
    execute(learn, stages, [saving])


def resume(learn: Learner, checkpoint: Path, saving: SaveCheckpoint) -> None:
    """Go on from the checkpoint."""
    resume_run(learn, checkpoint, [saving])


def _rate(learn: Learner, settings: Settings) -> float:
    """The peak learning rate of all layers: higher the more examples a class has, between 3e-5 and 3e-4.

    From a head that already fits, small data forgives only small steps: see docs/decisions/004-linear-probe.md.
    """
    if settings.pretrained is False:
        return 1e-3
    return float(min(max(7e-6 * (learn.dls.train.n / len(learn.dls.vocab)) ** 0.7, 3e-5), 3e-4))


def _loaders(found: Found, settings: Settings) -> DataLoaders:
    label_of = dict(zip(found.files, found.labels, strict=True))
    block = DataBlock(
        (ImageBlock, CategoryBlock(smoothing=SMOOTHING)),
        get_y=lambda f: label_of[f],
        splitter=found.splitter,
        item_tfms=Resize(settings.size or SIZE),
        batch_tfms=aug_transforms(),
    )
    return block.dataloaders(found.files, bs=settings.bs or BATCH, seed=settings.seed)


def _warnings(found: Found, dls: DataLoaders, settings: Settings) -> None:
    dropped = [*dls.source.dropped, *((str(p), why) for p, why in found.left_out)]
    if dropped:
        settings.folder.mkdir(parents=True, exist_ok=True)
        # the name of a file from an old archive may be no valid text
        with open(
            settings.folder / "skipped.csv", "w", newline="", encoding="utf-8", errors="backslashreplace"
        ) as file:
            csv.writer(file).writerows([("file", "why"), *dropped])
        left_out = counted(len(dropped), "file")
        screen.note(f"{left_out} left out: {short(settings.folder / 'skipped.csv')} says why")
    if (text := imbalance(found.labels)) is not None:
        screen.note(text)
    same = twins(*dls.source.items) if sum(map(len, dls.source.items)) <= 50_000 else []
    if same:
        screen.note(
            f"{len(same)} of {dls.valid.n} pictures to check on are nearly the same as one to learn from, such as "
            f"{short(same[0][1])} and {short(same[0][0])}: the figures will flatter"
        )


def _epochs(learn: Learner, settings: Settings, spent: float) -> int:
    if settings.minutes is not None:
        return plan_minutes(learn, settings.minutes * 60, 0, spent)
    return DEFAULT_EPOCHS if settings.epochs is None else settings.epochs
