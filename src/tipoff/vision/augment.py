"""Augmentation of whole batches: all moves in one warp, all changes of colour in one table.

On the CPU a sample is warped as uint8 by OpenCV and then coloured and normalised by one table of 256
entries a channel, in threads. On other devices the same is done by one `grid_sample` and one pass of
arithmetic over the batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tipoff.checked import checked
from tipoff.data.kind import Kind
from tipoff.data.store import pool, threads
from tipoff.data.transform import BatchTransform
from tipoff.errors import UsageError
from tipoff.vision.geometry import (
    Dihedral,
    Flip,
    Geometric,
    RandomCrop,
    ResizeBatch,
    Rotate,
    Warp,
    Zoom,
    compose,
    in_pixels,
)
from tipoff.vision.resize import (
    FlipItem,
    PadMode,
    RandomResizedCrop,
    Resize,
    ResizeMethod,
    as_size,
    fast_resize,
)

__all__ = [
    "Brightness",
    "Contrast",
    "Dihedral",
    "Flip",
    "FlipItem",
    "IntToFloat",
    "Normalize",
    "PadMode",
    "RandomCrop",
    "RandomResizedCrop",
    "Resize",
    "ResizeMethod",
    "Rotate",
    "Warp",
    "Zoom",
    "aug_transforms",
    "cifar_stats",
    "imagenet_stats",
    "mnist_stats",
]

imagenet_stats = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
cifar_stats = ([0.491, 0.482, 0.447], [0.247, 0.243, 0.261])
mnist_stats = ([0.131], [0.308])

_LEVELS = np.arange(256, dtype=np.float32)
_BORDERS = {
    "reflection": cv2.BORDER_REFLECT,  # about the edge, as grid_sample does
    "border": cv2.BORDER_REPLICATE,
    "zeros": cv2.BORDER_CONSTANT,
}


@dataclass(frozen=True)
class Pointwise(BatchTransform):
    """A change of each value on its own, on float tensors (B, C, ...): a table can hold it."""

    def point(self, x: Tensor, u: Tensor | None) -> Tensor:  # (B, C, n) -> (B, C, n)
        raise NotImplementedError


@checked
@dataclass(frozen=True)
class IntToFloat(Pointwise):
    """From [0, 255] to [0, 1]."""

    div: float = 255.0
    order: ClassVar[int] = 10

    def point(self, x: Tensor, u: Tensor | None) -> Tensor:
        return x / self.div


@checked
@dataclass(frozen=True)
class OneChannel(BatchTransform):
    """The first channel of pictures whose channels are the same."""

    order: ClassVar[int] = 98

    def image(self, x: Tensor, u: Tensor | None) -> Tensor:  # (B, 3, H, W) -> (B, 1, H, W)
        return x[:, :1]


@dataclass(frozen=True)
class Brightness(Pointwise):
    """Lighter or darker, in logit space, by up to `max_lighting` (in [0, 1)), with probability `p`."""

    max_lighting: float = 0.2
    p: float = 0.75
    batch: bool = field(default=False, kw_only=True)  # the pictures of a batch alike
    n_draws: ClassVar[int] = 2

    def point(self, x: Tensor, u: Tensor | None) -> Tensor:
        if u is None:
            return x
        change = 0.5 + (u[:, 1] - 0.5) * self.max_lighting
        change = torch.where(u[:, 0] < self.p, change, 0.5)
        return torch.sigmoid(_logit(x) + _column(torch.log(change / (1 - change)), x))


@checked
@dataclass(frozen=True)
class Contrast(Pointwise):
    """More or less contrast, in logit space, by up to `max_lighting`, with probability `p`."""

    max_lighting: float = 0.2
    p: float = 0.75
    batch: bool = field(default=False, kw_only=True)  # the pictures of a batch alike
    n_draws: ClassVar[int] = 2

    def point(self, x: Tensor, u: Tensor | None) -> Tensor:
        if u is None:
            return x
        span = math.log(1 - self.max_lighting)
        factor = torch.where(u[:, 0] < self.p, torch.exp((1 - 2 * u[:, 1]) * span), 1.0)
        return torch.sigmoid(_logit(x) * _column(factor, x))


@checked
@dataclass(frozen=True)
class Normalize(Pointwise):
    """Subtract the mean and divide by the standard deviation of each channel, for pictures in [0, 1]."""

    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    order: ClassVar[int] = 99
    normalises: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", tuple(float(v) for v in self.mean))
        object.__setattr__(self, "std", tuple(float(v) for v in self.std))

    @classmethod
    def from_stats(
        cls, mean: Sequence[float], std: Sequence[float], dim: int = 1, ndim: int = 4, cuda: bool = True
    ) -> Normalize:
        """Make it as fastai does: `Normalize.from_stats(*imagenet_stats)`.

        The device is that of the batch, whatever `cuda` is. Raises `UsageError` for other dimensions than those of images.
        """
        if (dim, ndim) != (1, 4):
            raise UsageError(f"dim is {dim} and ndim {ndim}; Normalize takes batches of images: dim=1, ndim=4.")
        return cls(tuple(mean), tuple(std))

    def _stats(self, x: Tensor) -> tuple[Tensor, Tensor]:
        shape = (1, -1, *(1,) * (x.ndim - 2))
        return x.new_tensor(self.mean).reshape(shape), x.new_tensor(self.std).reshape(shape)

    def point(self, x: Tensor, u: Tensor | None) -> Tensor:
        if (
            len(set(zip(self.mean, self.std, strict=True))) == 1
        ):  # one number is faster than one for each channel
            return (x - self.mean[0]).div_(self.std[0])
        mean, std = self._stats(x)
        return (x - mean).div_(std)

    def undo(self, kind: Kind, x: Tensor) -> Tensor:
        if kind is not Kind.IMAGE:
            return x
        mean, std = self._stats(x)
        return x * std + mean


def _logit(x: Tensor) -> Tensor:
    return torch.logit(x.clamp(1e-3, 1 - 1e-3))


def _column(v: Tensor, x: Tensor) -> Tensor:
    return v.to(x.device, x.dtype).reshape(-1, *(1,) * (x.ndim - 1))


@dataclass(frozen=True)
class _Job:
    moves: list[Geometric]
    move_draws: list[Tensor | None]
    points: list[Pointwise]
    point_draws: list[Tensor | None]

    def size(self, x: Tensor) -> tuple[int, int]:
        """(height, width) of the result."""
        sized = [t for t in self.moves if isinstance(t, ResizeBatch)]
        return as_size(sized[-1].size) if sized else (x.shape[-2], x.shape[-1])

    @property
    def pad_mode(self) -> str:
        return self.moves[0].pad_mode

    def colour(self, x: Tensor) -> Tensor:
        for t, u in zip(self.points, self.point_draws, strict=True):
            x = t.point(x, u)
        return x


def fuse_pictures(
    tfms: Sequence[BatchTransform],
    kinds: Sequence[Kind],
    fields: Sequence[Tensor],
    draws: Sequence[Tensor | None],
) -> list[Tensor]:
    """Apply a run of moves and pointwise changes to the pictures of a batch in one visit each."""
    moves = [(t, u) for t, u in zip(tfms, draws, strict=True) if isinstance(t, Geometric)]
    points = [(t, u) for t, u in zip(tfms, draws, strict=True) if isinstance(t, Pointwise)]
    job = _Job([t for t, _ in moves], [u for _, u in moves], [t for t, _ in points], [u for _, u in points])
    return [_pictures(x, job) if kind is Kind.IMAGE else x for kind, x in zip(kinds, fields, strict=True)]


Geometric.fuse = staticmethod(fuse_pictures)
Pointwise.fuse = staticmethod(fuse_pictures)


def _pictures(x: Tensor, job: _Job) -> Tensor:  # (B, C, H, W)
    drawn = any(u is not None for u in job.move_draws)
    if x.device.type == "cpu" and x.dtype is torch.uint8 and (drawn or not job.moves):
        return _by_table(x, job)
    out, to = x.float(), job.size(x)
    if drawn:
        out = warp(out, compose(job.moves, job.move_draws, len(x)), to, job.pad_mode)
    elif to != tuple(x.shape[-2:]):
        out = F.interpolate(out, to, mode="bilinear", antialias=True, align_corners=False)
    order = torch.contiguous_format if x.device.type == "mps" else torch.channels_last
    return job.colour(out).contiguous(memory_format=order)


def warp(x: Tensor, matrices: np.ndarray, to: tuple[int, int], pad_mode: str = "reflection") -> Tensor:
    """Move each picture of a batch by its relative matrix, on any device: (B, C, H, W), (B, 3, 3) -> (B, C, *to)."""
    n, _, h, w = x.shape
    shrink = float(_shrinking(matrices, (h, w), to).min())
    if shrink > 1.3:  # reading every second pixel would alias
        smaller = max(1, round(h / shrink)), max(1, round(w / shrink))
        x = F.interpolate(x, smaller, mode="bilinear", antialias=True, align_corners=False)
    ys = (torch.arange(to[0], device=x.device) + 0.5) * (2 / to[0]) - 1
    xs = (torch.arange(to[1], device=x.device) + 0.5) * (2 / to[1]) - 1
    grid = torch.stack([*torch.meshgrid(ys, xs, indexing="ij")[::-1], torch.ones(to, device=x.device)], -1)
    m = torch.from_numpy(matrices).to(x.device, torch.float32)
    at = grid.reshape(1, -1, 3) @ m.transpose(1, 2)
    at = (at[..., :2] / at[..., 2:]).reshape(n, *to, 2)
    return F.grid_sample(x, at.to(x.dtype), "bilinear", pad_mode, align_corners=False)


def _shrinking(matrices: np.ndarray, source: tuple[int, int], to: tuple[int, int]) -> np.ndarray:  # -> (B,)
    """How many pixels of the source fall on one of the result, a side."""
    seen = np.sqrt(np.abs(np.linalg.det(matrices[:, :2, :2])))
    return np.asarray(seen * min(source[0] / to[0], source[1] / to[1]))


def _by_table(x: Tensor, job: _Job) -> Tensor:  # uint8 (B, C, H, W) -> float32, channels_last
    n, channels, h, w = x.shape
    to = job.size(x)
    source = x.permute(0, 2, 3, 1).contiguous().numpy()
    out = np.empty((n, *to, channels), np.float32)
    levels = torch.from_numpy(_LEVELS).expand(n, channels, 256).contiguous()
    table = job.colour(levels).transpose(1, 2).contiguous().numpy()  # (B, 256, C)
    relative = compose(job.moves, job.move_draws, n) if job.moves else None
    shrinking = None if relative is None else _shrinking(relative, (h, w), to)

    def work(rows: range) -> None:
        for i in rows:
            picture = source[i]
            if relative is not None and shrinking is not None:
                if (k := float(shrinking[i])) > 1.3:
                    picture = fast_resize(picture, max(1, round(h / k)), max(1, round(w / k)))
                picture = _moved(picture, relative[i], to, job.pad_mode)
            cv2.LUT(np.ascontiguousarray(picture), table[i][:, None], dst=out[i])

    share = -(-n // threads())
    list(pool().map(work, [range(i, min(n, i + share)) for i in range(0, n, share)]))
    return torch.from_numpy(out).permute(0, 3, 1, 2)


_FLIPPED = np.diag([-1.0, 1.0, 1.0])


def _moved(picture: np.ndarray, relative: np.ndarray, to: tuple[int, int], pad_mode: str) -> np.ndarray:
    if picture.shape[:2] == to and np.array_equal(relative, np.eye(3)):
        return picture
    if picture.shape[:2] == to and np.array_equal(relative, _FLIPPED):
        return picture[:, ::-1]
    m = in_pixels(relative, picture.shape[:2], to)
    flags, border = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, _BORDERS[pad_mode]
    if m[2, 0] == 0 and m[2, 1] == 0:
        affine = m[:2] / m[2, 2]
        return np.asarray(cv2.warpAffine(picture, affine, to[::-1], flags=flags, borderMode=border))
    return np.asarray(cv2.warpPerspective(picture, m, to[::-1], flags=flags, borderMode=border))


@checked
def aug_transforms(
    mult: float = 1.0,
    do_flip: bool = True,
    flip_vert: bool = False,
    max_rotate: float = 10.0,
    min_zoom: float = 1.0,
    max_zoom: float = 1.1,
    max_lighting: float = 0.2,
    max_warp: float = 0.2,
    p_affine: float = 0.75,
    p_lighting: float = 0.75,
    xtra_tfms: Sequence[Any] | None = None,
    size: int | tuple[int, int] | None = None,
    mode: str = "bilinear",
    pad_mode: str = "reflection",
    align_corners: bool = False,
    batch: bool = False,
    min_scale: float = 1.0,
) -> list[Any]:
    """fastai's usual random changes: flip, rotate, zoom, perspective, brightness, contrast.

    `mult` multiplies `max_rotate`, `max_lighting` and `max_warp`; `p_affine` and `p_lighting` are
    probabilities. Angles in degrees. `size` brings the batch to that many pixels, at validation too, and
    `min_scale` below 1 shows a random part of at least that share of the area: with
    `item_tfms=Resize(460)`, `aug_transforms(size=224, min_scale=0.75)` is the course's presizing. All of it is
    one interpolation. With `batch`, the pictures of a batch are changed alike. `mode` is bilinear and `align_corners` False;
    others are refused.

    >>> aug_transforms(size=224, min_scale=0.75)[-1]
    Contrast(max_lighting=0.2, p=0.75, batch=False)
    """
    if mode != "bilinear" or align_corners:
        raise UsageError("aug_transforms interpolates bilinearly between the middles of pixels: leave mode and align_corners.")
    max_rotate, max_lighting, max_warp = max_rotate * mult, max_lighting * mult, max_warp * mult
    made: list[Any] = []
    how: dict[str, Any] = {"pad_mode": pad_mode, "batch": batch}
    if do_flip:
        made.append(Dihedral(0.5, **how) if flip_vert else Flip(0.5, **how))
    if max_warp:
        made.append(Warp(max_warp, p_affine, **how))
    if max_rotate:
        made.append(Rotate(max_rotate, p_affine, **how))
    if min_zoom < 1 or max_zoom > 1:
        made.append(Zoom(min_zoom, max_zoom, p_affine, **how))
    if min_scale < 1:
        made.insert(0, RandomCrop(min_scale, **how))
    if size is not None:
        made.append(ResizeBatch(size, pad_mode=pad_mode))
    if max_lighting:
        made += [c(max_lighting, p_lighting, batch=batch) for c in (Brightness, Contrast)]
    return [*made, *(() if xtra_tfms is None else xtra_tfms)]
