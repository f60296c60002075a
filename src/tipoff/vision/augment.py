"""Augmentation of whole batches: all moves in one warp, all changes of colour in one table.

On the CPU a sample is warped as uint8 by OpenCV and then coloured and normalised by one table of 256
entries a channel, in threads. On other devices the same is done by one `grid_sample` and one pass of
arithmetic over the batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tipoff.data.kind import Kind
from tipoff.data.store import pool, threads
from tipoff.data.transform import BatchTransform
from tipoff.vision.geometry import Dihedral, Flip, Geometric, Rotate, Warp, Zoom, compose, in_pixels

imagenet_stats = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
cifar_stats = ([0.491, 0.482, 0.447], [0.247, 0.243, 0.261])
mnist_stats = ([0.131], [0.308])

_LEVELS = np.arange(256, dtype=np.float32)
_BORDERS = {
    "reflection": cv2.BORDER_REFLECT_101,
    "border": cv2.BORDER_REPLICATE,
    "zeros": cv2.BORDER_CONSTANT,
}


@dataclass(frozen=True)
class Pointwise(BatchTransform):
    """A change of each value on its own, on float tensors (B, C, ...): a table can hold it."""

    def point(self, x: Tensor, u: Tensor | None) -> Tensor:  # (B, C, n) -> (B, C, n)
        raise NotImplementedError


@dataclass(frozen=True)
class IntToFloat(Pointwise):
    """From [0, 255] to [0, 1]."""

    div: float = 255.0
    order: ClassVar[int] = -10

    def point(self, x: Tensor, u: Tensor | None) -> Tensor:
        return x / self.div


@dataclass(frozen=True)
class Brightness(Pointwise):
    """Lighter or darker, in logit space, by up to `max_lighting` (in [0, 1)), with probability `p`."""

    max_lighting: float = 0.2
    p: float = 0.75
    n_draws: ClassVar[int] = 2

    def point(self, x: Tensor, u: Tensor | None) -> Tensor:
        if u is None:
            return x
        change = 0.5 + (u[:, 1] - 0.5) * self.max_lighting
        change = torch.where(u[:, 0] < self.p, change, 0.5)
        return torch.sigmoid(_logit(x) + _column(torch.log(change / (1 - change)), x))


@dataclass(frozen=True)
class Contrast(Pointwise):
    """More or less contrast, in logit space, by up to `max_lighting`, with probability `p`."""

    max_lighting: float = 0.2
    p: float = 0.75
    n_draws: ClassVar[int] = 2

    def point(self, x: Tensor, u: Tensor | None) -> Tensor:
        if u is None:
            return x
        span = math.log(1 - self.max_lighting)
        factor = torch.where(u[:, 0] < self.p, torch.exp((1 - 2 * u[:, 1]) * span), 1.0)
        return torch.sigmoid(_logit(x) * _column(factor, x))


@dataclass(frozen=True)
class Normalize(Pointwise):
    """Subtract the mean and divide by the standard deviation of each channel, for pictures in [0, 1]."""

    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    order: ClassVar[int] = 99

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", tuple(float(v) for v in self.mean))
        object.__setattr__(self, "std", tuple(float(v) for v in self.std))

    @classmethod
    def from_stats(cls, mean: Sequence[float], std: Sequence[float], *_: Any, **__: Any) -> Normalize:
        """As fastai's: `Normalize.from_stats(*imagenet_stats)`."""
        return cls(tuple(mean), tuple(std))

    def _stats(self, x: Tensor) -> tuple[Tensor, Tensor]:
        shape = (1, -1, *(1,) * (x.ndim - 2))
        return x.new_tensor(self.mean).reshape(shape), x.new_tensor(self.std).reshape(shape)

    def point(self, x: Tensor, u: Tensor | None) -> Tensor:
        mean, std = self._stats(x)
        return (x - mean) / std

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
    if x.device.type == "cpu" and x.dtype is torch.uint8:
        return _by_table(x, job)
    out = x.float()
    if job.moves:
        out = warp(out, compose(job.moves, job.move_draws, len(x)))
    return job.colour(out).contiguous(memory_format=torch.channels_last)


