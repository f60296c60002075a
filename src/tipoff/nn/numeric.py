"""Numbers of a table as vectors: piecewise-linear embeddings (Gorishniy, Rubachev and Babenko 2022)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# B batch, D columns of numbers, T bins of a column, E size of an embedding


def quantile_edges(x: Tensor, n_bins: int) -> list[Tensor]:  # (N, D) -> D times (at most n_bins + 1,)
    """The edges of bins that hold about as many rows each; a column of few values has fewer bins.

    A value that fills a bin by itself, as the zeros of many columns do, is one edge, and the others are spread over
    the rows that are left.

    >>> quantile_edges(torch.tensor([[0.0], [1], [2], [3], [4]]), 2)
    [tensor([0., 2., 4.])]
    """
    return [_edges(column, n_bins) for column in x.T]


def _edges(column: Tensor, n_bins: int) -> Tensor:  # (N,) -> (at most n_bins + 1,)
    values, counts = torch.unique(column, return_counts=True)  # sorted
    chosen = torch.full((len(values),), len(values) <= n_bins + 1)
    chosen[[0, -1]] = True
    while (room := n_bins + 1 - int(chosen.sum())) > 0 and not chosen.all():
        rest = torch.where(chosen, 0, counts)
        heavy = rest > rest.sum() / (room + 1)
        if heavy.any():
            chosen[rest.argmax()] = True
            continue
        below = rest.cumsum(0).double() / rest.sum()
        at = torch.arange(1, room + 1, dtype=torch.float64) / (room + 1)
        chosen[torch.searchsorted(below, at)] = True
        break
    edges: Tensor = values[chosen]
    return edges


class PiecewiseLinear(nn.Module):
    """Each number as a vector that is a piecewise-linear function of it: (B, D) -> (B, D, E).

    The bins are of the training rows: `fit` sets them, and they are kept in the state. A number outside of them counts
    as the nearest that was seen, so that an odd row is no odder than that. To begin with the function is linear in
    the share of training rows below the number.
    """

    left: Tensor
    per_width: Tensor

    def __init__(self, n_cont: int, n_bins: int, size: int) -> None:
        super().__init__()
        self.n_bins = n_bins
        self.register_buffer("left", torch.zeros(n_cont, n_bins))
        self.register_buffer("per_width", torch.zeros(n_cont, n_bins))  # 0 where a column has fewer bins
        bound = size**-0.5
        self.linear = nn.Parameter(torch.empty(n_cont, size).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(n_cont, size).uniform_(-bound, bound))
        self.weight = nn.Parameter(torch.zeros(n_cont, n_bins, size))

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:  # (N, D)
        """Set the bins by the quantiles of the training rows."""
        self.left.zero_()
        self.per_width.zero_()
        for d, edges in enumerate(quantile_edges(x, self.n_bins)):
            n = len(edges) - 1
            self.left[d, :n] = edges[:-1]
            # a width that is hardly a number has no finite inverse
            self.per_width[d, :n] = 1 / edges.diff().clamp(min=torch.finfo(edges.dtype).tiny)

    def encode(self, x_BD: Tensor) -> Tensor:
        """How much of each bin lies below the number, in [0, 1]: (B, D, T)."""
        return ((x_BD[..., None] - self.left) * self.per_width).clamp(0, 1)

    def forward(self, x_BD: Tensor) -> Tensor:
        bins_BDT = self.encode(x_BD)
        share_BD = bins_BDT.sum(-1) / (self.per_width > 0).sum(-1).clamp(min=1)
        centred_BD1 = (share_BD * 2 - 1)[..., None] * 3**0.5  # mean 0 and variance 1 where shares are even
        made_DBE = torch.bmm(bins_BDT.transpose(0, 1), self.weight)
        return made_DBE.transpose(0, 1) + centred_BD1 * self.linear + self.bias
