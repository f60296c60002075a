"""What is minimised: a loss, and the part of the model that moves for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from tipoff.data.batch import Batch


def _whole(model: nn.Module) -> nn.Module:
    return model


@dataclass(frozen=True)
class Objective:
    """One loss and the part of the model that it trains.

    Supervised training has one. A GAN has two, minimised in turn on the same batches; one with `every=5`
    is minimised at every fifth step.
    """

    name: str
    predict: Callable[[nn.Module, Batch], Any]
    loss: Callable[[Any, Batch], Tensor]
    part: Callable[[nn.Module], nn.Module] = _whole
    every: int = 1


def supervised(loss: Callable[..., Tensor]) -> Objective:
    """Minimise `loss(pred, *y)` where `pred = model(*x)`."""
    return Objective("model", lambda model, b: model(*b.x), lambda pred, b: loss(pred, *b.y))
