"""What training on a table came to: the verdict, feature importance, plots, the model file."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tipoff.answer import number
from tipoff.cli.figures import attempt, confused, save_pictures
from tipoff.cli.screen import command, field, note, say, short, tell_next
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.tables.draw import predicted_and_true
from tipoff.cli.verdict import FILE, keep, tell_verdict, write_verdict
from tipoff.data.target import CategoryBlock
from tipoff.figures import name_in_words
from tipoff.interpret.classification import ClassificationInterpretation, Interpretation
from tipoff.interpret.importance import Importance, permutation_importance
from tipoff.interpret.judge import Baseline, judge_classes, judge_numbers
from tipoff.interpret.reliability import calibration_curve
from tipoff.learner.calibrate import Calibration, calibrated
from tipoff.learner.learner import Learner
from tipoff.learner.predictions import Predictions
from tipoff.tabular.baseline import figures_of
from tipoff.tabular.learner import TabularLearner
from tipoff.verdict import Verdict

MORE = ("roc_auc", "log_loss")  # metrics of a classifier that stand beside the accuracy
MOST_CLASSES = 30  # of a confusion matrix that can be read
TOO_GOOD = 0.99  # R² or AUC
SHUFFLED = 200_000  # predictions, for what mattered
FEWEST_COLUMNS = 20  # that are shuffled in the widest tables
WORK = 2_000_000_000  # shuffles x parameters of the network: half a minute on a laptop
REPEATS = 3
WORST = 50  # rows with the largest losses that are written to a file


@dataclass(frozen=True)
class Report:
    """How good the model is, and where what was made of it lies."""

    verdict: Verdict
    figures: dict[str, float]
    calibration: Calibration | None
    confused: list[tuple[Any, Any, int]]
    importance: Importance | None
    pictures: list[Path]
    errors: Path | None
    model: Path

    def tell_figures(self) -> None:
        """The verdict, and how often it is sure."""
        tell_verdict(self.verdict)
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
        """Confused classes, feature importance, where things lie, what to do next."""
        say()
        if self.confused:
            field("most confused", confused(self.confused))
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


def report(learn: Learner, settings: Settings, baselines: list[Baseline]) -> Report:
    """Calibrate, judge, write the model file, then what takes time or may fail: importance, plots, the worst errors."""
    is_class = isinstance(learn.target, CategoryBlock)
    calibration, made = calibrated(learn) if is_class else (None, learn.predictions())
    assert made.targets is not None
    figures = figures_of(learn.target, made.probs, made.targets)
    assert isinstance(learn, TabularLearner)
    verdict = _judge(learn, settings, made, figures, baselines)
    keep(learn, verdict)
    learn.facts["scores"] = {n: v for n, v in figures.items() if math.isfinite(v)}
    if not is_class:
        learn.facts["off"] = f"Mean absolute error on validation rows: {number(figures['mae'])}."
    written = learn.export(settings.model_file.absolute())
    importance = attempt("the importance of the columns", lambda: _importance(learn))
    if importance is not None:
        ranked = importance.ranked()
        learn.facts["mattered"] = {name: amount for name, amount, _, _ in ranked if math.isfinite(amount)}
        attempt("the model file with the importance of the columns", lambda: learn.export(written))
    pictures = _draw(learn, importance, settings.folder, made)
    errors = attempt("top_losses.csv", lambda: _write_errors(learn, made, settings.folder))
    attempt(FILE, lambda: write_verdict(settings.folder, verdict))
    pairs = ClassificationInterpretation(learn, made).most_confused() if is_class else []
    return Report(verdict, figures, calibration, pairs, importance, pictures, errors, written)


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


def _judge(
    learn: TabularLearner,
    settings: Settings,
    made: Predictions,
    figures: dict[str, float],
    baselines: list[Baseline],
) -> Verdict:
    assert made.targets is not None
    y = learn.dls.train.dataset.ys[0]
    if isinstance(learn.target, CategoryBlock):
        verdict = judge_classes(
            learn.target.names,
            made.targets.numpy(),
            made.probs.double().numpy(),
            majority=int(y.bincount().argmax()),
            things="rows",
            figures={n: v for n, v in figures.items() if n in MORE},
            baselines=[
                replace(b, figures={n: v for n, v in b.figures.items() if n in MORE}) for b in baselines
            ],
        )
    else:
        said, true = made.probs[:, 0], made.targets.reshape(len(made.targets), -1)[:, 0]
        plain = [replace(b, figures={}) for b in baselines]
        verdict = judge_numbers(
            true.double().numpy(),
            said.double().numpy(),
            mean=float(y.double().mean()),
            things="rows",
            baselines=plain,
        )
    return verdict if verdict.level == "good" else replace(verdict, advice=_advice(learn, settings))


def _advice(learn: TabularLearner, settings: Settings) -> str:
    """What may help: more training only where it was kept short."""
    target = learn.rows.y_names[0]
    if settings.epochs is not None and settings.epochs < learn.default_epochs():
        return f"Train longer: without --epochs it would be up to {learn.default_epochs()}."
    if settings.minutes is not None and learn.n_epochs_done < learn.default_epochs():
        return "Train longer: give it more --minutes."
    return f"Add rows, or columns that say more about '{target}'."


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
