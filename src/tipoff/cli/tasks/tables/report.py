"""What training on a table came to: figures beside the trees', what mattered, pictures, the model file."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from tipoff.answer import number
from tipoff.cli.figures import attempt, right_on, save_pictures
from tipoff.cli.screen import command, field, note, say, short, tell_next
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.tables.draw import predicted_and_true
from tipoff.data.target import CategoryBlock
from tipoff.figures import name_in_words, value_in_words
from tipoff.interpret.classification import ClassificationInterpretation, Interpretation, right_of
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
FEWEST_COLUMNS = 20  # that are shuffled in the widest tables
WORK = 2_000_000_000  # shuffles x parameters of the network: half a minute on a laptop
REPEATS = 3
WORST = 50  # rows with the largest losses that are written to a file


@dataclass(frozen=True)
class Report:
    """How good the model is beside the trees, and where what was made of it lies."""

    result: str
    figures: dict[str, float]
    beside: dict[str, Any]
    calibration: Calibration | None
    importance: Importance | None
    pictures: list[Path]
    errors: Path | None
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
        too_good = max(self.figures.get("r2", 0.0), self.figures.get("roc_auc", 0.0)) > TOO_GOOD
        if too_good and self.importance is not None:
            say()
            most = self.importance.ranked()[0][0]
            note(
                f"so good a figure is rare: is {most} known before the answer is? --leave-out trains without a column"
            )

    def tell_rest(self) -> None:
        """What mattered, where things lie, what to do next."""
        say()
        ranked = [] if self.importance is None else self.importance.ranked()
        mattered = [f"{name} {number(float(f'{amount:.2g}'))}" for name, amount, low, _ in ranked if low > 0]
        if mattered and self.importance is not None:
            field(
                "what mattered",
                f"{', '.join(mattered[:6])} ({name_in_words(self.importance.figure)} lost without it)",
            )
        if self.pictures:
            field("pictures", "  ".join(map(short, self.pictures)))
        if self.errors is not None:
            field("errors", short(self.errors))
        field("model", f"{short(self.model)}  ({self.model.stat().st_size / 1e6:.1f} MB)")
        model = short(self.model)
        tell_next(
            command("serve", model),
            command("predict", model, "new.csv", "--out", "scored.csv"),
            command("explain", model, "new.csv"),
        )


def report(learn: Learner, settings: Settings, baseline: dict[str, Any]) -> Report:
    """Calibrate, judge, write the model file, then what takes time or may fail: importance, plots, the worst errors."""
    is_class = isinstance(learn.target, CategoryBlock)
    calibration, made = calibrated(learn) if is_class else (None, learn.predictions())
    assert made.targets is not None
    figures = figures_of(learn.target, made.probs, made.targets)
    result = right_on(*right_of(made), "rows") if is_class else _numbers(made.probs, made.targets, figures)
    beside = ", ".join(
        f"{name_in_words(n)} {value_in_words(n, v)}" for n, v in baseline["figures"].items() if n in SHOWN
    )
    learn.facts |= {
        "result": result,
        "baseline": f"{baseline['name']}: {beside}",
        "scores": {n: v for n, v in figures.items() if math.isfinite(v)},
    }
    if not is_class:
        learn.facts["off"] = f"On rows it had never seen, it was off by {number(figures['mae'])} on average."
    written = learn.export(settings.model_file.absolute())
    importance = attempt("the importance of the columns", lambda: _importance(learn))
    if importance is not None:
        ranked = importance.ranked()
        learn.facts["mattered"] = {name: amount for name, amount, _, _ in ranked if math.isfinite(amount)}
        attempt("the model file with the importance of the columns", lambda: learn.export(written))
    pictures = _draw(learn, importance, settings.folder, made)
    errors = attempt("top_losses.csv", lambda: _write_errors(learn, made, settings.folder))
    return Report(result, figures, baseline, calibration, importance, pictures, errors, written)


def _importance(learn: Learner) -> Importance:
    """By shuffling columns: all of them, and of wide tables those that the network reacts to most."""
    assert isinstance(learn, TabularLearner)
    n_columns = len(learn.rows.columns)
    n_parameters = sum(p.numel() for p in learn.model.parameters())
    most = max(FEWEST_COLUMNS, WORK // (REPEATS * n_parameters))
    if most < n_columns:
        note(
            f"of the {n_columns:,} columns, the importance is measured for the {most:,} that the network reacts to most"
        )
    binary = isinstance(learn.target, CategoryBlock) and learn.target.n_out == 2
    metric = "roc_auc_binary" if binary else None  # sees more than accuracy does
    n_rows = max(200, SHUFFLED // (REPEATS * n_columns))
    return permutation_importance(learn, metric, n_columns=most, n_repeats=REPEATS, n_rows=n_rows)


def _write_errors(learn: Learner, made: Predictions, folder: Path) -> Path:
    """The validation rows with the largest losses, by their numbers in the table: what was predicted, and what is true."""
    path, table = folder / "top_losses.csv", Interpretation(learn, made).top_losses_table(WORST)
    table.index += made.dataset.frame.attrs.get("table", ("", 0))[1]
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index_label="row")
    return path


def _numbers(said: Tensor, true: Tensor, figures: dict[str, float]) -> str:
    """The mean error with its 95 % interval (by the normal distribution), and what share of the differences it explains."""
    off = (said.double() - true.double()).abs().reshape(len(said), -1).mean(1)
    half = 1.96 * float(off.std()) / len(off) ** 0.5 if len(off) > 1 else float("inf")
    mean = float(off.mean())
    span = f" ({number(max(0.0, mean - half))} to {number(mean + half)})" if math.isfinite(half) else ""
    return f"off by {number(mean)}{span} on average on {len(off):,} unseen rows, R² {figures['r2']:.3f}"


def _draw(learn: Learner, importance: Importance | None, folder: Path, made: Predictions) -> list[Path]:
    figures: dict[str, Callable[[], Any]] = {}
    if importance is not None:
        figures["importance.png"] = lambda: importance.plot(show=False)
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
