"""Samples and batches, drawn."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from tipoff.arguments import need_whole
from tipoff.data.batch import Batch
from tipoff.data.plan import Plan
from tipoff.display import get_grid, shown
from tipoff.errors import UsageError


class Shown(Protocol):
    """What a loader must have for its batches to be drawn."""

    dataset: Any

    def order(self, epoch: int) -> list[Tensor]: ...

    def finish(self, batch: Batch, epoch: int) -> Batch: ...


def show_sample(plan: Plan, x: Sequence[Tensor], y: Sequence[Tensor], ax: Any) -> None:
    """Draw one sample of a finished batch into `ax`: its inputs, then its targets."""
    rest = iter((*x, *y))
    for block in plan.blocks:
        values = tuple(
            plan.undo(block.kind, t[None].detach().cpu())[0] for t in itertools.islice(rest, block.n_tensors)
        )
        if values:
            block.show(values[0] if block.n_tensors == 1 else values, ax)


def show_batch(
    dl: Shown,
    b: Any = None,
    max_n: int = 9,
    nrows: int | None = None,
    ncols: int | None = None,
    figsize: tuple[float, float] | None = None,
    unique: bool = False,
    show: bool = True,
) -> Any:
    """Draw `max_n` samples of a loader as the network sees them, or those of the finished batch `b`.

    `unique` draws one sample with different random changes. Returns the figure where `show` is False; of a data set with
    `show_rows`, what that gives. Raises
    `UsageError` where the data do not come from a DataBlock.
    """
    need_whole("max_n", max_n, at_least=1)
    plan = getattr(dl.dataset, "plan", None)
    if plan is None:
        raise UsageError(
            "show_batch needs DataLoaders made from a DataBlock, which know how to draw their items."
        )
    if b is not None:
        n = plan.n_x
        done = Batch(tuple(b[:n]), tuple(b[n:]), torch.arange(len(b[0])))
    elif unique:
        same = dl.order(0)[0][:1]
        parts = [dl.finish(dl.dataset.batch(same, epoch), epoch) for epoch in range(max_n)]
        x, y = ([torch.cat(c) for c in zip(*(getattr(p, k) for p in parts), strict=True)] for k in "xy")
        done = Batch(tuple(x), tuple(y), torch.arange(len(parts)))
    else:
        done = dl.finish(dl.dataset.batch(dl.order(0)[0][:max_n], 0), 0)
    if hasattr(dl.dataset, "show_rows"):  # a table is read, not drawn
        return dl.dataset.show_rows(done, max_n, show)
    figure, axes = get_grid(min(max_n, done.size), nrows, ncols, figsize, return_fig=True)
    for i, ax in enumerate(axes):
        show_sample(plan, tuple(t[i] for t in done.x), tuple(t[i] for t in done.y), ax)
    figure.tight_layout()
    return shown(figure, show)
