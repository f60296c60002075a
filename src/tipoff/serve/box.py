"""Which part of a picture a model saw, after it was brought to the model's size."""

from __future__ import annotations

Box = tuple[float, float, float, float]  # left, top, right, bottom, as shares of width and height


def seen(height: int, width: int, size: tuple[int, int], method: str, extra: float = 0.0) -> Box:
    """Of a picture of (height, width) that is brought to `size` (height, width) by crop, squish or pad.

    With `extra`, the middle is cut out of a picture that much larger than `size`. Padding reaches outside of [0, 1].

    >>> seen(100, 200, (50, 50), "crop")
    (0.25, 0.0, 0.75, 1.0)
    """
    if method == "squish":
        return 0.0, 0.0, 1.0, 1.0
    pick = max if method == "crop" else min
    scale = pick(size[0] * (1 + extra) / height, size[1] * (1 + extra) / width)
    down, across = size[0] / (height * scale) / 2, size[1] / (width * scale) / 2
    return 0.5 - across, 0.5 - down, 0.5 + across, 0.5 + down
