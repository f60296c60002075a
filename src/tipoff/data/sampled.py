"""Loaders whose epoch is not every item once: drawn by weight, or a random part."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from tipoff.arguments import need_whole
from tipoff.data.loader import Loader
from tipoff.errors import DataError, UsageError
from tipoff.rng import generator, permutation


class WeightedLoader(Loader):
    """In training, as many items an epoch as there are, drawn with replacement in proportion to `weights`.

    Without `shuffle`, as at validation, every item once and in order.
    """

    def __init__(self, dataset: Any, bs: int = 64, *, weights: Any, **options: Any) -> None:
        super().__init__(dataset, bs, **options)
        self.weights = need_weights(weights, len(dataset), "items in the data set")

    @classmethod
    def of(cls, loader: Any, weights: Any) -> Self:
        """`loader`, drawing by `weights`, one for each item of its data set. Raises `UsageError`."""
        return cls(weights=weights, **{**_options_of(loader, "weights"), "shuffle": True})

    def replace(self, **changes: Any) -> Loader:
        return super().replace(**{"weights": self.weights, **changes})

    def order(self, epoch: int) -> list[Tensor]:
        if not self.shuffle:
            return super().order(epoch)
        ends = self.weights.cumsum(0)
        at = torch.rand(self.n, generator=generator(self.seed, epoch), dtype=torch.float64) * ends[-1]
        drawn = torch.searchsorted(ends, at, right=True).clamp(max=int(self.weights.nonzero()[-1]))
        return list(torch.split(drawn[: len(self) * self.bs], self.bs) if self.drop_last else drawn.tensor_split(len(self)))


class PartialLoader(Loader):
    """In training, `partial_n` items an epoch, chosen anew each time; without `shuffle`, every item once and in order."""

    def __init__(self, dataset: Any, bs: int = 64, *, partial_n: int, **options: Any) -> None:
        self.partial_n = min(need_whole("partial_n", partial_n, at_least=1), len(dataset))
        super().__init__(dataset, bs, **options)
        if self.shuffle:
            self.bs = min(self.bs, self.partial_n)

    @classmethod
    def of(cls, loader: Any, partial_n: int) -> Self:
        """`loader`, with epochs of `partial_n` items. Raises `UsageError`."""
        return cls(partial_n=partial_n, **{**_options_of(loader, "partial_n"), "shuffle": True})

    def replace(self, **changes: Any) -> Loader:
        return super().replace(**{"partial_n": self.partial_n, **changes})

    def __len__(self) -> int:
        if not self.shuffle:
            return super().__len__()
        return self.partial_n // self.bs if self.drop_last else -(-self.partial_n // self.bs)

    def order(self, epoch: int) -> list[Tensor]:
        if not self.shuffle:
            return super().order(epoch)
        chosen = permutation((self.seed, epoch), self.n)[: self.partial_n]
        return list(
            torch.split(chosen[: len(self) * self.bs], self.bs) if self.drop_last else chosen.tensor_split(len(self))
        )


def need_weights(weights: Any, n: int, of: str) -> Tensor:
    """`weights` as `n` numbers of zero or more, not all zero, (n,) float64. Raises `UsageError`."""
    try:
        given = torch.from_numpy(np.asarray(weights, dtype=np.float64).copy())
    except (TypeError, ValueError):
        raise UsageError(f"wgts is a {type(weights).__name__}; numbers are needed, one for each of the {n} {of}.") from None
    if given.shape != (n,):
        raise UsageError(f"wgts has the shape {tuple(given.shape)}; one number is needed for each of the {n} {of}.")
    wrong = (~(given.isfinite() & (given >= 0))).nonzero().flatten()
    if len(wrong):
        i = int(wrong[0])
        raise UsageError(f"wgts[{i}] is {float(given[i])}; weights are numbers of zero or more.")
    if not given.any():
        raise DataError(f"All {n} weights are zero: no item would ever be drawn.")
    return given


def _options_of(loader: Any, what: str) -> dict[str, Any]:
    if type(loader) is not Loader:
        raise UsageError(
            f"{what} are for loaders of items one by one; this is a {type(loader).__name__}, which orders its items in its own way."
        )
    return loader.options
