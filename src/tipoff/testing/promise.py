"""What the contracts share: a promise with its sentence, and equality of whatever tipoff passes around."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor


def promise(kept: bool, otherwise: str) -> None:
    """Raise `AssertionError` with the sentence `otherwise` unless `kept`.

    >>> promise(1 + 1 == 2, "arithmetic is broken")
    """
    if not kept:
        raise AssertionError(otherwise)


def same(a: Any, b: Any, tolerance: float = 0.0) -> bool:
    """Whether two values are equal: tensors and arrays in type, shape and numbers, containers part by part.

    >>> same({"a": [torch.ones(2)]}, {"a": [torch.ones(2)]})
    True
    """
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        exact = torch.equal(a, b) or (
            a.is_floating_point() and bool(((a == b) | (a.isnan() & b.isnan())).all())
        )
        return exact or (tolerance > 0 and torch.allclose(a.double(), b.double(), tolerance, tolerance))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.dtype.kind not in "biuf":  # dates, text
            return (
                a.dtype == b.dtype and a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())
            )
        return (
            a.dtype == b.dtype
            and a.shape == b.shape
            and same(torch.tensor(a.copy()), torch.tensor(b.copy()), tolerance)
        )
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k], tolerance) for k in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (a != a and b != b) or abs(a - b) <= tolerance * max(1.0, abs(a))
    return bool(np.all(a == b))


def twin(value: Any) -> Any:
    """An independent copy, as far as there can be one (an open stream is shared)."""
    try:
        return copy.deepcopy(value)
    except TypeError:
        return copy.copy(value)