def warp(x: Tensor, matrices: np.ndarray, mode: str = "bilinear", pad_mode: str = "reflection") -> Tensor:
    """Move each picture of a batch by its relative matrix, on any device: (B, C, H, W), (B, 3, 3)."""
    n, _, h, w = x.shape
    ys = (torch.arange(h, device=x.device) + 0.5) * (2 / h) - 1
    xs = (torch.arange(w, device=x.device) + 0.5) * (2 / w) - 1
    grid = torch.stack([*torch.meshgrid(ys, xs, indexing="ij")[::-1], torch.ones(h, w, device=x.device)], -1)
    m = torch.from_numpy(matrices).to(x.device, torch.float32)
    at = grid.reshape(1, -1, 3) @ m.transpose(1, 2)
    at = (at[..., :2] / at[..., 2:]).reshape(n, h, w, 2)
    return F.grid_sample(x, at.to(x.dtype), mode, pad_mode, align_corners=False)


def _by_table(x: Tensor, job: _Job) -> Tensor:  # uint8 (B, C, H, W) -> float32, channels_last
    n, channels, h, w = x.shape
    source = x.permute(0, 2, 3, 1).contiguous().numpy()
    out = np.empty((n, h, w, channels), np.float32)
    levels = torch.from_numpy(_LEVELS).expand(n, channels, 256).contiguous()
    table = job.colour(levels).transpose(1, 2).contiguous().numpy()  # (B, 256, C)
    relative = compose(job.moves, job.move_draws, n) if job.moves else None
    maps = None if relative is None else in_pixels(relative, (h, w), (h, w))

    def work(rows: range) -> None:
        for i in rows:
            picture = source[i]
            if relative is not None and maps is not None:
                picture = _moved(picture, relative[i], maps[i])
            cv2.LUT(np.ascontiguousarray(picture), table[i][:, None], dst=out[i])

    share = -(-n // threads())
    list(pool().map(work, [range(i, min(n, i + share)) for i in range(0, n, share)]))
    return torch.from_numpy(out).permute(0, 3, 1, 2)


_FLIPPED = np.diag([-1.0, 1.0, 1.0])


def _moved(picture: np.ndarray, relative: np.ndarray, m: np.ndarray) -> np.ndarray:
    if np.array_equal(relative, np.eye(3)):
        return picture
    if np.array_equal(relative, _FLIPPED):
        return picture[:, ::-1]
    size = picture.shape[1::-1]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    if m[2, 0] == 0 and m[2, 1] == 0:
        return np.asarray(
            cv2.warpAffine(picture, m[:2] / m[2, 2], size, flags=flags, borderMode=cv2.BORDER_REFLECT_101)
        )
    return np.asarray(cv2.warpPerspective(picture, m, size, flags=flags, borderMode=cv2.BORDER_REFLECT_101))


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
) -> list[Any]:
    """fastai's usual random changes: flip, rotate, zoom, perspective, brightness, contrast.

    `mult` multiplies `max_rotate`, `max_lighting` and `max_warp`; `p_affine` and `p_lighting` are
    probabilities. Angles in degrees.
    """
    max_rotate, max_lighting, max_warp = max_rotate * mult, max_lighting * mult, max_warp * mult
    made: list[Any] = []
    if do_flip:
        made.append(Dihedral(p=0.5) if flip_vert else Flip(p=0.5))
    if max_warp:
        made.append(Warp(magnitude=max_warp, p=p_affine))
    if max_rotate:
        made.append(Rotate(max_deg=max_rotate, p=p_affine))
    if min_zoom < 1 or max_zoom > 1:
        made.append(Zoom(min_zoom=min_zoom, max_zoom=max_zoom, p=p_affine))
    if max_lighting:
        made += [Brightness(max_lighting, p_lighting), Contrast(max_lighting, p_lighting)]
    return [*made, *(xtra_tfms or ())]
