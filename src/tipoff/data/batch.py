"""What a loader yields and a model consumes."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Batch(NamedTuple):
    """Inputs, targets and the positions of their items, all with the same leading size."""

    x: tuple[Tensor, ...]
    y: tuple[Tensor, ...]
    items: Tensor  # (B,) long, on the CPU: positions in the data set

    @property
    def size(self) -> int:
        return len(self.items)

    def to(self, device: torch.device) -> Batch:
        """Inputs and targets on `device`, positions where they are."""
        if device.type == "cpu":
            return self
        x, y = (tuple(_moved(t, device) for t in part) for part in (self.x, self.y))
        return Batch(x, y, self.items)


def _moved(t: Tensor, device: torch.device) -> Tensor:
    if device.type == "mps":  # which knows no float64, and reads memory that may be freed by then
        return (t.float() if t.dtype is torch.float64 else t).contiguous().to(device)
    return t.to(device, non_blocking=True)
