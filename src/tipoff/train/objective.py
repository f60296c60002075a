"""What is minimised: a loss, and the part of the model that moves for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from tipoff.data.batch import Batch


def _whole(model: nn.Module) -> nn.Module:
    return model


def _as_it_is(pred: Any) -> Any:
    return pred


@dataclass(frozen=True)
class Objective:
    """One loss and the part of the model that it trains.

    `measured` makes of a prediction what the metrics are given. Supervised training has one objective. A GAN has two,
    minimised in turn on the same batches; one with `every=5` is minimised at every fifth step.
    """

    name: str
    predict: Callable[[nn.Module, Batch], Any]
    loss: Callable[[Any, Batch], Tensor]
    part: Callable[[nn.Module], nn.Module] = _whole
    every: int = 1
    measured: Callable[[Any], Any] = _as_it_is


def supervised(loss: Callable[..., Tensor], measured: Callable[[Any], Any] = _as_it_is) -> Objective:
    """Minimise `loss(pred, *y)` where `pred = model(*x)`."""
    return Objective(
        "model", lambda model, b: model(*b.x), lambda pred, b: loss(pred, *b.y), measured=measured
    )
