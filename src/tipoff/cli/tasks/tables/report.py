"""What training on a table came to: figures beside the trees', what mattered, pictures, the model file."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from tipoff.answer import number
from tipoff.cli.figures import right_on, save_pictures
from tipoff.cli.screen import command, field, note, say, short, tell_next
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.tables.draw import predicted_and_true
from tipoff.data.target import CategoryBlock
from tipoff.figures import name_in_words, value_in_words
from tipoff.interpret.classification import ClassificationInterpretation, right_of
from tipoff.interpret.importance import Importance, permutation_importance
from tipoff.interpret.reliability import calibration_curve
from tipoff.learner.calibrate import Calibration, calibrated
from tipoff.learner.learner import Learner
from tipoff.learner.predictions import Predictions
from tipoff.tabular.baseline import figures_of
from tipoff.tabular.learner import TabularLearner

SHOWN = ("accuracy", "roc_auc", "log_loss", "mae", "rmse", "r2")
MOST_CLASSES = 30  # of a confusion matrix that can be read
TOO_GOOD = 0.99  # R² or AUC
SHUFFLED = 200_000  # predictions, for what mattered


@dataclass(frozen=True)
class Report:
    """How good the model is beside the trees, and where what was made of it lies."""

    result: str
    figures: dict[str, float]
    beside: dict[str, Any]
    calibration: Calibration | None
    importance: Importance
    pictures: list[Path]
    model: Path

    def tell_figures(self) -> None:
        """How good it is on rows it has not seen, and the trees on the same rows."""
        say(self.result, style="strong")
        say()
        names = [n for n in SHOWN if n in self.figures and n in self.beside["figures"]]
        say(f"{'':<24}" + "".join(f"{name_in_words(n):>14}" for n in names))
        for who, figures in (("this network", self.figures), (self.beside["name"], self.beside["figures"])):
            say(f"{who:<24}" + "".join(f"{value_in_words(n, figures[n]):>14}" for n in names))
        if self.calibration is not None:
            say()
            say(str(self.calibration))
        if max(self.figures.get("r2", 0.0), self.figures.get("roc_auc", 0.0)) > TOO_GOOD:
            say()
            most = self.importance.ranked()[0][0]
            note(
                f"so good a figure is rare: is {most} known before the answer is? --leave-out trains without a column"
            )

    def tell_rest(self) -> None:
        """What mattered, where things lie, what to do next."""
        say()
        mattered = [
            f"{name} {number(float(f'{amount:.2g}'))}"
            for name, amount, low, _ in self.importance.ranked()
            if low > 0
        ]
        if mattered:
            field(
                "what mattered",
                f"{', '.join(mattered[:6])} ({name_in_words(self.importance.figure)} lost without it)",
            )
        field("pictures", "  ".join(map(short, self.pictures)))
        field("model", f"{short(self.model)}  ({self.model.stat().st_size / 1e6:.1f} MB)")
        model = short(self.model)
        tell_next(
            command("serve", model),
            command("predict", model, "new.csv", "--out", "scored.csv"),
            command("explain", model, "new.csv"),
        )


def report(learn: Learner, settings: Settings, baseline: dict[str, Any]) -> Report:
    """Calibrate, judge, write the model file, then the pictures."""
    is_class = isinstance(learn.target, CategoryBlock)
    calibration, made = calibrated(learn) if is_class else (None, learn.predictions())
    assert made.targets is not None
    figures = figures_of(learn.target, made.probs, made.targets)
    assert isinstance(learn, TabularLearner)
    n_columns = len(learn.rows.columns)
    n_rows = max(200, SHUFFLED // (3 * n_columns))
    metric = (
        "roc_auc_binary" if is_class and learn.target.n_out == 2 else None
    )  # sees more than accuracy does
    importance = permutation_importance(learn, metric, n_repeats=3, n_rows=n_rows)
    result = right_on(*right_of(made), "rows") if is_class else _numbers(made.probs, made.targets, figures)
    beside = ", ".join(
        f"{name_in_words(n)} {value_in_words(n, v)}" for n, v in baseline["figures"].items() if n in SHOWN
    )
    learn.facts |= {
        "result": result,
        "baseline": f"{baseline['name']}: {beside}",
        "scores": {n: v for n, v in figures.items() if math.isfinite(v)},
        "mattered": {name: amount for name, amount, _, _ in importance.ranked() if math.isfinite(amount)},
    }
    if not is_class:
        learn.facts["off"] = f"On rows it had never seen, it was off by {number(figures['mae'])} on average."
    written = learn.export(settings.model_file.absolute())
    pictures = _draw(learn, importance, settings.folder, made)
    return Report(result, figures, baseline, calibration, importance, pictures, written)


def _numbers(said: Tensor, true: Tensor, figures: dict[str, float]) -> str:
    """The mean error with its 95 % interval (by the normal distribution), and what share of the differences it explains."""
    off = (said.double() - true.double()).abs().reshape(len(said), -1).mean(1)
    half = 1.96 * float(off.std()) / len(off) ** 0.5 if len(off) > 1 else float("inf")
    mean = float(off.mean())
    span = f" ({number(max(0.0, mean - half))} to {number(mean + half)})" if math.isfinite(half) else ""
    return f"off by {number(mean)}{span} on average on {len(off):,} unseen rows, R² {figures['r2']:.3f}"


def _draw(learn: Learner, importance: Importance, folder: Path, made: Predictions) -> list[Path]:
    figures: dict[str, Callable[[], Any]] = {"importance.png": lambda: importance.plot(show=False)}
    if isinstance(learn.target, CategoryBlock):
        if learn.target.n_out <= MOST_CLASSES:
            interp = ClassificationInterpretation(learn, made)
            figures["confusion.png"] = lambda: interp.plot_confusion_matrix(show=False)
        figures["calibration.png"] = lambda: calibration_curve(learn).plot(show=False)
    else:
        said, true = made.probs, made.targets
        assert true is not None
        figures["predicted.png"] = lambda: predicted_and_true(said, true)
    return save_pictures(folder, figures)
