"""What is predicted of a user and an item: a rating, or whether the item is taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor
from torch.nn import functional as F

from tipoff.answer import Regression
from tipoff.checked import checked
from tipoff.data.block import Block, Target
from tipoff.errors import DataError, NotSetUp, UsageError

# B batch, K members


@checked
@dataclass(frozen=True)
class RatingBlock(Target):
    """A rating, float (1,). `low` and `high` are the lowest and the highest that there are; answers stay between them.

    In training the network may give one answer for each of its members, (B, K): each is to be right by itself.
    """

    low: float | None = None
    high: float | None = None
    unit: str = ""
    name: str = "rating"

    default_metrics: ClassVar[tuple[str, ...]] = ("rmse",)
    default_loss: ClassVar[str] = "MSELossFlat()"

    def setup(self, values: Sequence[Any]) -> Self:
        if self.low is not None and self.high is not None:
            return self
        numbers = [float(v) for v in values]
        low, high = min(numbers), max(numbers)
        return self.replace(
            low=low if self.low is None else self.low, high=high if self.high is None else self.high
        )

    @property
    def n_out(self) -> int:
        return 1

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest rating."""
        if self.low is None or self.high is None:
            raise NotSetUp("RatingBlock does not know the range of the ratings yet.")
        return self.low, self.high

    def aligned(self, trained: Block) -> Block:
        """The range that the network answers in."""
        made = super().aligned(trained)
        assert isinstance(made, RatingBlock)
        (low, high), (its_low, its_high) = self.range, made.range
        if low < its_low or high > its_high:
            raise UsageError(
                f"These ratings go from {low:g} to {high:g}, and the network was trained on ratings from {its_low:g} to "
                f"{its_high:g}: bring them to that scale, or make a new learner."
            )
        return made

    def encode(self, value: Any) -> Tensor:  # -> float (1,)
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise DataError(f"{value!r} is not a rating: a number is needed.") from None
        if not math.isfinite(number):
            raise DataError(f"{value!r} is not a finite number.")
        return torch.tensor([number])

    def encode_all(self, values: Sequence[Any]) -> Tensor:  # -> float (N, 1)
        if hasattr(values, "to_numpy"):
            return torch.as_tensor(values.to_numpy(dtype="float32", copy=True))[:, None]
        return super().encode_all(values)  # type: ignore[no-any-return]

    def loss(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, K), (B, 1) -> ()
        return F.mse_loss(pred, y.expand_as(pred))

    def loss_each(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, K), (B, 1) -> (B,)
        return (pred - y).square().mean(-1)

    def activation(self, pred: Tensor) -> Tensor:
        return pred.clamp(*self.range)

    def decode(self, value: Tensor) -> float:
        return float(value.reshape(-1)[0])

    @property
    def answers(self) -> Regression:
        """How a number becomes an answer."""
        return Regression(self.unit)

    def answer(self, prob: Tensor) -> dict[str, Any]:
        return self.answers.answer(prob.reshape(-1).tolist())

    def sentence(self, prob: Tensor) -> str:
        return self.answers.sentence(prob.reshape(-1).tolist())


@checked
@dataclass(frozen=True)
class ClickBlock(Target):
    """Whether somebody took something: 1 for what was seen in the data, 0 for items drawn at random beside it.

    The loss is the cross-entropy of the item that was taken among `n_negatives` others (sampled softmax, Jean et al. 2015);
    its batches hold the pairs that happened first, then the drawn ones, `n_negatives` times as many.
    """

    n_negatives: int = 16

    default_metrics: ClassVar[tuple[str, ...]] = ()

    @property
    def n_out(self) -> int:
        return 1

    def encode(self, value: Any) -> Tensor:  # -> float (1,)
        return torch.tensor([float(value)])

    def decode(self, value: Tensor) -> float:
        return float(value.reshape(-1)[0])

    def loss(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, K), (B, 1) -> ()
        return self.loss_each(pred, y).mean()

    def loss_each(self, pred: Tensor, y: Tensor) -> Tensor:  # (B, K), (B, 1) -> (B,)
        n = int(y.sum())
        if not n or len(y) != n * (1 + self.n_negatives):  # pairs by themselves
            return F.binary_cross_entropy_with_logits(pred, y.expand_as(pred), reduction="none").mean(-1)
        scores = pred.reshape(1 + self.n_negatives, n, -1)  # (1 + negatives, n, K)
        each = (scores.logsumexp(0) - scores[0]).mean(-1)
        return each.repeat(1 + self.n_negatives)

    def activation(self, pred: Tensor) -> Tensor:
        return pred.sigmoid()

    def answer(self, prob: Tensor) -> dict[str, Any]:
        return {"value": float(prob.reshape(-1)[0])}

    def sentence(self, prob: Tensor) -> str:
        return f"{float(prob.reshape(-1)[0]):.2g}"
