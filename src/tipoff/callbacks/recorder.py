"""What happened: the loss of every step, the hyper-parameters, the figures of every epoch."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tipoff.arguments import need_one_of, need_whole
from tipoff.display import BAR, BLUE, INK, UNSURE, YES, shown, subplots
from tipoff.errors import UsageError
from tipoff.train.callback import Callback
from tipoff.train.optim import get_hyperparameter
from tipoff.train.run import Run


def trimmed(lrs: list[float], losses: list[float], skip_end: int) -> tuple[list[float], list[float]]:
    """A learning-rate curve without its first steps, where the mean of losses is still rough, and its last ones."""
    part = slice(10 if len(lrs) > 30 else 0, len(lrs) - skip_end)
    return lrs[part] or lrs, losses[part] or losses


class Recorder(Callback):
    """`values` holds one list an epoch, [train_loss, valid_loss, *metrics]; `losses`, `lrs`, `moms` one number a step.

    `smooth_loss` is the mean of the losses so far, weighted towards the last ones (beta 0.98), as fastai shows it.
    """

    order = 50
    only_watches = True

    def __init__(self, beta: float = 0.98) -> None:
        self.beta = beta
        self.lr_curve: tuple[list[float], list[float]] | None = (
            None  # of the last lr_find: rates, losses of all steps
        )
        self._goes_on = False  # the state of a run that was cut off was loaded
        self.reset()

    def reset(self) -> None:
        self.values: list[list[float]] = []
        self.seconds: list[float] = []
        self.metric_names: list[str] = []
        self.iters: list[int] = []
        self.hps: dict[str, list[float]] = {}
        self._raw: list[Tensor] = []
        self._done: list[float] = []
        self._smooth: list[float] = []
        self._mean = 0.0

    def before_fit(self, run: Run) -> None:
        if not self._goes_on:
            self.reset()
        self._goes_on = False
        self.metric_names = ["train_loss", "valid_loss", *(m.name for m in run.metrics)]

    def before_epoch(self, run: Run) -> None:
        self._began = time.perf_counter()

    def after_batch(self, run: Run) -> None:
        if run.training:
            self._raw.append(run.loss.detach())

    def after_step(self, run: Run) -> None:
        group = next(iter(run.optims.values())).param_groups[-1]
        for name in run.schedules:
            self.hps.setdefault(name, []).append(get_hyperparameter(group, name))

    def after_epoch(self, run: Run) -> None:
        nan = float("nan")
        self.values.append(
            [v if v is not None else nan for v in (run.train_loss, run.valid_loss)] + list(run.metric_values)
        )
        self.iters.append(len(self._done) + len(self._raw))
        self.seconds.append(time.perf_counter() - self._began)

    @property
    def losses(self) -> list[float]:
        """The training loss of each batch."""
        if self._raw:
            self._done += torch.stack([t.float() for t in self._raw]).tolist()
            self._raw.clear()
        return self._done

    @property
    def lrs(self) -> list[float]:
        return self.hps.get("lr", [])

    @property
    def moms(self) -> list[float]:
        return self.hps.get("mom", [])

    def smooth(self) -> list[float]:
        """The losses, each averaged with those before it."""
        for loss in self.losses[len(self._smooth) :]:
            self._mean = self.beta * self._mean + (1 - self.beta) * loss
            self._smooth.append(self._mean / (1 - self.beta ** (len(self._smooth) + 1)))
        return list(self._smooth)

    @property
    def smooth_loss(self) -> float:
        """The last of the smoothed losses; nan before there is one."""
        return self.smooth()[-1] if self.smooth() else float("nan")

    @property
    def final_record(self) -> list[float]:
        """The last of `values`, as fastai calls it."""
        if not self.values:
            raise UsageError("There is no record yet: call learn.fit() or another training method first.")
        return self.values[-1]

    @property
    def last_figures(self) -> dict[str, float]:
        """Losses and metrics of the last epoch, by name; nothing before there is one."""
        return dict(zip(self.metric_names, self.values[-1], strict=False)) if self.values else {}

    def state_dict(self) -> dict[str, Any]:
        return {
            "values": self.values,
            "seconds": self.seconds,
            "iters": self.iters,
            "hps": self.hps,
            "losses": self.losses,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.reset()
        self.values, self.seconds, self.iters = state["values"], state["seconds"], state["iters"]
        self.hps, self._done = state["hps"], state["losses"]
        self._goes_on = True

    def plot_loss(
        self,
        skip_start: int = 5,
        with_valid: bool = True,
        log: bool = False,
        show_epochs: bool = False,
        ax: Any = None,
    ) -> Any:
        """The smoothed training loss over the steps, and the validation loss at the end of each epoch.

        The first `skip_start` steps are left away, unless there are few.
        """
        need_whole("skip_start", skip_start, at_least=0)
        ax = ax if ax is not None else subplots(figsize=(6, 4))[1]
        smooth = self.smooth()
        skip_start = skip_start if len(smooth) > 2 * skip_start else 0
        ax.plot(range(skip_start, len(smooth)), smooth[skip_start:], color=BAR, label="train")
        if with_valid and self.values:
            ax.plot(self.iters, [v[1] for v in self.values], color=BLUE, marker="o", label="valid")
            ax.legend()
        if show_epochs:
            for i in self.iters:
                ax.axvline(i, color="0.85", lw=0.8)
        ax.set(xlabel="step", ylabel="loss", yscale="log" if log else "linear")
        ax.locator_params(axis="x", integer=True)
        return ax

    def plot_sched(
        self,
        keys: str | list[str] | None = None,
        figsize: tuple[float, float] | None = None,
        show: bool = True,
    ) -> Any:
        """The hyper-parameters over the steps: `keys` of lr and mom. Returns the figure where `show` is False."""
        names = [keys] if isinstance(keys, str) else keys or list(self.hps)
        if not self.hps:
            raise UsageError("There is no schedule to plot yet: call learn.fit() or another training method first.")
        for name in names:
            need_one_of("keys", name, self.hps)
        figure, axes = subplots(1, len(names), figsize=figsize or (6 * len(names), 4), squeeze=False)
        for name, ax in zip(names, axes.flat, strict=True):
            ax.plot(self.hps[name], color=BAR)
            ax.set(xlabel="step", ylabel={"lr": "learning rate", "mom": "momentum"}.get(name, name))
            ax.locator_params(axis="x", integer=True)
        figure.tight_layout()
        return shown(figure, show)

    def plot_metrics(self, show: bool = True) -> Any:
        """Each metric over the epochs, one plot a metric. Returns the figure where `show` is False."""
        names = self.metric_names[2:]
        if not names or not self.values:
            raise UsageError("There are no metrics to plot: pass metrics= to the learner, and train it.")
        figure, axes = subplots(1, len(names), figsize=(5 * len(names), 4), squeeze=False)
        for i, (name, ax) in enumerate(zip(names, axes.flat, strict=True)):
            ax.plot(range(len(self.values)), [v[2 + i] for v in self.values], color=BAR, marker="o")
            ax.set(xlabel="epoch", ylabel=name)
            ax.locator_params(axis="x", integer=True)
        figure.tight_layout()
        return shown(figure, show)

    def plot_lr_find(
        self,
        skip_end: int = 5,
        suggestions: dict[str, float] | Sequence[float] | None = None,
        nms: Sequence[str] | None = None,
        show: bool = True,
    ) -> Any:
        """The curve of the last `lr_find`. Returns the figure where `show` is False.

        Args:
            skip_end: steps at the end, where the loss explodes, that are not drawn.
            suggestions: learning rates to mark, by name, or as a list with their names in `nms`.
        """
        if self.lr_curve is None:
            raise UsageError("There is no curve to plot: call learn.lr_find() first.")
        if suggestions is not None and not isinstance(suggestions, Mapping):
            rates = list(suggestions)
            suggestions = dict(
                zip(nms or [f"suggestion {i + 1}" for i in range(len(rates))], rates, strict=True)
            )
        need_whole("skip_end", skip_end, at_least=0)
        lrs, losses = trimmed(*self.lr_curve, skip_end)
        figure, ax = subplots(figsize=(6, 4))
        ax.plot(lrs, losses, color=BAR)
        for (name, lr), colour in zip((suggestions or {}).items(), [INK, BLUE, YES, UNSURE], strict=False):
            y = float(np.interp(np.log10(lr), np.log10(lrs), losses))
            ax.plot(lr, y, "o", color=colour, label=f"{name} {lr:.1e}")
        if suggestions:
            ax.legend()
        ax.set(xscale="log", xlabel="learning rate", ylabel="loss")
        return shown(figure, show)
