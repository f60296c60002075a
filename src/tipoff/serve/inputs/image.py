"""A picture as input."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from tipoff.decode import FORMATS, KEEP_PIXELS, read_pixels
from tipoff.errors import DataError
from tipoff.serve.box import Box, seen

MAX_BYTES = 512 << 20  # that one picture may take while it is decoded
# Measured, for each pixel of the file: what the decoder and Pillow hold at once. The result comes on top, twice where it is turned.
DECODER_BYTES = {"WEBP": 17, "JPEG": 0, "PNG": 4, "GIF": 5, "BMP": 5}
PROGRESSIVE_BYTES = 6  # coefficients of the whole picture, before its first pixel
KEPT_BYTES = 6
JPEG_BYTES = 4  # of the pixels that are kept: it is downscaled by its decoder
_ROWS_PER_STRIP, _BITS, _SAMPLES = 278, 258, 277  # tags of TIFF


def memory(data: bytes, name: str, max_pixels: int) -> int:
    """Bytes that `decode` takes at most, by the header. Raises `DataError` for a picture that would take too many.

    0 for what is no picture, which `decode` refuses with the reason.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                pixels = image.width * image.height
                if pixels > max_pixels:
                    return 0
                n = int(pixels * _per_pixel(image)) + KEPT_BYTES * min(pixels, KEEP_PIXELS)
                form, width, height = image.format, image.width, image.height
    except Exception:  # damaged
        return 0
    if n > MAX_BYTES:
        raise DataError(
            f"{name} has {width:,} × {height:,} pixels, and decoding a {form} of this size takes {n >> 20:,} MB; at most "
            f"{MAX_BYTES >> 20} are spent on a picture. Save it smaller, or as JPEG."
        )
    return n


def _per_pixel(image: Image.Image) -> float:
    """Bytes for each pixel of the file."""
    if image.format == "JPEG":
        kept = min(1.0, KEEP_PIXELS / (image.width * image.height))
        return JPEG_BYTES * kept + (PROGRESSIVE_BYTES if image.info.get("progressive") else 0)
    if image.format != "TIFF":
        return DECODER_BYTES[str(image.format)]
    tags: Any = getattr(image, "tag_v2", {})
    share = min(1.0, int(tags.get(_ROWS_PER_STRIP, image.height)) / image.height)  # is decoded at once
    bits: Any = tags.get(_BITS, (8,))
    return float(4 + share * int(tags.get(_SAMPLES, 1)) * max(bits) / 8)


def decode(
    data: bytes, name: str, max_pixels: int
) -> np.ndarray:  # -> uint8 (H, W, 3), or (H, W) of more than 8 bits
    """The picture in `data`, turned as its EXIF data says. Raises `DataError` with a sentence that begins with `name`."""
    try:
        return read_pixels(data, max_pixels=max_pixels, keep_pixels=KEEP_PIXELS)
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
