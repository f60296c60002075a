"""How many threads compute a run: one where its steps are small, else as many as PyTorch takes.

Threads wait for one another after every operation. A step of a few milliseconds gains nothing from a second one, and loses
much where another process wants the core. The choice follows from the work of the first step alone, never from a clock: two
runs of the same thing choose alike. See docs/decisions/029-threads.md.
"""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

LARGE = 1_000_000  # parameters: such a network is not counted, its steps are large
ENOUGH = 4e8  # the work of a step, as `Work` counts it, from which all threads compute
PER_NUMBER = 20  # reading or writing a number takes as long as so many operations of a matrix product


def default_threads() -> int:
    """How many threads PyTorch takes where nobody says otherwise: one for each core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def own_threads() -> bool:
    """Whether the user has said how many threads compute, by the environment or `torch.set_num_threads`."""
    said = any(name in os.environ for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"))
    return said or torch.get_num_threads() != default_threads()


def is_large(model: nn.Module) -> bool:
    """Whether steps of `model` are large by its size, or it cannot be watched."""
    compiled = any(hasattr(m, "_orig_mod") for m in model.modules())
    return compiled or sum(p.numel() for p in model.parameters()) >= LARGE


class Work(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what is computed in its context, the backward pass too; results are as without it.

    `n` is the operations of matrix products and convolutions, and `PER_NUMBER` for each number that other operations make.

    >>> with Work() as work:
    ...     torch.zeros(2, 3) @ torch.zeros(3, 5)
    >>> work.n - 20 * 21  # 20 for each of the 21 zeros
    60
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.n = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        flops = flop_registry.get(func._overloadpacket)
        if flops is not None:
            self.n += int(flops(*args, **(kwargs or {}), out_val=out))
        elif not func.is_view:
            self.n += PER_NUMBER * sum(t.numel() for t in tree_leaves(out) if isinstance(t, Tensor))
        return out
