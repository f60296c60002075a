"""How a difference between two answers divides among the parts of what was asked (Shapley 1953), by sampling."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

# K parts, R rounds, N rows to compare with, O outputs


class Shapley(NamedTuple):
    """`values` (K, O) add up to `end` - `start`, (O,); `errors` (K, O) are standard errors, of orders and of rows."""

    values: Tensor
    errors: Tensor
    start: Tensor
    end: Tensor


def shapley(
    answer: Callable[[Tensor], Tensor], n_parts: int, n_rows: int, *, n_rounds: int = 100, seed: int = 0
) -> Shapley:
    """What each part of one sample contributed to its answer, compared with `n_rows` other samples.

    `answer` gets (M, K) long, which says for M mixed samples where each part comes from: a position among the rows to
    compare with, or `n_rows` for the sample that is explained; it gives (M, O). A round takes one of the rows, and puts the
    parts of the sample into it one by one, in a random order and in the reverse of it; a part's value is the mean of
    what changed with it (Štrumbelj and Kononenko 2014; orders in pairs: Mitchell et al. 2022). It asks for 2 R (K + 1)
    answers. `start` is the mean answer of the rows that were taken, each as often as the others where R is a
    multiple of N.

    >>> weights = torch.tensor([1.0, 2.0])
    >>> rows = torch.tensor([[0.0, 0.0], [3.0, 1.0]])  # one to compare with, and the sample
    >>> found = shapley(lambda at: rows.gather(0, at) @ weights[:, None], 2, 1, n_rounds=4)
    >>> found.values.flatten().tolist()
    [3.0, 2.0]
    """
    rng = torch.Generator().manual_seed(seed)
    n_rounds = max(2, n_rounds)
    order = torch.stack([torch.randperm(n_parts, generator=rng) for _ in range(n_rounds)])
    order = torch.stack([order, order.flip(1)], 1)  # (R, 2, K)
    taken = torch.cat([torch.randperm(n_rows, generator=rng) for _ in range(-(-n_rounds // n_rows))])[
        :n_rounds
    ]
    rank = order.argsort(-1)  # when each part is put in
    step = torch.arange(n_parts + 1)[:, None]
    at = torch.where(rank[:, :, None] < step, n_rows, taken[:, None, None, None])  # (R, 2, K + 1, K)
    said = answer(at.reshape(-1, n_parts)).double().reshape(n_rounds, 2, n_parts + 1, -1)
    change = said.diff(dim=2)  # (R, 2, K, O), in the order of putting in
    change = change.gather(2, rank[..., None].expand_as(change)).mean(1)  # (R, K, O)
    values, errors = change.mean(0), change.std(0) / n_rounds**0.5
    return Shapley(values, errors, said[:, 0, 0].mean(0), said[0, 0, -1])
