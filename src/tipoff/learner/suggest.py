"""Four ways to read a learning rate off the curve of a range test; each `f(lrs, losses) -> lr`.

Source: the suggestion functions of fastai's `lr_find` (minimum, steep, valley, slide).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def minimum(lrs: Sequence[float], losses: Sequence[float], num_it: int = 0) -> float:
    """A tenth of the rate where the loss is lowest."""
    return float(lrs[int(np.argmin(losses))]) / 10


def steep(lrs: Sequence[float], losses: Sequence[float], num_it: int = 0) -> float:
    """The rate where the loss falls fastest, over the logarithm of the rate."""
    slope = np.gradient(np.asarray(losses, dtype=float), np.log(np.asarray(lrs, dtype=float)))
    return float(lrs[int(np.argmin(slope))])


def valley(lrs: Sequence[float], losses: Sequence[float], num_it: int = 0) -> float:
    """Two thirds down the longest stretch over which the loss falls (ESRI's method)."""
    n = len(losses)
    longest, end = [1] * n, 0
    start_of = list(range(n))
    for i in range(1, n):
        for j in range(i):
            if losses[i] < losses[j] and longest[i] < longest[j] + 1:
                longest[i], start_of[i] = longest[j] + 1, start_of[j]
    end = int(np.argmax(longest))
    start = end - longest[end]
    third = (end - start) / 3
    return float(lrs[max(0, start + int(third) + int(third / 2))])


def slide(
    lrs: Sequence[float],
    losses: Sequence[float],
    num_it: int = 0,
    lr_diff: int = 15,
    thresh: float = 0.005,
    adjust_value: float = 1.0,
) -> float:
    """The last rate before the loss turns up: an interval slid from the right until the slope is flat."""
    lr, loss = np.asarray(lrs, dtype=float), np.asarray(losses, dtype=float)
    slope = np.gradient(loss)
    right, left = -1, -1 - lr_diff
    local = float(lr[max(left, -len(lr))])
    while left >= -len(loss) and abs(slope[right] - slope[left]) > thresh:
        local = float(lr[left])
        right, left = right - 1, left - 1
    return local * adjust_value
