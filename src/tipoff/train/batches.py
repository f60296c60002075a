"""What the loop needs of a loader and of a metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from torch import Tensor

from tipoff.data.batch import Batch


class Batches(Protocol):
    """Batches whose order is a function of the epoch."""

    def __len__(self) -> int: ...

    def batches(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of `epoch` from batch `start` on, on the CPU."""
        ...

    def finish(self, batch: Batch, epoch: int) -> Batch:
        """What is left to do on the device."""
        ...


class Accumulating(Protocol):
    """A metric: figures over everything since `reset`."""

    name: str

    def reset(self) -> None: ...
    def update(self, pred: Tensor, *y: Tensor) -> None: ...
    def compute(self) -> float: ...
    def state(self) -> dict[str, Tensor]: ...
    def merge(self, states: Sequence[Mapping[str, Tensor]]) -> None: ...
