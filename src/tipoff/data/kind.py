"""What a value means, so that a transform knows what to do with it."""

from enum import Enum


class Kind(Enum):
    """A transform has a method named after each kind that it changes. Others pass untouched, unless it moves things."""

    IMAGE = "image"  # one: uint8 array (H, W, 3); a batch: (B, 3, H, W) in channels_last memory
    MASK = "mask"  # one: uint8 array (H, W); a batch: long (B, H, W)
    POINTS = "points"  # one: float32 array (N, 2), in pixels, x then y; a batch: (B, N, 2)
    LABEL = "label"  # whatever is left alone by transforms


SPATIAL = frozenset({Kind.MASK, Kind.POINTS})  # they lie on an image, so what moves its parts must move them too
