"""The state of one training run: what it is made of, where it stands, and what it holds now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

from tipoff.data.batch import Batch
from tipoff.train.batches import Accumulating, Batches
from tipoff.train.callback import Callback
from tipoff.train.engine import TorchEngine
from tipoff.train.events import EVENTS
from tipoff.train.objective import Objective

Part = Literal["backward", "batch", "train", "validate", "epoch", "fit"]
_WIDTH: dict[Part, int] = {"backward": 0, "batch": 1, "train": 2, "validate": 2, "epoch": 3, "fit": 4}


@dataclass
class Run:
    """Hand it to `tipoff.train.loop.fit`."""

    # what it is made of: fixed
    model: nn.Module
    train: Batches
    valid: Batches | None
    objectives: Sequence[Objective]
    optims: Mapping[str, Any]
    schedules: Mapping[str, Callable[[float], float]]
    n_epochs: int
    accumulate: int = 1
    callbacks: Sequence[Callback] = ()
    metrics: Sequence[Accumulating] = ()
    engine: TorchEngine = field(default_factory=TorchEngine)
    first_epoch: int = 0  # a later fit sees other orders
    part: str = ""  # what is trained, in a word, for the progress table
    stage: int = 0  # of the call that it belongs to: `fine_tune` has two runs, 0 and 1
    epochs_before: int = 0  # of earlier stages of the call, done
    # where it stands: all of this is saved
    epoch: int = 0
    n_batches: int = 0  # of this epoch, already trained on
    n_steps: int = 0  # of the run, already taken
    loss_sum: Tensor | None = None  # of this epoch
    n_samples: float | Tensor = 0  # what `loss_sum` is divided by: the samples, by their weight
    # what it holds now: none of this is saved
    training: bool = False
    judged: nn.Module = field(init=False)  # what the last validation saw: `model`, or an average of it
    objective: Objective = field(init=False)
    batch: Batch = field(init=False)
    pred: Any = field(init=False)
    loss: Tensor = field(init=False)
    train_loss: float | None = None
    valid_loss: float | None = None
    metric_values: list[float] = field(default_factory=list)
    stop_reason: str | None = None
    failed: bool = False  # it cannot go on, nor can a later stage of the call
    resumed: bool = False  # its state is that of an interrupted run
    ends_with: dict[str, float] | None = None  # the figures of the weights that a callback went back to
    leaving: Part | None = None  # what a callback asked to leave, until it is left
    _skip: bool = False

    def __post_init__(self) -> None:
        self.judged = self.model
        self.callbacks = sorted(self.callbacks, key=lambda c: c.order)
        self.total_steps = self.n_epochs * -(-len(self.train) // self.accumulate)
        self.listen()

    def listen(self) -> None:
        """Find who listens to which event; call it again after a change of `callbacks`."""
        self.listeners: dict[str, list[Callable[[Run], None]]] = {
            event: [m for cb in self.callbacks if (m := getattr(cb, event, None)) is not None]
            for event in EVENTS
        }

    @property
    def pct(self) -> float:
        """Progress of the whole run, in [0, 1]."""
        return self.n_steps / self.total_steps

    def emit(self, event: str) -> None:
        for method in self.listeners[event]:
            method(self)

    @property
    def stopping(self) -> bool:
        return self.stop_reason is not None

    def stop(self, reason: str) -> None:
        """Ask the run to end after this step; the reason is shown. A later stage of the same call is trained."""
        self.stop_reason = reason

    def fail(self, reason: str) -> None:
        """End the run at once, and the call that it belongs to: there is nothing to go on from."""
        self.failed = True
        self.stop(reason)
        self.leave("fit")

    def leave(self, part: Part) -> None:
        """Ask the loop to leave a part of the run early, from any event inside it.

        Args:
            part: `backward` (no gradient of this batch), `batch` (nor its loss, nor a step), `train` (go on with the
                validation), `validate`, `epoch` (go on with the next one), or `fit`.
        """
        self.leaving = part
        if part == "fit" and self.stop_reason is None:
            self.stop("a callback ended the run")

    def skips(self, part: Part) -> bool:
        """Whether `part`, or more than it, is to be left; a request for `part` alone is met by that."""
        if self.leaving is None or _WIDTH[self.leaving] < _WIDTH[part]:
            return False
        if self.leaving == part != "fit":
            self.leaving = None
        return True

    def skip_update(self) -> None:
        """From `after_backward`: leave the weights as they are this time."""
        self._skip = True

    def take_update(self) -> bool:
        skip, self._skip = self._skip, False
        return not skip

    @property
    def figures(self) -> dict[str, float]:
        """The figures of the last epoch by name: train_loss, valid_loss, and the metrics."""
        values = dict(zip((m.name for m in self.metrics), self.metric_values, strict=False))
        named = {"train_loss": self.train_loss, "valid_loss": self.valid_loss, **values}
        return {k: v for k, v in named.items() if v is not None}

    def state_dict(self) -> dict[str, Any]:
        return {
            "position": (self.epoch, self.n_batches, self.n_steps, float(self.n_samples)),
            "loss_sum": self.loss_sum,
            "model": self.model.state_dict(),
            "optims": {k: o.state_dict() for k, o in self.optims.items()},
            "engine": self.engine.state_dict(),
            "callbacks": [(type(cb).__name__, cb.state_dict()) for cb in self.callbacks],
        }

    def load_state_dict(self, s: dict[str, Any]) -> None:
        """Go on from where `state_dict` was taken. Callbacks are matched by class, in order."""
        self.resumed = True
        self.epoch, self.n_batches, self.n_steps, self.n_samples = s["position"]
        total: Tensor | None = s["loss_sum"]
        self.loss_sum = None if total is None else total.to(self.engine.device)
        self.model.load_state_dict(s["model"])
        for k, o in self.optims.items():
            o.load_state_dict(s["optims"][k])
        waiting = list(self.callbacks)
        for name, state in s["callbacks"]:
            cb = next((c for c in waiting if type(c).__name__ == name), None)
            if cb is not None:
                waiting.remove(cb)
                cb.load_state_dict(state)
        self.engine.load_state_dict(s["engine"])

    def add_loss(self) -> None:
        """Count the loss of this batch towards the epoch's, without waiting for the device."""
        total, weight = self.objective.sum_of(self.loss, self.batch)
        self.loss_sum = total if self.loss_sum is None else self.loss_sum + total
        self.n_samples = self.n_samples + weight

    def take_loss(self) -> float | None:
        """The mean loss since the last call; None where there was none."""
        total, n, self.loss_sum, self.n_samples = self.loss_sum, float(self.n_samples), None, 0
        if total is None:
            return None
        states = self.engine.gather({"sum": total, "n": torch.tensor(n, dtype=torch.float64)})
        n = float(sum(s["n"] for s in states))
        return float(sum(s["sum"] for s in states)) / n if n else None
