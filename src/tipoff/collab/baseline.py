"""What averages alone predict: the figure that a model has to beat."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tipoff.data.dataloaders import DataLoaders

NAME = "averages of users and items"
DAMP_ITEM, DAMP_USER, ROUNDS = 5.0, 10.0, 10


def average_baseline(dls: DataLoaders) -> dict[str, Any]:
    """The mean rating, plus what is usual for the item and for the user, on the validation ratings.

    Returns `name`, `rmse`, and `predicted`, (N,), what it predicts for each validation rating.

    The averages are those of the training ratings, drawn towards the mean where there are few (Koren 2008, section 2.1).
    """
    train, valid = dls.train.dataset, dls.valid.dataset
    n_users, n_items = (int(torch.cat([train.x, valid.x])[:, k].max()) + 1 for k in (0, 1))
    mean, by_user, by_item = averages(train.x, train.y[:, 0], n_users, n_items)
    low, high = dls.targets[0].range  # type: ignore[attr-defined]
    predicted = (mean + by_user[valid.x[:, 0]] + by_item[valid.x[:, 1]]).clamp(low, high)
    rmse = float((predicted - valid.y[:, 0]).square().mean().sqrt())
    return {"name": NAME, "rmse": rmse, "predicted": predicted}


def averages(x: Tensor, y: Tensor, n_users: int, n_items: int) -> tuple[Tensor, Tensor, Tensor]:
    """The mean rating, and how far each user's and each item's lie from it, found in turn: (), (n_users,), (n_items,)."""
    users, items = x.unbind(1)
    mean = y.mean()
    by_user, by_item = torch.zeros(n_users), torch.zeros(n_items)
    for _ in range(ROUNDS):
        by_item = _damped(items, y - mean - by_user[users], n_items, DAMP_ITEM)
        by_user = _damped(users, y - mean - by_item[items], n_users, DAMP_USER)
    by_user[0] = by_item[0] = 0.0
    return mean, by_user, by_item


def _damped(codes: Tensor, values: Tensor, n: int, damp: float) -> Tensor:
    total = torch.zeros(n).index_add_(0, codes, values)
    return total / (torch.bincount(codes, minlength=n) + damp)
