"""The loss of each sample, of losses that give one number for a batch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tipoff.nn.loss_weights import LossWeights

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

# B samples

Way = Callable[..., Tensor | None]


class SampleLosses:
    """The share of each sample in the loss of `learn`, and how much it counts in the mean.

    A mean loss is the sum of the shares, divided by the sum of the weights. The first batch shows which way leads there:
    the loss without its reduction, the loss of one sample at a time, or else, for a loss of the batch as a whole, its
    mean for each of them.
    """

    def __init__(self, learn: Learner) -> None:
        self.loss, self.target, self.own = learn.loss_func, learn.target, not learn.uses_target_loss
        self.weights = LossWeights(self.loss)
        self._way: Way | None = None

    def __call__(self, pred: Tensor, *y: Tensor) -> tuple[Tensor, Tensor]:  # -> (B,), (B,)
        """(shares, weights) of a batch of raw outputs and targets."""
        weights = self.weights.each(*y)
        if self.own:
            pred = self.target.for_metrics(pred)
        if self._way is None:
            wanted = self._mean(pred, *y)
            ways: list[Way] = [self._unreduced, self._of_target, self._one_by_one]
            self._way = next((w for w in ways if self._leads(w, wanted, weights, pred, *y)), self._together)
        shares = self._way(pred, *y)
        assert shares is not None
        return shares, weights

    def _mean(self, pred: Tensor, *y: Tensor) -> Tensor:
        loss: Tensor = self.loss(pred, *y)
        return loss / self.weights.total(*y) if self.weights.adds_up else loss

    def _leads(self, way: Way, wanted: Tensor, weights: Tensor, pred: Tensor, *y: Tensor) -> bool:
        try:
            shares = way(pred, *y)
        except Exception:  # whatever a loss of the user's says to one sample alone
            return False
        if shares is None:
            return False
        return bool(
            torch.isclose(shares.sum() / weights.sum(), wanted.float(), rtol=1e-3, atol=1e-6, equal_nan=True)
        )

    def _unreduced(self, pred: Tensor, *y: Tensor) -> Tensor | None:
        loss = self.loss
        if hasattr(loss, "reduction"):
            kept, loss.reduction = loss.reduction, "none"
            try:
                each: Tensor = loss(pred, *y)
            finally:
                loss.reduction = kept
        elif self.own and _takes_reduction(loss):
            each = loss(pred, *y, reduction="none")
        else:
            return None
        n = len(y[0])
        return each.float().reshape(n, -1).sum(1) if each.ndim and each.numel() % n == 0 else None

    def _of_target(self, pred: Tensor, *y: Tensor) -> Tensor | None:
        if self.own:
            return None
        each = self.target.loss_each(pred, *y)
        return each * (y[0].numel() / len(y[0]))  # which gives means over the numbers of a sample

    def _one_by_one(self, pred: Tensor, *y: Tensor) -> Tensor:
        each = [self._mean(pred[i : i + 1], *(t[i : i + 1] for t in y)) for i in range(len(pred))]
        weights = self.weights.each(*y)
        # a sample that counts for nothing has no mean
        return torch.where(weights > 0, torch.stack(each).float() * weights, 0.0)

    def _together(self, pred: Tensor, *y: Tensor) -> Tensor:
        return self._mean(pred, *y).float() * self.weights.each(*y)


def _takes_reduction(loss: Any) -> bool:
    try:
        return "reduction" in inspect.signature(loss).parameters
    except (TypeError, ValueError):
        return False
