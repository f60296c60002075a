"""Networks for pairs of a user and an item: the dot product with biases, and embeddings with layers."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tipoff.collab.names import Names
from tipoff.collab.seen import Seen
from tipoff.errors import DataError, UsageError, did_you_mean
from tipoff.nn.embedding import Embedding
from tipoff.nn.layers import lin_bn_drop
from tipoff.nn.vectors import Vectors
from tipoff.spec import Spec

# B batch, F factors, K members, A features of a user or an item

Range = tuple[float, float]
MAX_SIZE = 2**31


def onto_range(z: Tensor, y_range: Range | None) -> Tensor:
    """A sigmoid onto `y_range`, or nothing."""
    if y_range is None:
        return z
    low, high = y_range
    return z.sigmoid() * (high - low) + low


class Tower(nn.Module):
    """What features add to the factors and the bias of a user or an item: a sum of one vector a feature.

    The table of features, (n, A), is a buffer, so that codes are enough to look them up (LightFM, Kula 2015).
    """

    table: Tensor

    def __init__(self, n: int, n_features: int, n_factors: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.zeros(n, n_features))
        self.weight = nn.Parameter(torch.randn(n_features, n_factors + 1) * 0.01)

    def forward(self, codes: Tensor) -> Tensor:  # (B,) -> (B, F + 1)
        return self.table[codes] @ self.weight


class EmbeddingDotBias(nn.Module):
    """The dot product of a user's and an item's factors, plus a bias of each, onto `y_range`: (B, 2) -> (B, 1).

    In training the factors are dealt out to `members`, each of which is to explain the rating alone, (B, members): the
    whole is then the mean of models that share their biases, and is right more often than one that was trained as a whole
    (docs/decisions/012-ratings.md). With one member it is fastai's model.
    """

    def __init__(
        self,
        n_factors: int,
        n_users: int,
        n_items: int,
        y_range: Sequence[float] | None = None,
        members: int = 1,
        n_user_features: int = 0,
        n_item_features: int = 0,
        n_seen: int | None = None,
    ) -> None:
        super().__init__()
        if n_factors % members:
            raise UsageError(f"{n_factors} factors cannot be dealt out to {members} members evenly.")
        self.y_range: Range | None = None if y_range is None else (float(y_range[0]), float(y_range[1]))
        self.members = members
        self.u_weight, self.i_weight = Embedding(n_users, n_factors), Embedding(n_items, n_factors)
        self.u_bias, self.i_bias = Embedding(n_users, 1), Embedding(n_items, 1)
        self.u_tower = Tower(n_users, n_user_features, n_factors) if n_user_features else None
        self.i_tower = Tower(n_items, n_item_features, n_factors) if n_item_features else None
        if n_seen is not None:
            self.seen = Seen(n_users, n_items, n_seen)
            self.register_buffer("noise", torch.ones(()))  # the mean squared error in training

    @classmethod
    def from_classes(
        cls,
        n_factors: int,
        classes: Mapping[str, Sequence[Any]],
        user: str | None = None,
        item: str | None = None,
        y_range: Sequence[float] | None = None,
    ) -> EmbeddingDotBias:
        """Of the size of `classes`, the names by their codes: fastai's way to make one."""
        names = list(classes)
        user, item = user or names[0], item or names[1]
        made = cls(n_factors, len(classes[user]), len(classes[item]), y_range)
        made.name(classes, user, item)
        return made

    def name(self, classes: Mapping[str, Sequence[Any]], user: str, item: str) -> None:
        """Tell the model the names behind the codes, for `bias` and `weight`."""
        self.classes, self.user, self.item = classes, user, item

    def side(self, codes: Tensor, *, items: bool) -> tuple[Tensor, Tensor]:  # (B,) -> (B, F), (B, 1)
        """The factors and biases of users, or of items, with what their features add."""
        weight, bias = (self.i_weight, self.i_bias) if items else (self.u_weight, self.u_bias)
        tower = self.i_tower if items else self.u_tower
        factors, biases = weight(codes), bias(codes)
        if tower is not None:
            added = tower(codes)
            factors, biases = factors + added[:, :-1], biases + added[:, -1:]
        return factors, biases

    def forward(self, x: Tensor) -> Tensor:  # (B, 2) -> (B, K) in training, (B, 1) otherwise
        users, items = x.unbind(1)
        (p, b_user), (q, b_item) = self.side(users, items=False), self.side(items, items=True)
        if self.training and self.members > 1:
            dot = (p * q).view(len(x), self.members, -1).sum(2) * self.members
        else:
            dot = (p * q).sum(1, keepdim=True)
        return onto_range(dot + b_user + b_item, self.y_range)

    # what the lesson looks at ----------------------------------------------------------------

    def _codes(self, arr: Any, is_item: bool) -> Tensor:
        if not hasattr(self, "classes"):
            raise UsageError("This model does not know the names behind its codes; collab_learner tells it.")
        name = self.item if is_item else self.user
        known = self.classes[name]
        names = known if isinstance(known, Names) else Names(list(known)[1:])
        wanted = [arr] if isinstance(arr, (str, int)) else list(arr)
        codes = [names.code(o) for o in wanted]
        if 0 in codes:
            missing = wanted[codes.index(0)]
            raise DataError(
                f"{name} {missing!r} is not in the training data."
                f"{did_you_mean(str(missing), map(str, names))} Where it is in your table, all of its ratings may have "
                "been put aside for validation."
            )
        return torch.tensor(codes)

    @torch.no_grad()
    def bias(self, arr: Any, is_item: bool = True) -> Tensor:  # -> (n,)
        """The biases of the items (or users) in `arr`, by name."""
        return self.side(self._codes(arr, is_item).to(self.i_bias.weight.device), items=is_item)[1][
            :, 0
        ].cpu()

    @torch.no_grad()
    def weight(self, arr: Any, is_item: bool = True) -> Tensor:  # -> (n, F)
        """The factors of the items (or users) in `arr`, by name."""
        factors = self.side(self._codes(arr, is_item).to(self.i_bias.weight.device), items=is_item)[0]
        return factors.cpu().as_subclass(Vectors)

    # who is not known --------------------------------------------------------------------------

    @torch.no_grad()
    def fill_unknown(self, u_count: Tensor, i_count: Tensor) -> None:
        """Give code 0, and whoever has no rating to learn from, the mean of those who have.

        `u_count` (n_users,) and `i_count` (n_items,) say how many ratings each has, and how much it counts.
        """
        _fill(u_count, self.u_weight, self.u_bias)
        _fill(i_count, self.i_weight, self.i_bias)


