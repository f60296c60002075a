"""A picture as input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tipoff.decode import decode_image
from tipoff.errors import DataError
from tipoff.serve.box import Box, seen


def decode(data: bytes, name: str, max_pixels: int) -> np.ndarray:  # -> uint8 (H, W, 3)
    """The picture in `data`, turned as its EXIF data says. Raises `DataError` with a sentence that begins with `name`."""
    try:
        return decode_image(data, max_pixels=max_pixels)
    except DataError as e:
        text = str(e)
        raise DataError(
            name + text.removeprefix("the picture") if text.startswith("the picture") else text
        ) from None


def box(value: np.ndarray, item_tfms: Sequence[Any]) -> Box:
    """The part of the picture that is left after the first transform that brings it to a size."""
    for t in item_tfms:
        size = getattr(t, "size", None)
        if size is not None:
            pair = (size, size) if isinstance(size, int) else tuple(size)
            height, width = value.shape[:2]
            return seen(height, width, pair, getattr(t, "method", "crop"), getattr(t, "val_xtra", 0.0))
    return 0.0, 0.0, 1.0, 1.0
