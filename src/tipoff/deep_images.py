"""Pictures of more than 8 bits: 12 bits in a 16-bit file, floats, CT numbers, brought to bytes by a rule that is said."""

from __future__ import annotations

from typing import Any

import numpy as np

from tipoff.errors import DataError, UsageError
from tipoff.notes import note

Levels = tuple[float, float]  # the values that become 0 and 255

DARK = 64  # of 255: a picture without anything lighter is said to be nearly black
MOST_OUTSIDE = 0.5  # of the pixels beyond the levels before it is said
STRIP_PIXELS = 1 << 20


def is_deep_array(x: np.ndarray) -> bool:
    """Whether an array holds the pixels of a picture in other numbers than bytes.

    >>> is_deep_array(np.zeros((4, 5), np.uint16)), is_deep_array(np.zeros((4, 5), np.uint8))
    (True, False)
    """
    return (
        x.dtype != np.uint8
        and x.dtype.kind in "uif"
        and (x.ndim == 2 or (x.ndim == 3 and x.shape[2] in (1, 3)))
    )


def need_levels(levels: Any) -> Levels | None:
    """`levels` as two finite numbers, the lower first, or None. Raises `UsageError`."""
    if levels is None:
        return None
    try:
        low, high = (float(v) for v in levels)
    except (TypeError, ValueError):
        low = high = float("nan")
    if not (np.isfinite([low, high]).all() and low < high):
        raise UsageError(
            f"levels={levels!r}: give the values that become black and white, the lower first, such as levels=(0, 4095)."
        )
    return low, high


def range_of(x: np.ndarray) -> Levels | None:
    """The lowest and the highest finite value of a picture; None where there are none.

    >>> range_of(np.array([[-1000.0, np.nan, 2000.0]]))
    (-1000.0, 2000.0)
    """
    known = x[np.isfinite(x)] if x.dtype.kind == "f" else x
    return (float(known.min()), float(known.max())) if known.size else None


def scaled(x: np.ndarray, levels: Levels | None, name: str = "the picture") -> np.ndarray:
    """Values as bytes: 255 × (value - low) / (high - low), rounded; what is beyond `levels` becomes 0 or 255.

    Without levels, values are taken as what they are usually: 16-bit integers as 0 to 65,535, floats within 0 to 1 as
    shares, others within 0 to 255 as they are. Raises `DataError` where they are none of these.

    >>> scaled(np.array([[-1000, 500, 2000]]), (-1000, 2000)).tolist()
    [[0, 128, 255]]
    """
    found = range_of(x) or (0.0, 0.0)
    low, high = levels if levels is not None else _usual(x, found, name)
    done, outside = np.empty(x.shape, np.uint8), 0
    rows = max(1, STRIP_PIXELS // max(1, x[:1].size))
    for top in range(0, len(x), rows):  # a few at a time: floats take four times as much memory
        values = np.nan_to_num(x[top : top + rows].astype(np.float32), nan=low, posinf=high, neginf=low)
        done[top : top + rows] = ((values - low) * (255 / (high - low))).round().clip(0, 255)
        outside += int(((values < low) | (values > high)).sum())
    if levels is None:
        say_if_dark(
            done,
            f"{name} holds values up to {found[1]:,g}, and {high:,g} is white",
            "ImageBlock(levels=(low, high)) says what is black and white",
        )
    elif outside > MOST_OUTSIDE * x.size:
        note(
            f"{outside / x.size:.0%} of the pixels of {name} lie outside {low:,g} to {high:,g}, the levels of the images",
            once=True,
        )
    return done


def averaged(x: np.ndarray, factor: int) -> np.ndarray:  # (H, W) -> (h, w)
    """The mean of each square of `factor` pixels, in the numbers of `x`; at the edge, of those that there are.

    >>> averaged(np.array([[0, 2, 9], [2, 4, 9]]), 2).tolist()
    [[2, 9]]
    """
    if factor == 1:
        return x
    height, width = x.shape
    columns = np.arange(0, width, factor)
    across = np.diff(np.append(columns, width))
    made = np.empty((-(-height // factor), len(columns)), np.float32)
    for i, top in enumerate(range(0, height, factor)):
        rows = x[top : top + factor].astype(np.float64)
        made[i] = np.add.reduceat(rows.sum(0), columns) / (across * len(rows))
    return made if x.dtype.kind == "f" else made.round().astype(x.dtype)


def _usual(x: np.ndarray, found: Levels, name: str) -> Levels:
    low, high = found
    if x.dtype == np.uint16 and x.dtype.kind == "u":
        return 0.0, 65535.0
    if low >= 0 and high <= 1 and x.dtype.kind == "f":
        return 0.0, 1.0
    if low >= 0 and high <= 255:
        return 0.0, 255.0
    if low >= 0 and high <= 65535 and x.dtype.kind != "f":
        return 0.0, 65535.0
    raise DataError(
        f"{name} holds values from {low:,g} to {high:,g}, and nothing says which of them are black and white. "
        "Give them: ImageBlock(levels=(low, high)); where training images have more than 8 bits, their range is taken."
    )


def say_if_dark(done: np.ndarray, what: str, way: str) -> None:
    """Note a picture that lost nearly all of its values."""
    if (highest := int(done.max(initial=0))) < DARK:
        note(f"{what}: it is nearly black ({highest} of 255 at most). {way}", once=True)
