"""`tipoff train`: from a path to a model file and pictures, told in a few sentences."""

from __future__ import annotations

import csv
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import torch

from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.cli import screen
from tipoff.cli.infer import Found, infer
from tipoff.cli.screen import field, percent, say
from tipoff.cli.warn import imbalance, twins
from tipoff.data.datablock import DataBlock
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.target import CategoryBlock
from tipoff.errors import UsageError, some
from tipoff.interpret.classification import ClassificationInterpretation, right_of
from tipoff.learner.execute import execute
from tipoff.learner.execute import resume as resume_run
from tipoff.learner.learner import Learner
from tipoff.learner.stages import Stage, group_rates
from tipoff.metrics.interval import interval
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

    @property
    def model_file(self) -> Path:
        if self.out is not None:
            return Path(self.out) if self.out.endswith(".tipoff") else Path(self.out + ".tipoff")
        where = Path(self.path)
        return Path(f"{(where.parent if where.is_file() else where).resolve().name}.tipoff")

    @property
    def folder(self) -> Path:
        """Where pictures, the checkpoint and the list of skipped files go."""
        return self.model_file.with_suffix("")


def run_training(settings: Settings) -> None:
    """Everything from reading to the last line."""
    _check_place(settings.model_file)
    with listening(screen.note):
        learn, found = _prepare(settings)
        baseline = linear_probe(learn) if settings.pretrained else None
        stage = Stage(
            "one_cycle",
            _epochs(learn, settings),
            group_rates(_rate(learn, settings), 3),
            0,
            "all",
            pct_start=0.3,
            div=5.0,
        )
        saving = SaveCheckpoint(settings.folder / "checkpoint.pt")
        learn.facts["settings"] = asdict(settings)
        learn.facts["baseline"] = baseline
        print()
        _execute(learn, [stage], saving, settings, baseline)
        _finish(learn, found, settings, baseline)


def _rate(learn: Learner, settings: Settings) -> float:
    """The peak learning rate of all layers: higher the more examples a class has, between 3e-5 and 3e-4.

    From a head that already fits, small data forgives only small steps: see docs/decisions/004-linear-probe.md.
    """
    if not settings.pretrained:
        return 1e-3
    return float(min(max(7e-6 * (learn.dls.train.n / len(learn.dls.vocab)) ** 0.7, 3e-5), 3e-4))


def _execute(
    learn: Learner, stages: list[Stage], saving: SaveCheckpoint, settings: Settings, baseline: float | None
) -> None:
    saving.extra = {"settings": asdict(settings), "baseline": baseline}
    execute(learn, stages, [saving])


def resume_training(checkpoint: Path) -> None:
    """Make data and network as before, and go on from the checkpoint."""
    meta = read_checkpoint(checkpoint)["meta"]
    if "settings" not in meta:
        raise UsageError(
            f"{checkpoint} was not written by tipoff train; call learn.resume({str(checkpoint)!r}) in Python."
        )
    settings = replace(Settings(**meta["settings"]))
    with listening(screen.note):
        learn, found = _prepare(settings)
        learn.facts["baseline"] = meta["baseline"]
        saving = SaveCheckpoint(checkpoint)
        saving.extra = {"settings": asdict(settings), "baseline": meta["baseline"]}
        print()
        resume_run(learn, checkpoint, [saving])
        _finish(learn, found, settings, meta["baseline"])


def _check_place(file: Path) -> None:
    """Refuse before training, not after it, when the model file cannot be written."""
    parent = file.absolute().parent
    if not parent.is_dir():
        raise UsageError(f"There is no folder {parent} to write {file.name} to.")
    if not os.access(parent, os.W_OK):
        raise UsageError(f"{parent} may not be written to. Choose another place: --out FOLDER/{file.name}")


