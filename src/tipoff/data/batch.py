"""What a loader yields and a model consumes."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Batch(NamedTuple):
    """Inputs, targets and the positions of their items, all with the same leading size."""

    x: tuple[Tensor, ...]
    y: tuple[Tensor, ...]
    items: Tensor  # (B,) long, on the CPU: positions in the data set

    @property
    def size(self) -> int:
        return len(self.items)
