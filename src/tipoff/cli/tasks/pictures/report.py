"""What a training came to: figures, pictures, the model file, the next command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipoff.cli.figures import right_on, save_pictures
from tipoff.cli.screen import command, field, percent, say, short, tell_next
from tipoff.cli.settings import Settings
from tipoff.interpret.classification import ClassificationInterpretation, right_of
from tipoff.learner.calibrate import Calibration, calibrated
from tipoff.learner.learner import Learner


@dataclass(frozen=True)
class Report:
    """How good the model is, and where what was made of it lies."""

    result: str
    figure: str
    baseline: float | None
    calibration: Calibration
    confused: list[tuple[Any, Any, int]]
    pictures: list[Path]
    model: Path

    def tell_figures(self) -> None:
        """How often it is right, beside the baseline, and how often it is sure."""
        say(self.result, style="strong", of=self.figure)
        if self.baseline is not None:
            say(f"the baseline, logistic regression on the frozen features: {percent(self.baseline)}")
        say(str(self.calibration))

    def tell_rest(self) -> None:
        """What was confused with what, where things lie, what to do next."""
        say()
        if self.confused:
            field("most confused", ", ".join(f"{a} taken for {b} {c}" for a, b, c in self.confused[:3]))
        if self.pictures:
            field("pictures", "  ".join(map(short, self.pictures)))
        field("model", f"{short(self.model)}  ({self.model.stat().st_size / 1e6:.1f} MB)")
        model = short(self.model)
        tell_next(
            command("serve", model),
            command("predict", model) + " new/*.jpg",
            command("explain", model, "photo.jpg"),
        )


def report(learn: Learner, settings: Settings, baseline: float | None) -> Report:
    """Calibrate, write the model file, then the pictures."""
    calibration, made = calibrated(learn)
    interp = ClassificationInterpretation(learn, made)
    n_right, n = right_of(made)
    result = learn.facts["result"] = right_on(n_right, n, "photos", digits=0)
    written = learn.export(settings.model_file.absolute())
    pictures = _draw(interp, settings.folder)
    confused, figure = interp.most_confused(), percent(n_right / n)
    return Report(result, figure, baseline, calibration, confused, pictures, written)


def _draw(interp: ClassificationInterpretation, folder: Path) -> list[Path]:
    figures: dict[str, Callable[[], Any]] = {
        "confusion.png": lambda: interp.plot_confusion_matrix(show=False),
        "top_losses.png": lambda: interp.plot_top_losses(9, heat=True, show=False),
        "results.png": lambda: interp.learn.show_results(show=False, max_n=12, shuffle=True),
    }
    return save_pictures(folder, figures)
