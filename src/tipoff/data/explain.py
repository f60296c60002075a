"""One real item, walked through a data block step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tipoff.data.dataset import SampleDataset
from tipoff.data.items import rows_of
from tipoff.data.splits import as_split
from tipoff.errors import DataError

if TYPE_CHECKING:
    from tipoff.data.plan import ItemStep


def describe(x: Any) -> str:
    """A value in a few words: shape, type and range for arrays and tensors."""
    if isinstance(x, Tensor) and x.ndim:
        low, high = (f"{float(v):.3g}" for v in (x.min(), x.max())) if x.numel() else ("-", "-")
        return f"tensor {tuple(x.shape)} {str(x.dtype).removeprefix('torch.')}, {low} to {high}"
    if isinstance(x, np.ndarray):
        return f"array {x.shape} {x.dtype}, {x.min():.3g} to {x.max():.3g}"
    text = repr(x)
    return text if len(text) < 100 else text[:97] + "..."


def _called(step: ItemStep | Any) -> str:
    return repr(step) if hasattr(step, "replace") else getattr(step, "__qualname__", type(step).__name__)


def explain(block: Any, source: Any, bs: int = 4) -> None:
    """Print how the first item of `source` becomes a sample and a batch; the failing step is named.

    `block` is a `DataBlock`. Raises the error of the step that fails, after saying which step it was.
    """

    def step(name: str, do: Any) -> Any:
        try:
            value = do()
        except Exception as e:
            print(f"  {name:<28} fails: {e}")
            raise DataError(f"{name} fails: {e}") from e
        print(f"  {name:<28} {describe(value)}")
        return value

    items = block.items(source)
    train_at, valid_at = as_split(block.splitter(items), len(items))
    print(
        f"source       {source!r:.70}\nitems        {len(items)}: {len(train_at)} to learn from, {len(valid_at)} to check on\n"
    )
    rows = rows_of(items)
    row = rows[int(train_at[0])]
    print("one item")
    print(f"  {'item':<28} {describe(row)}")
    raw = [
        step(f"{kind} {getattr(get, '__name__', type(get).__name__)}", lambda get=get: get(row))
        for kind, gets in (("get_x", block.get_x), ("get_y", block.get_y))
        for get in gets
    ]
    parts = block.read(source)
    print("\nits fields")
    for b, value in zip(parts.plan.blocks, raw, strict=True):
        x = step(f"{type(b).__name__}.encode", lambda b=b, v=value: b.encode(v))
        for t in () if b.is_cheap else parts.plan.train_steps():
            n = getattr(t, "n_draws", 0)
            u = np.full(n, 0.5, dtype=np.float32) if n else None
            x = step(f"  {_called(t)}", lambda t=t, x=x, b=b, u=u: parts.plan.apply((t,), b.kind, x, u))
    print("\na batch")
    data = SampleDataset(parts.plan, parts.train, training=True)
    batch = step(f"{bs} items together", lambda: data.batch(torch.arange(min(bs, len(data))), 0).x[0])
    done = parts.plan.finish(data.batch(torch.arange(len(batch)), 0), (0, 0))
    for t in parts.plan.batch_tfms:
        print(f"  {_called(t)}")
    for name, tensors in (("x", done.x), ("y", done.y)):
        for t in tensors:
            print(f"  {name:<28} {describe(t)}")
