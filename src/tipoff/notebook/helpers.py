"""Small functions that course notebooks use without importing them."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tipoff.notebook.pictures import image2tensor
from tipoff.vision.images import PILBase


def tensor(x: Any, *rest: Any, **kwargs: Any) -> Tensor:
    """A tensor of numbers, lists, arrays or pictures; of several arguments as of a list.

    >>> tensor(1, 2, 3)
    tensor([1, 2, 3])
    """
    value = (x, *rest) if rest else x
    if isinstance(value, PILBase):
        value = image2tensor(value)
        value = value[0] if value.shape[0] == 1 else value.permute(1, 2, 0)
    if isinstance(value, Tensor):
        return value.to(**kwargs) if kwargs else value
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], Tensor):
        return torch.stack(list(value)).to(**kwargs)
    if hasattr(value, "__array__"):
        # a column of pandas cannot be written to; what is shared with it could not either
        value = np.require(value, requirements="W")
    return torch.as_tensor(value, **kwargs)


def noop(x: Any = None, *_: Any, **__: Any) -> Any:
    """The first argument, unchanged."""
    return x


def first(x: Iterable[Any], f: Callable[[Any], Any] | None = None) -> Any:
    """The first item, or the first for which `f` is true; None where there is none."""
    return next((o for o in x if f is None or f(o)), None)


def range_of(x: Any) -> list[int]:
    """The positions of a collection.

    >>> range_of("abc")
    [0, 1, 2]
    """
    return list(range(len(x)))


def apply(func: Callable[..., Any], x: Any, *args: Any, **kwargs: Any) -> Any:
    """`func` on every leaf of lists, tuples and dictionaries."""
    if isinstance(x, (list, tuple)):
        return type(x)([apply(func, o, *args, **kwargs) for o in x])
    if isinstance(x, Mapping):
        return {k: apply(func, v, *args, **kwargs) for k, v in x.items()}
    return func(x, *args, **kwargs)


def to_device(b: Any, device: Any = None, non_blocking: bool = False) -> Any:
    """All tensors in `b` on `device`, by default where there is a GPU on it."""
    from tipoff.data.dataloaders import default_device

    where = default_device() if device is None else device
    return apply(lambda o: o.to(where, non_blocking=non_blocking) if isinstance(o, Tensor) else o, b)


def to_cpu(b: Any) -> Any:
    """All tensors in `b` on the CPU."""
    return to_device(b, "cpu")


def to_np(x: Any) -> Any:
    """Tensors as arrays."""
    return apply(lambda o: o.detach().cpu().numpy() if isinstance(o, Tensor) else o, x)


def one_hot(x: Any, c: int) -> Tensor:  # -> uint8 (c,)
    """Ones at the positions `x`, zeros elsewhere."""
    out = torch.zeros(c, dtype=torch.uint8)
    out[torch.as_tensor(x, dtype=torch.long)] = 1
    return out


def params(m: nn.Module) -> list[nn.Parameter]:
    """All parameters of a module."""
    return list(m.parameters())


def sequential(*args: Any) -> nn.Sequential:
    """`nn.Sequential` of modules and functions."""
    from tipoff.nn.layers import Lambda

    return nn.Sequential(*(a if isinstance(a, nn.Module) else Lambda(a) for a in args))


def sigmoid_range(x: Tensor, low: float, high: float) -> Tensor:
    """A sigmoid onto (low, high)."""
    return torch.sigmoid(x) * (high - low) + low


def using_attr(f: Callable[[Any], Any], attr: str) -> Callable[[Any], Any]:
    """`f` of the attribute `attr` of its argument."""
    return partial(_using, f, attr)


def _using(f: Callable[[Any], Any], attr: str, o: Any) -> Any:
    return f(getattr(o, attr))


def save_pickle(fn: str | Path, o: Any) -> None:
    """Write an object of your own; tipoff itself never reads pickles."""
    with open(fn, "wb") as file:
        pickle.dump(o, file)


def load_pickle(fn: str | Path) -> Any:
    """Read what `save_pickle` wrote. A pickle may run code: only open your own."""
    with open(fn, "rb") as file:
        return pickle.load(file)
