"""Large Pillow images as RGB arrays: converted a strip of rows at a time, and downscaled by a whole factor."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np
from PIL import Image

STRIP_PIXELS = 1 << 20

# H, W height and width of the image; h, w of the result


def whole_factor(width: int, height: int, keep_pixels: int | None) -> int:
    """The smallest whole number that both sides are divided by, so that no more than `keep_pixels` are left.

    >>> whole_factor(8000, 6000, 16_000_000), whole_factor(4000, 3000, 16_000_000)
    (2, 1)
    """
    factor = 1
    while keep_pixels is not None and ceil(width / factor) * ceil(height / factor) > keep_pixels:
        factor += 1
    return factor


def draft(image: Image.Image, factor: int) -> None:
    """Ask the JPEG decoder for an image `factor` times smaller: by 2, 4 or 8, the next power at or above it."""
    if factor > 1 and image.format == "JPEG":
        power = min(8, 1 << (factor - 1).bit_length())
        image.draft(None, (max(1, image.width // power), max(1, image.height // power)))


def in_strips(image: Image.Image, to_rgb: Callable[[Image.Image], np.ndarray], factor: int) -> np.ndarray:
    """The loaded `image` as uint8 (h, w, 3): each strip through `to_rgb`, then each square of `factor` its mean.

    What is computed beside the image and the result is as large as a strip, whatever the mode of the image.
    """
    width, height = image.size
    made = np.empty((ceil(height / factor), ceil(width / factor), 3), np.uint8)
    rows = max(1, STRIP_PIXELS // (width * factor)) * factor
    for top in range(0, height, rows):
        strip = to_rgb(image.crop((0, top, width, min(height, top + rows))))
        if factor > 1:
            strip = np.asarray(Image.fromarray(strip).reduce(factor))
        made[top // factor : top // factor + len(strip)] = strip
    return made


def turned(x: np.ndarray, orientation: int) -> np.ndarray:  # (H, W, 3)
    """As the EXIF orientation, 1 to 8, says."""
    if orientation in (5, 6, 7, 8):
        x = x.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        x = x[::-1]
    if orientation in (2, 3, 6, 7):
        x = x[:, ::-1]
    return np.ascontiguousarray(x)
