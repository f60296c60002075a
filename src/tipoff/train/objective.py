"""What is minimised: a loss, and the part of the model that moves for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from tipoff.data.batch import Batch
from tipoff.nn.loss_weights import LossWeights


def _whole(model: nn.Module) -> nn.Module:
    return model


def _as_it_is(pred: Any) -> Any:
    return pred


def _never(batch: Batch) -> bool:
    return False


def _n_targets(batch: Batch) -> int:
    # by what is judged: the last batch of a language model has fewer tokens in as many rows
    return batch.y[0].numel() if batch.y else batch.size


@dataclass(frozen=True)
class Objective:
    """One loss and the part of the model that it trains.

    `measured` makes of a prediction what the metrics are given. `weigh` says how much a batch counts in a mean over several:
    with weights of classes, the sum of those of its samples. With `adds_up` the loss is a sum over the batch. A batch that
    `counts_for_nothing` is not trained on: its loss is no number. Supervised training has one objective. A GAN has two,
    minimised in turn on the same batches; one with `every=5` is minimised at every fifth step.
    """

    name: str
    predict: Callable[[nn.Module, Batch], Any]
    loss: Callable[[Any, Batch], Tensor]
    part: Callable[[nn.Module], nn.Module] = _whole
    every: int = 1
    measured: Callable[[Any], Any] = _as_it_is
    weigh: Callable[[Batch], Tensor | int] = _n_targets
    adds_up: bool = False
    counts_for_nothing: Callable[[Batch], bool] = _never

    def sum_of(self, loss: Tensor, batch: Batch) -> tuple[Tensor, Tensor | int]:
        """What the loss of a batch adds to a sum over several, and what it adds to what that is divided by."""
        weight = self.weigh(batch)
        loss = loss.detach().float()
        if self.adds_up:
            return loss, weight
        if isinstance(weight, Tensor):  # a batch that counts for nothing has no mean
            return torch.where(weight > 0, loss * weight, 0.0), weight
        return loss * weight, weight


def supervised(
    loss: Callable[..., Tensor],
    measured: Callable[[Any], Any] = _as_it_is,
    weights: LossWeights | None = None,
) -> Objective:
    """Minimise `loss(pred, *y)` where `pred = model(*x)`; `weights` say how much samples count in its mean."""
    made = Objective(
        "model", lambda model, b: model(*b.x), lambda pred, b: loss(pred, *b.y), measured=measured
    )
    if weights is None:
        return made
    return replace(
        made,
        weigh=lambda b: weights.total(*b.y) if b.y else b.size,
        adds_up=weights.adds_up,
        counts_for_nothing=lambda b: bool(b.y) and weights.counts_for_nothing(*b.y),
    )