def _prepare(settings: Settings) -> tuple[Learner, Found]:
    set_seed(settings.seed)
    found = infer(Path(settings.path), settings.target, settings.seed)
    dls = _loaders(found, settings)
    names = [str(v) for v in dls.vocab]
    print()
    say(
        f"{found.where} holds {len(found.files)} pictures in {len(names)} classes: an image classifier of {some(names, 20)}."
    )
    say(f"{dls.train.n} to learn from, {dls.valid.n} to check on, {found.how_split}.")
    print()
    _warnings(found, dls, settings)
    head: dict[str, Any] = PROBE_HEAD if settings.pretrained else {}
    learn = vision_learner(
        dls, settings.arch, metrics=["accuracy", "error_rate"], pretrained=settings.pretrained, **head
    )
    learn.facts["task"] = f"An image classifier of {', '.join(names)}."
    engine, facts = learn.engine, learn.facts
    where = f"{torch.get_num_threads()} threads" if engine.device.type == "cpu" else engine.device.type
    licence = f", {facts['licence']}" if "licence" in facts else ""
    print()
    say(f"{settings.arch} ({facts['weights']}{licence}), {settings.size} px, {engine.precision}, {where}")
    return learn, found


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
    dropped = [*dls.source.dropped, *((str(p), "not a picture, by its ending") for p in found.not_pictures)]
    if dropped:
        settings.folder.mkdir(parents=True, exist_ok=True)
        with open(settings.folder / "skipped.csv", "w", newline="") as file:
            csv.writer(file).writerows([("file", "why"), *dropped])
        screen.note(f"{len(dropped)} files were left out: {settings.folder / 'skipped.csv'} says why")
    if (text := imbalance(found.labels)) is not None:
        screen.note(text)
    same = twins(*dls.source.items) if sum(map(len, dls.source.items)) <= 50_000 else []
    if same:
        screen.note(
            f"{len(same)} of {dls.valid.n} pictures to check on are nearly the same as one to learn from, such as "
            f"{same[0][1].name} and {same[0][0].name}: the figures will flatter"
        )


def _epochs(learn: Learner, settings: Settings) -> int:
    if settings.minutes is not None:
        from tipoff.learner.budget import plan_minutes

        return plan_minutes(learn, settings.minutes * 60, 0)
    return DEFAULT_EPOCHS if settings.epochs is None else settings.epochs


def _finish(learn: Learner, found: Found, settings: Settings, baseline: float | None) -> None:
    calibration = learn.calibrate()
    interp = ClassificationInterpretation.from_learner(learn)
    k, n = right_of(interp.made)
    low, high = interval(k, n)
    figure = percent(k / n)
    learn.facts["result"] = f"right on {k} of {n} unseen photos: {figure} ({low:.0%} to {high:.0%})"
    print()
    say(
        f"right on {k} of {n} unseen photos: {figure} ({low * 100:.0f} to {high * 100:.0f})",
        style="strong",
        of=figure,
    )
    if baseline is not None:
        say(f"the baseline, logistic regression on the frozen features: {percent(baseline)}")
    say(str(calibration))
    print()
    if confused := interp.most_confused():
        field("most confused", ", ".join(f"{a} taken for {b} {c}" for a, b, c in confused[:3]))
    field("pictures", "  ".join(map(str, _draw(interp, settings.folder))))
    path = learn.export(settings.model_file.absolute())
    field("model", f"{settings.model_file}  ({path.stat().st_size / 1e6:.1f} MB)")
    (settings.folder / "checkpoint.pt").unlink(missing_ok=True)
    print()
    field("next", f"tipoff predict {settings.model_file} new/*.jpg")
    field("", f"tipoff explain {settings.model_file} photo.jpg")


def _draw(interp: ClassificationInterpretation, folder: Path) -> list[Path]:
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {
        "confusion.png": interp.plot_confusion_matrix(show=False),
        "top_losses.png": interp.plot_top_losses(9, heat=True, show=False),
        "results.png": interp.learn.show_results(show=False, max_n=12, shuffle=True),
    }
    paths = []
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=110, bbox_inches="tight")
        plt.close(figure)
        paths.append(folder / name)
    return paths
