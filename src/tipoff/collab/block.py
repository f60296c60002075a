"""Blocks of ratings: who rated what as two codes, and the rating itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from torch import Tensor
from torch.nn import functional as F

from tipoff.answer import Regression
from tipoff.collab.features import Features
from tipoff.collab.names import Names, pairs_of, vocabulary
from tipoff.data.block import Block, Target
from tipoff.display import entitle
from tipoff.errors import DataError, NotSetUp
from tipoff.notes import note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# B batch, K members


@dataclass(frozen=True)
class PairBlock(Block):
    """A user and an item as two codes, long (2,); code 0 is a user or an item that is not known.

    `users` and `items` are read from the training rows, and from the tables of features where there are some: an item that
    nobody has rated yet can then be recommended all the same.
    """

    user_name: str = "user"
    item_name: str = "item"
    users: tuple[Any, ...] | None = None
    items: tuple[Any, ...] | None = None
    user_features: Features | None = None
    item_features: Features | None = None

    def setup(self, values: Sequence[Any]) -> Self:
        if self.users is not None and self.items is not None:
            return self
        users, items = pairs_of(values)
        return self.replace(users=vocabulary(users), items=vocabulary(items))

    @cached_property
    def user_names(self) -> Names:
        return _set_up(self.users)

    @cached_property
    def item_names(self) -> Names:
        return _set_up(self.items)

    @property
    def classes(self) -> dict[str, Names]:
        """The names by their codes, as fastai's `dls.classes`."""
        return {self.user_name: self.user_names, self.item_name: self.item_names}

    def encode(self, value: Any) -> Tensor:  # -> long (2,)
        try:
            user, item = value
        except (TypeError, ValueError):
            raise DataError(f"{value!r:.60} is no pair of a user and an item.") from None
        codes = self.user_names.code(user), self.item_names.code(item)
        for what, name, code in zip((self.user_name, self.item_name), (user, item), codes, strict=True):
            if not code:
                note(
                    f"{what} {name!r} is not in the training data: answered as for an average {what}",
                    once=True,
                )
        return torch.tensor(codes)

    def encode_all(self, values: Sequence[Any]) -> Tensor:  # -> long (N, 2)
        return self.encode_columns(*pairs_of(values))

    def encode_columns(self, users: Any, items: Any) -> Tensor:  # -> long (N, 2)
        """Two columns at once."""
        codes = self.user_names.codes(users), self.item_names.codes(items)
        return torch.stack([torch.from_numpy(c) for c in codes], 1)

    def decode(self, value: Tensor) -> tuple[Any, Any]:
        return self.user_names[int(value[0])], self.item_names[int(value[1])]

    def show(self, value: Tensor, ax: Axes) -> None:
        user, item = self.decode(value)
        entitle(ax, f"{self.user_name} {user}\n{item}")


def _set_up(names: tuple[Any, ...] | None) -> Names:
    if names is None:
        raise NotSetUp("PairBlock knows no users and items yet: setup reads them from the training rows.")
    return Names(names)


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
