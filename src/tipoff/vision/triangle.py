"""torch's antialiased bilinear resize, as products of small matrices.

Each result is a mean of the inputs around it, weighted by a triangle as wide as the step between two results (what
`F.interpolate(mode="bilinear", antialias=True)` computes, up to the order of the sums). A few neighbouring results share
their inputs, so one small matrix product gives them all, at twice the speed of torch's loop.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

_ROWS = 16  # results of one product, where the picture keeps its size
_AT_ONCE = 6_000_000  # values


class _Bands(NamedTuple):
    """Results are had `rows` at a time: the k-th are `weights[k]` times the inputs from `spans[k]`, (low, high).

    One tensor for all, (K, rows, widest): hundreds of small ones take ten times the memory.
    """

    rows: int
    spans: list[tuple[int, int]]
    weights: Tensor


@lru_cache(maxsize=512)  # 40 KB each
def _bands(n_in: int, n_out: int, start: int, n: int) -> _Bands:
    """What gives the results from `start` to `start + n` of the `n_out` that `n_in` inputs become."""
    step = n_in / n_out
    reach = max(step, 1.0)
    middles = step * (np.arange(start, start + n) + 0.5)
    lows = np.clip(np.ceil(middles - reach - 0.5), 0, n_in - 1).astype(int)
    highs = np.clip(np.floor(middles + reach - 0.5) + 1, 1, n_in).astype(int)
    rows = max(1, min(_ROWS, round(_ROWS / step)))
    parts = [slice(first, first + rows) for first in range(0, n, rows)]
    spans = [(int(lows[part].min()), int(highs[part].max())) for part in parts]
    weights = np.zeros((len(parts), rows, max(high - low for low, high in spans)), np.float32)
    for kept, part, (low, high) in zip(weights, parts, spans, strict=True):
        near = (1 - np.abs(np.arange(low, high) + 0.5 - middles[part, None]) / reach).clip(0)
        kept[: len(near), : high - low] = near / near.sum(1, keepdims=True)
    return _Bands(rows, spans, torch.from_numpy(weights))


def _along_rows(x: Tensor, n_out: int, start: int, n: int) -> Tensor:  # (n_in, m) -> (n, m)
    if n_out == len(x):
        return x[start : start + n].float()
    out = torch.empty(n, x.shape[1])
    rows, spans, weights = _bands(len(x), n_out, start, n)
    for weight, made, (low, high) in zip(weights, torch.split(out, rows), spans, strict=True):
        torch.mm(weight[: len(made), : high - low], x[low:high].float(), out=made)
    return out


def resize(
    x: np.ndarray, height: int, width: int, part: tuple[int, int, int, int] | None = None
) -> np.ndarray:  # (H, W, C) -> float32 (h, w, C)
    """`x` brought to (height, width), in its own range, not rounded; only the `part` (top, left, h, w) of that.

    >>> resize(np.full((300, 200, 3), 7, np.uint8), 224, 149).shape
    (224, 149, 3)
    """
    top, left, h, w = part or (0, 0, height, width)
    n_in, m_in, c = x.shape
    if x.size <= _AT_ONCE:  # of larger ones, rows become numbers when they are needed
        x = x.astype(np.float32)
    rows = torch.from_numpy(np.ascontiguousarray(x).reshape(n_in, m_in * c))
    made = _along_rows(rows, height, top, h).numpy().reshape(h, m_in, c)
    turned = torch.from_numpy(_turned(made).reshape(m_in, h * c))
    return _turned(_along_rows(turned, width, left, w).numpy().reshape(w, h, c))


def _turned(x: np.ndarray) -> np.ndarray:  # (H, W, C) -> (W, H, C)
    return cv2.transpose(x).reshape(x.shape[1], x.shape[0], x.shape[2])
