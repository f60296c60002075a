"""Who rated what: kept with a model, so that it does not recommend what somebody knows already."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Seen(nn.Module):
    """The items of each user, as buffers: those of user u are `items[start[u]:start[u + 1]]`, sorted."""

    start: Tensor
    items: Tensor

    def __init__(self, n_users: int, n_items: int, n_pairs: int) -> None:
        super().__init__()
        self.n_items = n_items
        self.register_buffer("start", torch.zeros(n_users + 1, dtype=torch.int64))
        self.register_buffer("items", torch.zeros(n_pairs, dtype=torch.int32))

    @classmethod
    def of_pairs(cls, x: Tensor, n_users: int, n_items: int) -> Seen:  # (N, 2) long
        """From pairs of codes; those with code 0, unknown, are left out."""
        known = x[(x > 0).all(1)]
        order = torch.argsort(known[:, 0] * n_items + known[:, 1])
        made = cls(n_users, n_items, len(known))
        made.start[1:] = torch.bincount(known[:, 0], minlength=n_users).cumsum(0)
        made.items.copy_(known[order, 1])
        return made

    def of(self, user: int) -> Tensor:  # -> (n,) long
        """The codes of what one user rated."""
        return self.items[int(self.start[user]) : int(self.start[user + 1])].long()

    @property
    def item_counts(self) -> Tensor:  # (n_items,) long
        """How many rated each item."""
        return torch.bincount(self.items.long(), minlength=self.n_items)
