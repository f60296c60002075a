"""Checkpoints while a run goes on, and logs of its figures."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

from tipoff.arguments import need_number, need_whole
from tipoff.errors import UsageError
from tipoff.optional import need
from tipoff.train.callback import Callback
from tipoff.train.checkpoint import write_checkpoint
from tipoff.train.run import Run


def _file(name: str, value: Any) -> Path:
    if not isinstance(value, (str, Path)) or not Path(value).name:
        raise UsageError(f"{name} is {value!r}; the name of a file or folder is needed.")
    return Path(value)


class SaveCheckpoint(Callback):
    """Write the whole state of the run to `path`, every so many seconds or steps, and after each epoch.

    A run that was killed goes on from there, bit for bit: `learn.resume()`.
    """

    order = 90
    only_watches = True

    def __init__(self, path: str | Path, every_seconds: float = 30.0, every_steps: int | None = None) -> None:
        self.path = _file("path", path)
        self.every_seconds = need_number("every_seconds", every_seconds, at_least=0)
        self.every_steps = None if every_steps is None else need_whole("every_steps", every_steps, at_least=1)
        self.meta: dict[str, Any] = {}  # what the run belongs to, as plain values
        self.extra: dict[str, Any] = {}  # likewise, from whoever made this callback
        self._last = time.monotonic()

    def save(self, run: Run) -> None:
        if run.engine.is_main:
            write_checkpoint(self.path, {"run": run.state_dict(), "meta": {**self.meta, **self.extra}})
        self._last = time.monotonic()

    def after_step(self, run: Run) -> None:
        by_steps = self.every_steps is not None and run.n_steps % self.every_steps == 0
        if run.failed:
            return  # the last good state stays
        # the last step of an epoch is saved after the validation, with the epoch's figures
        if run.n_batches < len(run.train) and (
            by_steps or time.monotonic() - self._last >= self.every_seconds
        ):
            self.save(run)

    def after_epoch(self, run: Run) -> None:
        self.save(run)


class CSVLogger(Callback):
    """A row of figures an epoch in the file `fname`."""

    order = 65
    only_watches = True

    def __init__(self, fname: str | Path = "history.csv", append: bool = False) -> None:
        self.path, self.append = _file("fname", fname), append

    def read_log(self) -> Any:
        """The file as a data frame."""
        return need("pandas", "CSVLogger.read_log", "pandas").read_csv(self.path)

    def before_fit(self, run: Run) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # the rows of earlier stages of the call, or of before an interruption, stay
        if self.path.exists() and (run.resumed or run.stage or self.append):
            return
        with open(self.path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(
                ["epoch", "train_loss", "valid_loss", *(m.name for m in run.metrics), "seconds"]
            )

    def before_epoch(self, run: Run) -> None:
        self._began = time.perf_counter()

    def after_epoch(self, run: Run) -> None:
        spent = round(time.perf_counter() - self._began, 3)
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(
                [run.epochs_before + run.epoch - 1, run.train_loss, run.valid_loss, *run.metric_values, spent]
            )


class TensorBoardCallback(Callback):
    """Losses, metrics and rates for TensorBoard, in `log_dir`."""

    order = 65
    only_watches = True

    def __init__(self, log_dir: str | Path = "runs") -> None:
        self.log_dir = _file("log_dir", log_dir)

    def before_fit(self, run: Run) -> None:
        need("tensorboard", "TensorBoardCallback", "tipoff[tensorboard]")
        self.writer = need(
            "torch.utils.tensorboard", "TensorBoardCallback", "tipoff[tensorboard]"
        ).SummaryWriter(self.log_dir)

    def after_batch(self, run: Run) -> None:
        if run.training:
            self.writer.add_scalar("train_loss", run.loss.detach(), run.n_steps)

    def after_step(self, run: Run) -> None:
        self.writer.add_scalar("lr", next(iter(run.optims.values())).param_groups[-1]["lr"], run.n_steps)

    def after_epoch(self, run: Run) -> None:
        for name, value in run.figures.items():
            self.writer.add_scalar(name if name != "train_loss" else "epoch_train_loss", value, run.epoch)

    def after_fit(self, run: Run) -> None:
        self.writer.close()
