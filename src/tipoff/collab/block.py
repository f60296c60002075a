"""A user and an item as two codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from torch import Tensor

from tipoff.collab.features import Features
from tipoff.collab.names import Names, pairs_of, vocabulary
from tipoff.data.block import Block
from tipoff.display import entitle
from tipoff.errors import DataError, NotSetUp, some
from tipoff.notes import note

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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

    things: ClassVar[str] = "pairs"

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
        """Of a pair, or of a row of a table (a dict, or a row of a data frame) that has the two columns."""
        user, item = self._pair(value)
        codes = self.user_names.code(user), self.item_names.code(item)
        for what, name, code in zip((self.user_name, self.item_name), (user, item), codes, strict=True):
            if not code:
                note(
                    f"{what} {name!r} is not in the training data: answered as for an average {what}",
                    once=True,
                )
        return torch.tensor(codes)

    def _pair(self, value: Any) -> tuple[Any, Any]:
        if hasattr(value, "items"):
            row = {str(name): v for name, v in value.items()}
            lacks = [name for name in (self.user_name, self.item_name) if name not in row]
            if lacks:
                raise DataError(f"The row lacks {some(lacks)}; it has {some(row, 12)}.")
            return row[self.user_name], row[self.item_name]
        try:
            user, item = value
        except (TypeError, ValueError):
            raise DataError(f"{value!r:.60} is no pair of a user and an item.") from None
        return user, item

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
