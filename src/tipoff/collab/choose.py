"""The network that suits some ratings: its sizes, its range, and what it keeps of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from tipoff.arguments import need_whole
from tipoff.collab.loaders import CollabDataLoaders
from tipoff.collab.model import CollabModel, EmbeddingDotBias, EmbeddingNN, Range
from tipoff.collab.seen import Seen
from tipoff.collab.targets import RatingBlock
from tipoff.errors import UsageError, did_you_mean
from tipoff.nn.embedding import emb_sz_rule

FACTORS_A_MEMBER = 5


def choose_model(
    dls: CollabDataLoaders,
    n_factors: int,
    use_nn: bool,
    emb_szs: Mapping[str, int] | None,
    layers: list[int] | None,
    config: dict[str, Any],
    y_range: Any,
    members: int | None,
) -> CollabModel:
    """The network that `collab_learner`'s arguments and the data ask for. Raises `UsageError` for what does not go together."""
    pairs = dls.pairs
    n_users, n_items = len(pairs.user_names), len(pairs.item_names)
    given = config.pop("y_range", y_range)
    if unknown := sorted(set(config) - {"ps", "embed_p", "use_bn"}):
        raise UsageError(
            f"config has {unknown[0]!r}; a network for ratings takes ps, embed_p, use_bn and y_range."
        )
    target = dls.targets[0]
    onto = _range(target, given, dls) if isinstance(target, RatingBlock) else None
    common: dict[str, Any] = {"y_range": onto, "n_seen": _n_seen(dls)}
    if use_nn:
        if pairs.user_features is not None or pairs.item_features is not None:
            raise UsageError("Features go with the dot product: leave out use_nn=True, or the features.")
        names = (pairs.user_name, pairs.item_name)
        if unknown := [n for n in emb_szs or {} if n not in names]:
            raise UsageError(f"emb_szs names {unknown[0]!r}.{did_you_mean(unknown[0], names)}")
        sizes = [
            (emb_szs or {}).get(k, emb_sz_rule(n)) for k, n in zip(names, (n_users, n_items), strict=True)
        ]
        drop = config.pop("ps", None)
        return CollabModel(
            n_users, n_items, layers=tuple(layers or [n_factors]), emb_szs=(sizes[0], sizes[1]),
            ps=float(drop or 0.0), members=1, **config, **common,
        )  # fmt: skip
    return CollabModel(
        n_users,
        n_items,
        n_factors,
        default_members(n_factors) if members is None else members,
        n_user_features=pairs.user_features.size if pairs.user_features else 0,
        n_item_features=pairs.item_features.size if pairs.item_features else 0,
        **common,
    )


def default_members(n_factors: int) -> int:
    """As many members as there can be with five factors or more each, all the same number.

    >>> [default_members(n) for n in (50, 40, 16, 7)]
    [10, 8, 2, 1]
    """
    need_whole("n_factors", n_factors, at_least=1)
    return max(
        m
        for m in range(1, n_factors + 1)
        if n_factors % m == 0 and (m == 1 or n_factors // m >= FACTORS_A_MEMBER)
    )


def _range(target: RatingBlock, given: Any, dls: CollabDataLoaders) -> Range | None:
    low, high = target.range
    if given is None:
        return None
    if given == "auto":
        span = high - low
        return low - span / 4, high + span / 8  # (0, 5.5) for 1 to 5 stars, as in the lesson
    floor, ceiling = float(given[0]), float(given[1])
    if not floor <= low <= high <= ceiling:
        wrong = low if low < floor else high
        rows = [
            int(part.dataset.rows[int((part.dataset.y == wrong).nonzero()[0, 0])])
            for part in dls.loaders
            if bool((part.dataset.y == wrong).any())
        ]
        where = f" (row {rows[0]})" if rows else ""
        raise UsageError(
            f"y_range is {floor:g} to {ceiling:g}, and there is the {target.name} {wrong:g}{where}: no answer could reach it. "
            "Widen y_range, or correct the table."
        )
    return floor, ceiling


def _pairs_of_all(dls: CollabDataLoaders) -> Tensor:
    return torch.cat([dl.dataset.x for dl in dls.loaders])


def _n_seen(dls: CollabDataLoaders) -> int:
    return int((_pairs_of_all(dls) > 0).all(1).sum())


def give_tables(model: EmbeddingDotBias | EmbeddingNN, dls: CollabDataLoaders) -> None:
    """Put into the model what it keeps of the data: who rated what, and the features."""
    pairs = dls.pairs
    made = Seen.of_pairs(_pairs_of_all(dls), len(pairs.user_names), len(pairs.item_names))
    model.seen.load_state_dict(made.state_dict())
    if isinstance(model, EmbeddingDotBias):
        for tower, table in zip((model.u_tower, model.i_tower), dls.tables, strict=True):
            if tower is not None and table is not None:
                tower.table.copy_(table)


def facts_of(dls: CollabDataLoaders, spec: CollabModel) -> dict[str, Any]:
    """What the model card says of the network and the data."""
    pairs = dls.pairs
    n = sum(dl.n for dl in dls.loaders)
    what = "ratings" if isinstance(dls.targets[0], RatingBlock) else "pairs"
    users, items = len(pairs.user_names) - 1, len(pairs.item_names) - 1
    return {
        "arch": "embeddings with layers" if spec.layers else "dot product with biases",
        "task": f"{n:,} {what} of {users:,} {pairs.user_name}s and {items:,} {pairs.item_name}s",
    }
