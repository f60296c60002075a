"""What a training came to: figures, pictures, the model file, the next command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipoff.cli.screen import field, percent, say, short
from tipoff.cli.settings import Settings
from tipoff.errors import DataError
from tipoff.interpret.classification import ClassificationInterpretation, right_of
from tipoff.learner.calibrate import Calibration
from tipoff.learner.learner import Learner
from tipoff.metrics.interval import interval


@dataclass(frozen=True)
class Report:
    """How good the model is, and where what was made of it lies."""

    n_right: int
    n: int
    baseline: float | None
    calibration: Calibration
    confused: list[tuple[Any, Any, int]]
    pictures: list[Path]
    model: Path

    def tell_figures(self) -> None:
        """How often it is right, beside the baseline, and how often it is sure."""
        figure = percent(self.n_right / self.n)
        say(result(self.n_right, self.n), style="strong", of=figure)
        if self.baseline is not None:
            say(f"the baseline, logistic regression on the frozen features: {percent(self.baseline)}")
        say(str(self.calibration))

    def tell_rest(self) -> None:
        """What was confused with what, where things lie, what to do next."""
        say()
        if self.confused:
            field("most confused", ", ".join(f"{a} taken for {b} {c}" for a, b, c in self.confused[:3]))
        field("pictures", "  ".join(map(short, self.pictures)))
        field("model", f"{short(self.model)}  ({self.model.stat().st_size / 1e6:.1f} MB)")
        say()
        field("next", f"tipoff serve {short(self.model)}")
        field("", f"tipoff predict {short(self.model)} new/*.jpg")
        field("", f"tipoff explain {short(self.model)} photo.jpg")


def result(n_right: int, n: int) -> str:
    """The figure in a sentence, with its interval on this many items.

    >>> result(39, 42)
    'right on 39 of 42 unseen photos: 92.9 % (81 to 98)'
    """
    low, high = interval(n_right, n)
    return f"right on {n_right} of {n} unseen photos: {percent(n_right / n)} ({low * 100:.0f} to {high * 100:.0f})"


def report(learn: Learner, settings: Settings, baseline: float | None) -> Report:
    """Calibrate, write the model file, then the pictures."""
    calibration = learn.calibrate()
    interp = ClassificationInterpretation.from_learner(learn)
    n_right, n = right_of(interp.made)
    learn.facts["result"] = result(n_right, n)
    written = learn.export(settings.model_file.absolute())
    pictures = _draw(interp, settings.folder)
    return Report(n_right, n, baseline, calibration, interp.most_confused(), pictures, written)


def _draw(interp: ClassificationInterpretation, folder: Path) -> list[Path]:
    import matplotlib.pyplot as plt

    figures: dict[str, Any] = {
        "confusion.png": interp.plot_confusion_matrix(show=False),
        "top_losses.png": interp.plot_top_losses(9, heat=True, show=False),
        "results.png": interp.learn.show_results(show=False, max_n=12, shuffle=True),
    }
    paths = []
    for name, figure in figures.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            figure.savefig(folder / name, dpi=110, bbox_inches="tight")
        except OSError as e:
            raise DataError(f"{folder / name} cannot be written: {e.strerror or e}.") from None
        plt.close(figure)
        paths.append(folder / name)
    return paths
