"""What training on texts came to: the verdict, the worst errors, plots, the model file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tipoff.cli.figures import attempt, confused, save_pictures
from tipoff.cli.judged import judge_items
from tipoff.cli.screen import command, field, say, short, tell_next
from tipoff.cli.settings import Settings
from tipoff.cli.verdict import FILE, keep, tell_verdict, write_verdict
from tipoff.interpret.classification import ClassificationInterpretation
from tipoff.interpret.judge import Baseline
from tipoff.interpret.reliability import reliability
from tipoff.learner.calibrate import Calibration, calibrated
from tipoff.learner.learner import Learner
from tipoff.text.rules import fix_html
from tipoff.verdict import Verdict

WORST, WRITTEN = 3, 50  # texts with the largest losses: shown, and written to a file
LETTERS = 150  # of a text that is shown
MOST_CLASSES = 30  # of a confusion matrix that can be read


@dataclass(frozen=True)
class Report:
    """How good the model is, and where what was made of it lies."""

    verdict: Verdict
    calibration: Calibration
    confused: list[tuple[Any, Any, int]]
    worst: list[tuple[Any, str, str]]
    pictures: list[Path]
    table: Path | None
    model: Path
    new: str

    def tell_figures(self) -> None:
        """The verdict, and how often it is sure."""
        tell_verdict(self.verdict)
        say()
        say(str(self.calibration))

    def tell_rest(self) -> None:
        """What was confused with what, the worst errors, where things lie, what to do next."""
        say()
        if self.confused:
            field("most confused", confused(self.confused))
        for i, (truth, said, text) in enumerate(self.worst):
            field("" if i else "worst errors", f"true {truth}, predicted {said}: “{text}”")
        if self.pictures:
            field("pictures", "  ".join(map(short, self.pictures)))
        if self.table is not None:
            field("errors", short(self.table))
        field("model", f"{short(self.model)}  ({self.model.stat().st_size / 1e6:.1f} MB)")
        model = short(self.model)
        tell_next(
            command("serve", model),
            f"{command('predict', model)} {self.new}",
            f'{command("explain", model)} "some text"',
        )


def report(learn: Learner, settings: Settings, baselines: list[Baseline]) -> Report:
    """Calibrate, judge, write the model file, then plots and errors."""
    calibration, made = calibrated(learn)
    interp = ClassificationInterpretation(learn, made)
    verdict = judge_items(learn, made, "texts", baselines)
    if verdict.level != "good":
        verdict = replace(verdict, advice=_advice(settings))
    keep(learn, verdict)
    written = learn.export(settings.model_file.absolute())
    attempt(FILE, lambda: write_verdict(settings.folder, verdict))
    table = interp.top_losses_table(WRITTEN)
    worst = [
        (row["truth"], row["prediction"], _start(str(row["text"])))
        for row in table.head(WORST).to_dict("records")
        if row["truth"] != row["prediction"]
    ]
    return Report(
        verdict, calibration, interp.most_confused(), worst,
        _draw(interp, settings.folder), attempt("top_losses.csv", lambda: _write(table, settings.folder / "top_losses.csv")), written,
        "new/*.txt" if settings.data.is_dir() else "new.csv --out scored.csv",
    )  # fmt: skip


def _advice(settings: Settings) -> str:
    """What may help: more training, or more texts."""
    if settings.epochs is not None:
        return f"Train longer (--epochs {max(4, 2 * settings.epochs)}) or add texts."
    minutes = 30 if settings.minutes is None else 3 * settings.minutes
    return f"Train longer (--minutes {minutes:g}) or add texts."


def _start(text: str) -> str:
    text = " ".join(fix_html(text).split())
    return text if len(text) <= LETTERS else f"{text[:LETTERS].rstrip()} ..."


def _write(table: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
    return path


def _draw(interp: ClassificationInterpretation, folder: Path) -> list[Path]:
    made = interp.made
    top, at = made.probs.max(-1)
    assert made.targets is not None
    curve = reliability(top, at == made.targets)
    figures: dict[str, Callable[[], Any]] = {"calibration.png": lambda: curve.plot(show=False)}
    if len(interp.vocab) <= MOST_CLASSES:
        figures["confusion.png"] = lambda: interp.plot_confusion_matrix(show=False)
    return save_pictures(folder, dict(sorted(figures.items(), reverse=True)))
