"""An average of the weights over the steps, which often answers better than the last ones."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from tipoff.arguments import need_number
from tipoff.train.callback import Callback
from tipoff.train.run import Run


@torch.no_grad()
def blend(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move the floating-point state of `average` towards that of `model` by 1 - `decay`; copy the rest."""
    for a, p in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if a.is_floating_point():
            a.lerp_(p.to(a.dtype), 1 - decay)
        else:
            a.copy_(p)


class EMA(Callback):
    """Keep an exponential moving average of the weights, validate with it, and end with it.

    The decay grows with the steps from 0 to `decay`, so that short runs profit too.
    """

    order = 20

    def __init__(self, decay: float = 0.998) -> None:
        self.decay = need_number("decay", decay, at_least=0, at_most=1)
        self.average: nn.Module | None = None
        self._waiting: dict[str, Any] | None = None

    def before_fit(self, run: Run) -> None:
        self.average = copy.deepcopy(run.model).eval().requires_grad_(False)
        if self._waiting is not None:
            self.average.load_state_dict(self._waiting)
            self._waiting = None

    def after_step(self, run: Run) -> None:
        assert self.average is not None
        blend(self.average, run.model, min(self.decay, (1 + run.n_steps) / (10 + run.n_steps)))

    def before_validate(self, run: Run) -> None:
        assert self.average is not None
        self._live, run.model = run.model, self.average

    def after_validate(self, run: Run) -> None:
        run.model = self._live

    def after_fit(self, run: Run) -> None:
        if self.average is not None:
            run.model.load_state_dict(self.average.state_dict())

    def state_dict(self) -> dict[str, Any]:
        return {} if self.average is None else {"average": self.average.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._waiting = state.get("average")
