"""Networks for tables: fastai's, and one of many members that share their weights."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tipoff.errors import UsageError
from tipoff.nn.embedding import Embedding, Lookup, emb_sz_rule
from tipoff.nn.layers import SigmoidRange, lin_bn_drop
from tipoff.nn.members import Adapter, MemberLinear, average
from tipoff.nn.numeric import PiecewiseLinear
from tipoff.spec import Spec
from tipoff.tabular.config import get_emb_sz, tabular_config

__all__ = ["TabularModel", "emb_sz_rule", "get_emb_sz", "tabular_config"]

Sizes = Sequence[tuple[int, int]]  # of each category: how many codes, how many numbers stand for one
Average = Literal["softmax", "sigmoid", "mean"]

# B batch, C categories, D columns of numbers, K members


def _look_up(embeds: nn.ModuleList, cats: Tensor) -> list[Tensor]:
    columns = cats.t().contiguous()  # once, rather than in each lookup and in the gradient of each
    return [embed(codes) for embed, codes in zip(embeds, columns, strict=True)]


class TabularModel(nn.Module):
    """fastai's network: embeddings of categories and numbers side by side, then linear layers with batch norms.

    (B, C) long and (B, D) -> (B, out_sz). `ps` is the dropout behind each layer, `embed_p` that of the embeddings.
    """

    def __init__(
        self,
        emb_szs: Sizes,
        n_cont: int,
        out_sz: int,
        layers: Sequence[int],
        ps: float | Sequence[float] | None = None,
        embed_p: float = 0.0,
        y_range: tuple[float, float] | None = None,
        use_bn: bool = True,
        bn_final: bool = False,
        bn_cont: bool = True,
        act_cls: nn.Module | None = None,
        lin_first: bool = True,
    ) -> None:
        super().__init__()
        drops = [float(p) for p in ps] if isinstance(ps, Sequence) else [ps or 0.0] * len(layers)
        if len(drops) != len(layers):
            raise UsageError(f"ps has {len(drops)} numbers for {len(layers)} layers.")
        act = nn.ReLU(inplace=True) if act_cls is None else act_cls
        self.embeds = nn.ModuleList(Embedding(n, size) for n, size in emb_szs)
        self.emb_drop = nn.Dropout(embed_p)
        self.bn_cont = nn.BatchNorm1d(n_cont) if bn_cont and n_cont else None
        sizes = [sum(size for _, size in emb_szs) + n_cont, *layers, out_sz]
        made: list[nn.Module] = []
        for i, (p, (n_in, n_out)) in enumerate(zip([*drops, 0.0], pairwise(sizes), strict=True)):
            last = i == len(layers)
            bn = use_bn and (not last or bn_final)
            made.append(nn.Sequential(*lin_bn_drop(n_in, n_out, p, None if last else act, bn, lin_first)))
        if y_range is not None:
            made.append(SigmoidRange(*y_range))
        self.layers = nn.Sequential(*made)

    def forward(self, cats: Tensor, conts: Tensor) -> Tensor:
        parts = _look_up(self.embeds, cats)
        if parts and self.training and self.emb_drop.p:
            parts = [self.emb_drop(torch.cat(parts, 1))]
        if conts.shape[1]:
            parts.append(conts if self.bn_cont is None else self.bn_cont(conts))
        out: Tensor = self.layers(torch.cat(parts, 1))
        return out


class TabM(nn.Module):
    """Members that share all but their view of the input and their last layer, trained side by side.

    Numbers become piecewise-linear embeddings, whose bins `fit` reads off the training rows. (B, C) long and (B, D)
    -> (B, K, n_out) in training, and (B, n_out) otherwise: the members' mean, as `average` takes it.
    """

    def __init__(
        self,
        emb_szs: Sizes,
        n_cont: int,
        n_out: int,
        layers: Sequence[int],
        n_members: int,
        n_bins: int,
        cont_size: int,
        p: float,
        how: Average,
    ) -> None:
        super().__init__()
        self.n_members, self.how, self.p = n_members, how, p
        embeds = [Lookup(n, size) for n, size in emb_szs]
        for embed in embeds:
            nn.init.zeros_(embed.weight.data[0])  # what was never seen has no direction
        self.embeds = nn.ModuleList(embeds)
        self.numbers = PiecewiseLinear(n_cont, n_bins, cont_size)
        sizes = [*(size for _, size in emb_szs), *[cont_size] * n_cont]
        self.adapter = Adapter(sizes, n_members)
        widths = [sum(sizes), *layers]
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(widths))
        self.head = MemberLinear(widths[-1], n_out, n_members)

    def fit(self, conts: Tensor) -> None:  # (N, D)
        """Read the bins of the numbers off the training rows."""
        self.numbers.fit(conts)

    def forward(self, cats: Tensor, conts: Tensor) -> Tensor:
        x_BI = torch.cat([*_look_up(self.embeds, cats), self.numbers(conts).flatten(1)], 1)
        if torch.is_autocast_enabled(x_BI.device.type):
            x_BI = x_BI.to(torch.get_autocast_dtype(x_BI.device.type))
        x_BKH = self.adapter(x_BI)
        for layer in self.layers:
            x_BKH = self._drop(F.relu(layer(x_BKH)))
        with torch.autocast(x_BI.device.type, enabled=False):  # answers of 8 bits would be coarse
            out_BKO: Tensor = self.head(x_BKH.float())
        return out_BKO if self.training else average(out_BKO, self.how)

    def _drop(self, x_BKH: Tensor) -> Tensor:
        """Dropout that is the same for all members, which is drawn once and no worse."""
        if not self.training or not self.p:
            return x_BKH
        return x_BKH * F.dropout(torch.ones_like(x_BKH[:, :1]), self.p)


@dataclass(frozen=True)
class _Table(Spec):
    """What every network for tables knows; it is trained by a `TabularLearner`."""

    emb_szs: tuple[tuple[int, int], ...]
    n_cont: int
    n_out: int

    def learner_class(self) -> Any:
        """What `load_learner` makes of a model file with such a network: a `TabularLearner`."""
        return importlib.import_module("tipoff.tabular.learner").TabularLearner

    def _check(self, *sizes: int) -> None:
        """Raises `UsageError` for sizes that no network has."""
        if not self.emb_szs and not self.n_cont:
            raise UsageError("There are no columns to learn from.")
        every = [*(n for pair in self.emb_szs for n in pair), self.n_out, *sizes]
        if not all(0 < n < 2**31 for n in every) or self.n_cont < 0 or len(sizes) > 100:
            raise UsageError(
                f"No network is of these sizes: {str((self.emb_szs, self.n_out, *sizes))[:300]}."
            )


@dataclass(frozen=True)
class MLPSpec(_Table):
    """fastai's `TabularModel`, as a value; the fields are its arguments."""

    layers: tuple[int, ...] = (200, 100)
    ps: float | tuple[float, ...] | None = None
    embed_p: float = 0.0
    use_bn: bool = True
    bn_final: bool = False
    bn_cont: bool = True
    lin_first: bool = True

    def __post_init__(self) -> None:
        self._check(*self.layers)

    def build(self) -> TabularModel:
        """The network with random weights."""
        return TabularModel(
            self.emb_szs,
            self.n_cont,
            self.n_out,
            self.layers,
            self.ps,
            self.embed_p,
            use_bn=self.use_bn,
            bn_final=self.bn_final,
            bn_cont=self.bn_cont,
            lin_first=self.lin_first,
        )


@dataclass(frozen=True)
class TabMSpec(_Table):
    """`TabM` as a value: `n_members` networks on embeddings of `cont_size` with `n_bins` bins a column of numbers.

    `ps` is the dropout behind each layer. `average` says what is averaged: probabilities of classes (softmax), of
    labels or on a range (sigmoid), or the outputs (mean).
    """

    layers: tuple[int, ...] = (192, 192)
    ps: float = 0.1
    n_members: int = 8
    n_bins: int = 96
    cont_size: int = 16
    average: Average = "mean"

    def __post_init__(self) -> None:
        self._check(*self.layers, self.n_members, self.n_bins, self.cont_size)

    def build(self) -> TabM:
        """The network with random weights, and bins that are not fitted yet."""
        return TabM(
            self.emb_szs,
            self.n_cont,
            self.n_out,
            self.layers,
            self.n_members,
            self.n_bins,
            self.cont_size,
            self.ps,
            self.average,
        )
