"""Bring pictures to one size: transforms of one item.

In training, the part that is the same every time (the resize) comes first and is cached as uint8, the
random part (where to crop) after it. At validation and prediction there is one definition, `image_exact`:
torch's antialiased bilinear resize in float32 (`vision.triangle`), not rounded to whole grey levels, so that
validation, prediction, the page and the exported graph see the same pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

import cv2
import numpy as np
import torch

from tipoff.checked import checked
from tipoff.data.transform import ItemTransform
from tipoff.errors import UsageError
from tipoff.vision.triangle import resize as exact_resize

Size = int | tuple[int, int]  # a square, or (height, width)


class ResizeMethod(StrEnum):
    """How a picture of another shape gets its size: cut off, distorted, or with a border."""

    Crop = "crop"
    Squish = "squish"
    Pad = "pad"


class PadMode(StrEnum):
    """What a border is filled with: black, the edge pixels, or the picture mirrored."""

    Zeros = "zeros"
    Border = "border"
    Reflection = "reflection"


_BORDERS = {
    "zeros": cv2.BORDER_CONSTANT,
    "border": cv2.BORDER_REPLICATE,
    "reflection": cv2.BORDER_REFLECT_101,
}


def as_size(size: Any) -> tuple[int, int]:
    """(height, width) of what people write as a size. Raises `UsageError` for anything else."""
    pair = (size, size) if isinstance(size, (int, np.integer)) else tuple(size)
    if len(pair) != 2 or not all(isinstance(s, (int, np.integer)) and 0 < s <= 8192 for s in pair):
        raise UsageError(f"size={size!r}: give a number of pixels, or (height, width), from 1 to 8192.")
    return int(pair[0]), int(pair[1])


def fast_resize(x: np.ndarray, height: int, width: int) -> np.ndarray:
    """OpenCV's resize of uint8: by area when it gets smaller, bilinear when larger."""
    if x.shape[:2] == (height, width):
        return x
    shrinks = x.shape[0] >= height and x.shape[1] >= width
    return np.asarray(
        cv2.resize(x, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    )


def _half(x: np.ndarray) -> np.ndarray:
    """As float16; NumPy's own conversion takes twenty times as long."""
    return torch.from_numpy(np.ascontiguousarray(x)).half().numpy()


def _place(room: int, size: int, share: float) -> int:
    """Where `size` pixels of `room` begin."""
    return int(share * (room - size + 1 - 1e-6))


def _middle(h: int, w: int, height: int, width: int) -> tuple[int, int, int, int]:
    """(top, left, height, width) of the middle of a picture of (h, w)."""
    return _place(h, height, 0.5), _place(w, width, 0.5), height, width


def _crop(x: np.ndarray, height: int, width: int, down: float, right: float) -> np.ndarray:
    top, left = _place(x.shape[0], height, down), _place(x.shape[1], width, right)
    return x[top : top + height, left : left + width]


def _pad(x: np.ndarray, height: int, width: int, down: float, right: float, mode: str) -> np.ndarray:
    more_h, more_w = height - x.shape[0], width - x.shape[1]
    top, left = round(more_h * down), round(more_w * right)
    kind = _BORDERS[mode]
    if mode == "reflection" and (
        max(top, more_h - top) >= x.shape[0] or max(left, more_w - left) >= x.shape[1]
    ):
        kind = cv2.BORDER_REPLICATE  # too little picture to mirror
    return np.asarray(cv2.copyMakeBorder(x, top, more_h - top, left, more_w - left, kind))


@dataclass(frozen=True)
class Fit(ItemTransform):
    """The deterministic step of `Resize`: cover, fit into, or squish to (height, width)."""

    height: int
    width: int
    method: str

    def target(self, h: int, w: int) -> tuple[int, int]:
        """The size that a picture of (h, w) gets."""
        if self.method == "squish":
            return self.height, self.width
        pick = max if self.method == "crop" else min
        scale = pick(self.height / h, self.width / w)
        floor = (self.height, self.width) if self.method == "crop" else (1, 1)
        return max(floor[0], round(h * scale)), max(floor[1], round(w * scale))

    def image(self, x: np.ndarray, u: np.ndarray | None) -> np.ndarray:
        return fast_resize(x, *self.target(*x.shape[:2]))


@dataclass(frozen=True)
class Place(ItemTransform):
    """The random step of `Resize`: where to crop, or where to put the padding."""

    height: int
    width: int
    method: str
    pad_mode: str

    n_draws: ClassVar[int] = 2

    def image(self, x: np.ndarray, u: np.ndarray | None) -> np.ndarray:
        down, right = (0.5, 0.5) if u is None else (float(u[0]), float(u[1]))
        if self.method == "crop":
            return _crop(x, self.height, self.width, down, right)
        return _pad(x, self.height, self.width, down, right, self.pad_mode)


@checked
@dataclass(frozen=True)
class Resize(ItemTransform):
    """Bring a picture to `size` by cropping, squishing or padding.

    `size` is a number of pixels, or (height, width). In training the crop (or the picture in its padding)
    is placed at random, elsewhere in the middle.

    >>> Resize(224).image_exact(np.zeros((375, 500, 3), np.uint8)).shape
    (224, 224, 3)
    """

    size: Size
    method: str = "crop"
    pad_mode: str = "reflection"
    moves: ClassVar[bool] = True

    def __post_init__(self) -> None:
        height, width = as_size(self.size)
        object.__setattr__(self, "size", height if height == width else (height, width))
        for name, kinds in (("method", ResizeMethod), ("pad_mode", PadMode)):
            value = getattr(self, name)
            if value not in [k.value for k in kinds]:
                raise UsageError(f"{name}={value!r}: choose one of {', '.join(k.value for k in kinds)}.")
            object.__setattr__(self, name, kinds(value).value)

    def parts(self) -> tuple[ItemTransform, ...]:
        height, width = as_size(self.size)
        fit = Fit(height, width, self.method)
        return (fit,) if self.method == "squish" else (fit, Place(height, width, self.method, self.pad_mode))

    def image_exact(self, x: np.ndarray) -> np.ndarray:  # -> float16 (h, w, 3), in [0, 255]
        height, width = as_size(self.size)
        target = Fit(height, width, self.method).target(*x.shape[:2])
        if self.method == "crop":
            return _half(exact_resize(x, *target, _middle(*target, height, width)))
        made = exact_resize(x, *target)
        return _half(_pad(made, height, width, 0.5, 0.5, self.pad_mode) if self.method == "pad" else made)


@dataclass(frozen=True)
class Shrink(ItemTransform):
    """The deterministic step of `RandomResizedCrop`: never larger than a typical crop needs."""

    short_side: int

    def image(self, x: np.ndarray, u: np.ndarray | None) -> np.ndarray:
        scale = self.short_side / min(x.shape[:2])
        if scale >= 1:
            return x
        return fast_resize(x, max(1, round(x.shape[0] * scale)), max(1, round(x.shape[1] * scale)))


@dataclass(frozen=True)
class CropAndResize(ItemTransform):
    """The random step of `RandomResizedCrop`."""

    height: int
    width: int
    min_scale: float
    max_scale: float
    ratio: tuple[float, float]

    n_draws: ClassVar[int] = 4

    def image(self, x: np.ndarray, u: np.ndarray | None) -> np.ndarray:
        share, shape, down, right = (0.5, 0.5, 0.5, 0.5) if u is None else (float(v) for v in u)
        h, w = x.shape[:2]
        area = h * w * (self.min_scale + share * (self.max_scale - self.min_scale))
        low, high = math.log(self.ratio[0]), math.log(self.ratio[1])
        aspect = math.exp(low + shape * (high - low)) * (self.width / self.height)
        crop_h = min(h, max(1, round(math.sqrt(area / aspect))))
        crop_w = min(w, max(1, round(math.sqrt(area * aspect))))
        return fast_resize(_crop(x, crop_h, crop_w, down, right), self.height, self.width)


@checked
@dataclass(frozen=True)
class RandomResizedCrop(ItemTransform):
    """In training, a random part of the picture, at least `min_scale` of its area, resized to `size`.

    At validation the middle, with `val_xtra` more around it than `size` (Szegedy et al. 2015).
    """

    size: Size
    min_scale: float = 0.08
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    val_xtra: float = 0.14
    max_scale: float = 1.0
    moves: ClassVar[bool] = True

    def __post_init__(self) -> None:
        height, width = as_size(self.size)
        object.__setattr__(self, "size", height if height == width else (height, width))
        if not 0 < self.min_scale <= self.max_scale <= 1:
            raise UsageError(
                f"min_scale={self.min_scale}, max_scale={self.max_scale}: give shares of the area in (0, 1]."
            )
        if not 0 <= self.val_xtra <= 4:
            raise UsageError(f"val_xtra={self.val_xtra}: give a share of the size, from 0 to 4.")

    def parts(self) -> tuple[ItemTransform, ...]:
        height, width = as_size(self.size)
        typical = math.sqrt((self.min_scale + self.max_scale) / 2)
        return (
            Shrink(round(max(height, width) / typical)),
            CropAndResize(height, width, self.min_scale, self.max_scale, self.ratio),
        )

    def image_exact(self, x: np.ndarray) -> np.ndarray:  # -> float16 (h, w, 3), in [0, 255]
        height, width = as_size(self.size)
        fit = Fit(round(height * (1 + self.val_xtra)), round(width * (1 + self.val_xtra)), "crop")
        target = fit.target(*x.shape[:2])
        return _half(exact_resize(x, *target, _middle(*target, height, width)))


@checked
@dataclass(frozen=True)
class FlipItem(ItemTransform):
    """Mirror left to right with probability `p`."""

    p: float = 0.5

    n_draws: ClassVar[int] = 1
    moves: ClassVar[bool] = True

    def image(self, x: np.ndarray, u: np.ndarray | None) -> np.ndarray:
        return x[:, ::-1] if u is not None and u[0] < self.p else x

    def image_exact(self, x: np.ndarray) -> np.ndarray:
        return x
