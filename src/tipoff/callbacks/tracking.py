"""Watching one metric or loss: stop early, lower the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from tipoff.arguments import need_number, need_whole
from tipoff.errors import UsageError, did_you_mean
from tipoff.train.callback import Callback
from tipoff.train.run import Run

Compare = Callable[[float, float], Any]


class Tracking(Callback):
    """Knows after each epoch whether `monitor` is better than ever before, by more than `min_delta`.

    Args:
        monitor: `train_loss`, `valid_loss`, or the name of a metric.
        comp: A function such as `numpy.greater`; None asks the metric which way is up.
        min_delta: By how much a value must be better than the best one to count.
        reset_on_fit: Whether the best value is forgotten at the next call of a fit method.

    A value that is not a number is never the best.
    """

    order = 70
    over_stages: ClassVar[bool] = False  # whether the best of a call is that of all its stages

    def __init__(
        self,
        monitor: str = "valid_loss",
        comp: Compare | None = None,
        min_delta: float = 0.0,
        reset_on_fit: bool = True,
    ) -> None:
        if not isinstance(monitor, str):
            raise UsageError(
                f"monitor is {monitor!r}; the name of a metric or loss is needed, such as 'valid_loss'."
            )
        if comp is not None and not callable(comp):
            raise UsageError(f"comp is {comp!r}; a function of two numbers is needed, such as numpy.greater.")
        self.monitor, self.comp, self.reset_on_fit = monitor, comp, reset_on_fit
        self.min_delta = abs(need_number("min_delta", min_delta))
        self.best: float | None = None
        self.new_best = False
        self.wait = 0

    def before_fit(self, run: Run) -> None:
        names = ["train_loss", "valid_loss", *(m.name for m in run.metrics)]
        if self.monitor not in names:
            raise UsageError(
                f"{type(self).__name__} watches {self.monitor!r}, which is not among {', '.join(names)}."
                f"{did_you_mean(self.monitor, names)}"
            )
        if self.monitor != "train_loss" and run.valid is None:
            raise UsageError(
                f"{type(self).__name__} watches {self.monitor!r}, and there is no validation set: pass valid_pct=0.2, or "
                "monitor='train_loss'."
            )
        if not run.resumed:
            self.wait = 0
        if self.forgets(run):
            self.best = None
        metric = next((m for m in run.metrics if m.name == self.monitor), None)
        self.up = bool(getattr(metric, "higher_is_better", False))

    def forgets(self, run: Run) -> bool:
        """Whether the best value so far is of another time than this run's."""
        return self.reset_on_fit and not run.resumed and (run.stage == 0 or not self.over_stages)

    def _better(self, value: float) -> bool:
        if value != value:
            return False
        if self.best is None:
            return True
        if self.comp is not None:
            up = bool(self.comp(1.0, 0.0))
            return bool(self.comp(value - self.min_delta if up else value + self.min_delta, self.best))
        return value > self.best + self.min_delta if self.up else value < self.best - self.min_delta

    def after_epoch(self, run: Run) -> None:
        value = run.figures.get(self.monitor)
        self.new_best = value is not None and self._better(value)
        if self.new_best:
            self.best, self.wait = value, 0
        elif value is not None:  # else the epoch was left before it was measured
            self.wait += 1

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "wait": self.wait}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best, self.wait = state["best"], state["wait"]


class EarlyStopping(Tracking):
    """Stop when `monitor` has not improved for `patience` epochs.

    In `fine_tune`, each of the two stages is stopped by itself: the second is trained although the first was stopped.

    >>> learn.fine_tune(10, cbs=EarlyStopping(monitor="accuracy", patience=3))  # doctest: +SKIP
    """

    def __init__(
        self,
        monitor: str = "valid_loss",
        comp: Compare | None = None,
        min_delta: float = 0.0,
        patience: int = 1,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, comp, min_delta, reset_on_fit)
        self.patience = need_whole("patience", patience, at_least=1)

    def before_fit(self, run: Run) -> None:
        super().before_fit(run)
        self._decide(run)  # a run that was interrupted just as it stopped stays stopped

    def after_epoch(self, run: Run) -> None:
        super().after_epoch(run)
        self._decide(run)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "patience": self.patience}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.patience = state.get("patience", self.patience)

    def _decide(self, run: Run) -> None:
        if self.wait >= self.patience:
            run.stop(f"{self.monitor} has not improved for {self.wait} epoch{'s' * (self.wait > 1)}")


class ReduceLROnPlateau(Tracking):
    """Divide the learning rate by `factor` when `monitor` has not improved for `patience` epochs; not below `min_lr`."""

    def __init__(
        self,
        monitor: str = "valid_loss",
        comp: Compare | None = None,
        min_delta: float = 0.0,
        patience: int = 1,
        factor: float = 10.0,
        min_lr: float = 0.0,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, comp, min_delta, reset_on_fit)
        self.patience = need_whole("patience", patience, at_least=1)
        self.factor, self.min_lr = (
            need_number("factor", factor, above=1),
            need_number("min_lr", min_lr, at_least=0),
        )
        self.scale = 1.0

    def before_fit(self, run: Run) -> None:
        super().before_fit(run)
        if self.forgets(run):
            self.scale = 1.0

    def before_step(self, run: Run) -> None:
        if self.scale == 1.0:
            return
        for opt in run.optims.values():
            for group in opt.param_groups:
                # a rate that the schedule has below min_lr stays as it is
                group["lr"] = max(group["lr"] * self.scale, min(self.min_lr, group["lr"]))

    def after_epoch(self, run: Run) -> None:
        super().after_epoch(run)
        if self.wait >= self.patience:
            self.scale, self.wait = self.scale / self.factor, 0

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "scale": self.scale}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.scale = state["scale"]


EarlyStoppingCallback = EarlyStopping
