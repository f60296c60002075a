"""How good the lists of recommendations are, on what was put aside, beside those of popularity alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tipoff.data.dataloaders import DataLoaders
from tipoff.metrics.ranking import mrr, ndcg_at_k, recall_at_k, recall_each

if TYPE_CHECKING:
    from tipoff.collab.recommender import Recommender

AT_ONCE = 256  # users
Scores = Callable[[Tensor], Tensor]  # users (B,) -> of all items (B, N)


def ranking(
    recommender: Recommender, dls: DataLoaders, k: int = 10, at_least: float | None = None
) -> dict[str, float]:
    """Recall, NDCG at `k` and the mean reciprocal rank over the users with validation rows.

    All items are ranked but those of a user's own training rows. Relevant is what the validation rows hold; with
    `at_least`, only ratings of at least that.
    """
    return _means(recommender.scores, dls, k, at_least)


def popularity_baseline(dls: DataLoaders, k: int = 10, at_least: float | None = None) -> dict[str, float]:
    """The same figures of a list that is the same for everybody: items by how many training rows they have."""
    return _means(_popularity(dls), dls, k, at_least)


def recalls(recommender: Recommender | None, dls: DataLoaders, k: int = 10) -> Tensor:  # -> (U,)
    """Recall at `k` of each user with validation rows; of the list by popularity where `recommender` is None."""
    scores_of = _popularity(dls) if recommender is None else recommender.scores
    return torch.cat([recall_each(*part, k) for part in _parts(scores_of, dls, None)])


def _popularity(dls: DataLoaders) -> Scores:
    n_items = len(dls.plan.inputs[0].item_names)  # type: ignore[union-attr]
    counts = torch.bincount(dls.train.dataset.x[:, 1], minlength=n_items).float()
    return lambda users: counts.expand(len(users), -1)


def _means(scores_of: Scores, dls: DataLoaders, k: int, at_least: float | None) -> dict[str, float]:
    total, n = torch.zeros(3), 0
    for scores, relevant in _parts(scores_of, dls, at_least):
        figures = [recall_at_k(scores, relevant, k), ndcg_at_k(scores, relevant, k), mrr(scores, relevant)]
        total, n = total + torch.stack(figures) * len(scores), n + len(scores)
    names = (f"recall@{k}", f"ndcg@{k}", "mrr")
    return {name: float(v) for name, v in zip(names, total / max(n, 1), strict=True)}


def _parts(
    scores_of: Scores, dls: DataLoaders, at_least: float | None
) -> Iterator[tuple[Tensor, Tensor]]:  # (B, N), (B, N)
    """Scores of all items and which are relevant, for some of the users with validation rows at a time."""
    train, valid = dls.train.dataset, dls.valid.dataset
    wanted = valid.x if at_least is None else valid.x[valid.y[:, 0] >= at_least]
    wanted = wanted[(wanted > 0).all(1)]
    users = wanted[:, 0].unique()
    for group in users.split(AT_ONCE) if len(users) else ():
        scores = scores_of(group).clone()
        scores[:, 0] = -torch.inf
        row_of = torch.full((int(max(users.max(), train.x[:, 0].max())) + 1,), -1)
        row_of[group] = torch.arange(len(group))
        mine = train.x[row_of[train.x[:, 0]] >= 0]
        scores[row_of[mine[:, 0]], mine[:, 1]] = -torch.inf
        relevant = torch.zeros_like(scores, dtype=torch.bool)
        theirs = wanted[row_of[wanted[:, 0]] >= 0]
        relevant[row_of[theirs[:, 0]], theirs[:, 1]] = True
        yield scores, relevant
