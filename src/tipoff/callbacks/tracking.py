"""Watching one figure: stop early, keep the best, lower the rate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from tipoff.errors import UsageError, did_you_mean
from tipoff.train.callback import Callback
from tipoff.train.run import Run

Compare = Callable[[float, float], Any]


class Tracking(Callback):
    """Knows after each epoch whether `monitor` is better than ever before, by more than `min_delta`.

    `comp` is a function such as `numpy.greater`; None asks the metric which way is up.
    """

    order = 70

    def __init__(
        self,
        monitor: str = "valid_loss",
        comp: Compare | None = None,
        min_delta: float = 0.0,
        reset_on_fit: bool = True,
    ) -> None:
        self.monitor, self.comp, self.min_delta, self.reset_on_fit = (
            monitor,
            comp,
            abs(min_delta),
            reset_on_fit,
        )
        self.best: float | None = None
        self.new_best = False
        self.wait = 0

    def before_fit(self, run: Run) -> None:
        names = ["train_loss", "valid_loss", *(m.name for m in run.metrics)]
        if self.monitor not in names:
            raise UsageError(
                f"{type(self).__name__} watches {self.monitor!r}, which is not among the figures {', '.join(names)}."
                f"{did_you_mean(self.monitor, names)}"
            )
        if not run.n_steps:
            self.best, self.wait = None if self.reset_on_fit else self.best, 0
        metric = next((m for m in run.metrics if m.name == self.monitor), None)
        self.up = bool(getattr(metric, "higher_is_better", False))

    def _better(self, value: float) -> bool:
        if self.best is None or self.best != self.best:
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
        else:
            self.wait += 1

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "wait": self.wait}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best, self.wait = state["best"], state["wait"]


class EarlyStopping(Tracking):
    """Stop when the figure has not improved for `patience` epochs."""

    def __init__(
        self,
        monitor: str = "valid_loss",
        comp: Compare | None = None,
        min_delta: float = 0.0,
        patience: int = 1,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, comp, min_delta, reset_on_fit)
        self.patience = patience

    def before_fit(self, run: Run) -> None:
        super().before_fit(run)
        self._decide(run)  # a run that was cut off just as it stopped stays stopped

    def after_epoch(self, run: Run) -> None:
        super().after_epoch(run)
        self._decide(run)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "patience": self.patience}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.patience = state.get("patience", self.patience)

    def _decide(self, run: Run) -> None:
        if self.wait and self.wait >= self.patience:
            run.stop(f"{self.monitor} has not improved for {self.wait} epoch{'s' * (self.wait > 1)}")


class SaveModel(Tracking):
    """Keep the weights of the best epoch in `fname`.safetensors, and go back to them at the end.

    With `every_epoch`, each epoch's weights are kept as `fname`_0, `fname`_1, ... and none is loaded.
    """

    order = 80

    def __init__(
        self,
        monitor: str = "valid_loss",
        comp: Compare | None = None,
        min_delta: float = 0.0,
        fname: str | Path = "model",
        every_epoch: bool = False,
        at_end: bool = False,
        with_opt: bool = False,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, comp, min_delta, reset_on_fit)
        self.fname, self.every_epoch, self.at_end = Path(fname), every_epoch, at_end
        self.saved: Path | None = None

    def _write(self, model: nn.Module, name: str) -> None:
        path = self.fname.with_name(name + ".safetensors")
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        save_file({k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}, temporary)
        temporary.replace(path)
        self.saved = path

    def after_epoch(self, run: Run) -> None:
        super().after_epoch(run)
        if self.every_epoch:
            self._write(run.judged, f"{self.fname.name}_{run.epoch - 1}")
        elif self.new_best:
            self._write(run.judged, self.fname.name)

    def after_fit(self, run: Run) -> None:
        if self.at_end:
            self._write(run.model, self.fname.name)
        elif self.saved is not None and not self.every_epoch and self.best is not None:
            run.model.load_state_dict(load_file(self.saved))

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "saved": None if self.saved is None else str(self.saved)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.saved = None if state["saved"] is None else Path(state["saved"])


class KeepBest(Tracking):
    """Go back to the weights of the best epoch at the end; they are kept in memory."""

    order = 80

    def __init__(
        self,
        monitor: str = "valid_loss",
        comp: Compare | None = None,
        min_delta: float = 0.0,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, comp, min_delta, reset_on_fit)
        self.weights: dict[str, Tensor] = {}
        self.epoch = 0

    def before_fit(self, run: Run) -> None:
        super().before_fit(run)
        if not run.n_steps:
            self.weights = {}

    def after_epoch(self, run: Run) -> None:
        super().after_epoch(run)
        if self.new_best:
            self.epoch = run.epoch - 1
            self.weights = {k: v.detach().cpu().clone() for k, v in run.judged.state_dict().items()}

    def after_fit(self, run: Run) -> None:
        if self.weights:
            run.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "weights": self.weights, "epoch": self.epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.weights, self.epoch = state["weights"], state["epoch"]


class ReduceLROnPlateau(Tracking):
    """Divide the rate by `factor` when the figure has not improved for `patience` epochs."""

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
        self.patience, self.factor, self.min_lr = patience, factor, min_lr
        self.scale = 1.0

    def before_fit(self, run: Run) -> None:
        super().before_fit(run)
        if not run.n_steps and self.reset_on_fit:
            self.scale = 1.0

    def before_step(self, run: Run) -> None:
        if self.scale == 1.0:
            return
        for opt in run.optims.values():
            for group in opt.param_groups:
                group["lr"] = max(group["lr"] * self.scale, self.min_lr)

    def after_epoch(self, run: Run) -> None:
        super().after_epoch(run)
        if self.wait >= self.patience:
            self.scale, self.wait = self.scale / self.factor, 0

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "scale": self.scale}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.scale = state["scale"]


class TerminateOnNaN(Callback):
    """Stop as soon as a loss is not a finite number."""

    order = 40

    def after_batch(self, run: Run) -> None:
        if run.training and not torch.isfinite(run.loss):
            run.stop(
                f"the loss of step {run.n_steps} is {float(run.loss.detach())}: try a lower learning rate"
            )
            run.skip_update()


EarlyStoppingCallback = EarlyStopping
SaveModelCallback = SaveModel
TerminateOnNaNCallback = TerminateOnNaN