class EmbeddingNN(nn.Module):
    """Embeddings of the user and the item side by side, then linear layers: (B, 2) -> (B, 1).

    Neural collaborative filtering, as fastai's `use_nn=True`: each layer with a norm and `ps` dropout.
    """

    members = 1

    def __init__(
        self,
        emb_szs: Sequence[tuple[int, int]],
        layers: Sequence[int],
        y_range: Sequence[float] | None = None,
        ps: float = 0.0,
        embed_p: float = 0.0,
        use_bn: bool = True,
        n_seen: int | None = None,
    ) -> None:
        super().__init__()
        self.y_range: Range | None = None if y_range is None else (float(y_range[0]), float(y_range[1]))
        self.embeds = nn.ModuleList(Embedding(n, size) for n, size in emb_szs)
        self.emb_drop = nn.Dropout(embed_p)
        sizes = [sum(size for _, size in emb_szs), *layers]
        made: list[nn.Module] = []
        for n_in, n_out in itertools.pairwise(sizes):
            made += lin_bn_drop(n_in, n_out, ps, nn.ReLU(inplace=True), use_bn, lin_first=True)
        self.layers = nn.Sequential(*made, nn.Linear(sizes[-1], 1))
        if n_seen is not None:
            self.seen = Seen(emb_szs[0][0], emb_szs[1][0], n_seen)

    def forward(self, x: Tensor) -> Tensor:  # (B, 2) -> (B, 1)
        parts = [embed(codes) for embed, codes in zip(self.embeds, x.unbind(1), strict=True)]
        return onto_range(self.layers(self.emb_drop(torch.cat(parts, 1))), self.y_range)

    @torch.no_grad()
    def fill_unknown(self, u_count: Tensor, i_count: Tensor) -> None:
        """As `EmbeddingDotBias.fill_unknown`."""
        for embed, count in zip(self.embeds, (u_count, i_count), strict=True):
            assert isinstance(embed, Embedding)
            _fill(count, embed)


def _fill(count: Tensor, *tables: Embedding) -> None:
    share = count.float()
    share[0] = 0.0
    for table in tables:
        table.weight[share == 0] = (share / share.sum()) @ table.weight


@dataclass(frozen=True)
class CollabModel(Spec):
    """A network for ratings as a value: the dot product, or with `layers` embeddings of sizes `emb_szs` and layers."""

    n_users: int
    n_items: int
    n_factors: int = 50
    members: int = 10
    y_range: Range | None = None
    n_user_features: int = 0
    n_item_features: int = 0
    n_seen: int = 0
    layers: tuple[int, ...] | None = None
    emb_szs: tuple[int, int] | None = None
    ps: float = 0.0
    embed_p: float = 0.0
    use_bn: bool = True

    n_out: ClassVar[int] = 1

    def __post_init__(self) -> None:
        counts = (
            self.n_users,
            self.n_items,
            self.n_factors,
            self.members,
            *(self.layers or ()),
            *(self.emb_szs or ()),
        )
        spare = (self.n_user_features, self.n_item_features, self.n_seen)
        if not all(0 < n < MAX_SIZE for n in counts) or not all(0 <= n < MAX_SIZE for n in spare):
            raise UsageError(f"No network is of these sizes: {self}.")

    def build(self) -> EmbeddingDotBias | EmbeddingNN:
        """The network with random weights."""
        if self.layers is not None:
            assert self.emb_szs is not None
            sizes = [(self.n_users, self.emb_szs[0]), (self.n_items, self.emb_szs[1])]
            return EmbeddingNN(
                sizes, self.layers, self.y_range, self.ps, self.embed_p, self.use_bn, self.n_seen
            )
        return EmbeddingDotBias(
            self.n_factors, self.n_users, self.n_items, self.y_range, self.members,
            self.n_user_features, self.n_item_features, self.n_seen,
        )  # fmt: skip

    def learner_class(self) -> Any:
        """What `load_learner` makes of a model file with such a network: a `CollabLearner`."""
        return importlib.import_module("tipoff.collab.learner").CollabLearner
