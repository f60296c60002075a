"""What a training came to: the verdict, plots, the model file, the next command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tipoff.cli.figures import attempt, confused, save_pictures
from tipoff.cli.judged import judge_items
from tipoff.cli.screen import command, field, say, short, tell_next
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.pictures.train import DEFAULT_EPOCHS
from tipoff.cli.verdict import FILE, keep, tell_verdict, write_verdict
from tipoff.interpret.classification import ClassificationInterpretation
from tipoff.interpret.judge import Baseline
from tipoff.learner.calibrate import Calibration, calibrated
from tipoff.learner.learner import Learner
from tipoff.verdict import Verdict


@dataclass(frozen=True)
class Report:
    """How good the model is, and where what was made of it lies."""

    verdict: Verdict
    calibration: Calibration
    confused: list[tuple[Any, Any, int]]
    pictures: list[Path]
    model: Path

    def tell_figures(self) -> None:
        """The verdict, and how often it is sure."""
        tell_verdict(self.verdict)
        say()
        say(str(self.calibration))

    def tell_rest(self) -> None:
        """What was confused with what, where things lie, what to do next."""
        say()
        if self.confused:
            field("most confused", confused(self.confused))
        if self.pictures:
            field("pictures", "  ".join(map(short, self.pictures)))
        field("model", f"{short(self.model)}  ({self.model.stat().st_size / 1e6:.1f} MB)")
        model = short(self.model)
        tell_next(
            command("serve", model),
            command("predict", model) + " new/*.jpg",
            command("explain", model, "photo.jpg"),
        )


def report(learn: Learner, settings: Settings, baselines: list[Baseline]) -> Report:
    """Calibrate, judge, write the model file, then the plots."""
    calibration, made = calibrated(learn)
    interp = ClassificationInterpretation(learn, made)
    verdict = judge_items(learn, made, "photos", baselines)
    if verdict.level != "good":
        verdict = replace(verdict, advice=_advice(verdict, settings))
    keep(learn, verdict)
    written = learn.export(settings.model_file.absolute())
    pictures = _draw(interp, settings.folder)
    attempt(FILE, lambda: write_verdict(settings.folder, verdict))
    return Report(verdict, calibration, interp.most_confused(), pictures, written)


def _advice(verdict: Verdict, settings: Settings) -> str:
    """What may help; more epochs only where there were few, since the head fits before the first."""
    if settings.pretrained is False:
        return "Train without --no-pretrained, from ImageNet weights, or add photos."
    made = "Add photos, most of all of classes with a low recall."
    if settings.epochs is not None and 0 < settings.epochs < DEFAULT_EPOCHS:
        made += f" Train longer: the default is {DEFAULT_EPOCHS} epochs."
    if "worse than the baseline" in verdict.sentence:
        made += " --epochs 0 keeps the baseline as the model."
    return made


def _draw(interp: ClassificationInterpretation, folder: Path) -> list[Path]:
    figures: dict[str, Callable[[], Any]] = {
        "confusion.png": lambda: interp.plot_confusion_matrix(show=False),
        "top_losses.png": lambda: interp.plot_top_losses(9, heat=True, show=False),
        "results.png": lambda: interp.learn.show_results(show=False, max_n=12, shuffle=True),
    }
    return save_pictures(folder, figures)
