"""Random moves of whole batches as 3 × 3 matrices, composed per sample into one warp.

Coordinates are relative: x and y from -1 to 1 over the picture. A matrix maps a point of the result to
the point of the source that is shown there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from tipoff.checked import checked
from tipoff.data.transform import BatchTransform
from tipoff.errors import UsageError
from tipoff.vision.resize import as_size

PAD_MODES = ("reflection", "border", "zeros")


def eye(n: int) -> np.ndarray:  # -> (n, 3, 3)
    """`n` matrices that move nothing."""
    return np.tile(np.eye(3), (n, 1, 1))


@dataclass(frozen=True)
class Geometric(BatchTransform):
    """A move given by a matrix a sample; `u` are its draws, (B, n_draws).

    `pad_mode` is what is seen beyond the edge: reflection, border or zeros. With `batch`, the pictures of a batch move alike.
    """

    pad_mode: str = field(default="reflection", kw_only=True)
    batch: bool = field(default=False, kw_only=True)
    moves: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.pad_mode not in PAD_MODES:
            raise UsageError(f"pad_mode={self.pad_mode!r}: choose one of {', '.join(PAD_MODES)}.")

    def matrix(self, u: np.ndarray) -> np.ndarray:  # (B, n_draws) -> (B, 3, 3)
        raise NotImplementedError


@checked
@dataclass(frozen=True)
class ResizeBatch(Geometric):
    """Bring the pictures of a batch to `size`, within the same warp as the moves beside it."""

    size: Any = None  # pixels, or (height, width)

    def __post_init__(self) -> None:
        super().__post_init__()
        height, width = as_size(self.size)
        object.__setattr__(self, "size", height if height == width else (height, width))


@checked
@dataclass(frozen=True)
class RandomCrop(Geometric):
    """A random part of the picture, at least `min_scale` of its area, of a shape within `ratio`."""

    min_scale: float = 0.35
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    n_draws: ClassVar[int] = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.min_scale <= 1:
            raise UsageError(f"min_scale={self.min_scale}: give a share of the area in (0, 1].")

    def matrix(self, u: np.ndarray) -> np.ndarray:
        area = self.min_scale + u[:, 0] * (1 - self.min_scale)
        low, high = math.log(self.ratio[0]), math.log(self.ratio[1])
        aspect = np.exp(low + u[:, 1] * (high - low))
        m = eye(len(u))
        m[:, 0, 0] = across = np.minimum(np.sqrt(area * aspect), 1)
        m[:, 1, 1] = down = np.minimum(np.sqrt(area / aspect), 1)
        m[:, 0, 2], m[:, 1, 2] = (1 - across) * (2 * u[:, 2] - 1), (1 - down) * (2 * u[:, 3] - 1)
        return m


@checked
@dataclass(frozen=True)
class Flip(Geometric):
    """Mirror left to right with probability `p`."""

    p: float = 0.5
    n_draws: ClassVar[int] = 1

    def matrix(self, u: np.ndarray) -> np.ndarray:
        m = eye(len(u))
        m[:, 0, 0] = np.where(u[:, 0] < self.p, -1, 1)
        return m


@checked
@dataclass(frozen=True)
class Dihedral(Geometric):
    """One of the eight turns and mirrorings of a square, with probability `p`."""

    p: float = 1.0
    n_draws: ClassVar[int] = 2

    def matrix(self, u: np.ndarray) -> np.ndarray:
        m = eye(len(u))
        which = np.where(u[:, 0] < self.p, (u[:, 1] * 8).astype(int), 0)
        m[:, 0, 0] = np.where(which & 1, -1, 1)
        m[:, 1, 1] = np.where(which & 2, -1, 1)
        swap = (which & 4) > 0
        m[swap] = m[swap][:, [1, 0, 2]]
        return m


@checked
@dataclass(frozen=True)
class Rotate(Geometric):
    """Turn by up to `max_deg` degrees either way, with probability `p`."""

    max_deg: float = 10.0
    p: float = 0.5
    n_draws: ClassVar[int] = 2

    def matrix(self, u: np.ndarray) -> np.ndarray:
        angle = np.where(u[:, 0] < self.p, (2 * u[:, 1] - 1) * self.max_deg * math.pi / 180, 0)
        m = eye(len(u))
        m[:, 0, 0] = m[:, 1, 1] = np.cos(angle)
        m[:, 0, 1], m[:, 1, 0] = -np.sin(angle), np.sin(angle)
        return m


@checked
@dataclass(frozen=True)
class Zoom(Geometric):
    """Enlarge by `min_zoom` to `max_zoom` about a random point, with probability `p`."""

    min_zoom: float = 1.0
    max_zoom: float = 1.1
    p: float = 0.5
    n_draws: ClassVar[int] = 4

    def matrix(self, u: np.ndarray) -> np.ndarray:
        zoom = self.min_zoom + u[:, 1] * (self.max_zoom - self.min_zoom)
        scale = np.where(u[:, 0] < self.p, 1 / zoom, 1.0)
        m = eye(len(u))
        m[:, 0, 0] = m[:, 1, 1] = scale
        m[:, 0, 2], m[:, 1, 2] = (1 - scale) * (2 * u[:, 2] - 1), (1 - scale) * (2 * u[:, 3] - 1)
        return m


@checked
@dataclass(frozen=True)
class Warp(Geometric):
    """A change of perspective, as if seen from the side: corners move by up to `magnitude` of half the picture."""

    magnitude: float = 0.2
    p: float = 0.5
    n_draws: ClassVar[int] = 3

    def matrix(self, u: np.ndarray) -> np.ndarray:
        on = u[:, 0] < self.p
        dx = np.where(on, (2 * u[:, 1] - 1) * self.magnitude, 0)
        dy = np.where(on, (2 * u[:, 2] - 1) * self.magnitude, 0)
        corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], dtype=np.float64)
        to = np.tile(corners, (len(u), 1, 1))
        to[:, 0, 0], to[:, 0, 1] = -1 + dy, -1 + dx
        to[:, 1, 0], to[:, 1, 1] = -1 - dy, 1 - dx
        to[:, 2, 0], to[:, 2, 1] = 1 - dy, -1 - dx
        to[:, 3, 0], to[:, 3, 1] = 1 + dy, 1 + dx
        return _homographies(corners, to)


def _homographies(source: np.ndarray, to: np.ndarray) -> np.ndarray:  # (4, 2), (B, 4, 2) -> (B, 3, 3)
    """The perspective maps that take the four points of `source` to those of `to`."""
    n = len(to)
    a = np.zeros((n, 8, 8))
    x, y = source[:, 0], source[:, 1]
    for i in range(4):
        a[:, 2 * i, :3] = [x[i], y[i], 1]
        a[:, 2 * i + 1, 3:6] = [x[i], y[i], 1]
        for row, axis in ((2 * i, 0), (2 * i + 1, 1)):
            a[:, row, 6] = -x[i] * to[:, i, axis]
            a[:, row, 7] = -y[i] * to[:, i, axis]
    solved = np.linalg.solve(a, to.reshape(n, 8)[..., None])[..., 0]
    return np.concatenate([solved, np.ones((n, 1))], axis=1).reshape(n, 3, 3)


def compose(tfms: Sequence[Geometric], draws: Sequence[Tensor | None], n: int) -> np.ndarray:  # -> (n, 3, 3)
    """One matrix a sample for all of `tfms`, applied to the picture in order."""
    total = eye(n)
    for t, u in zip(tfms, draws, strict=True):
        if u is not None:
            total = total @ t.matrix(u.double().numpy())
    return total


def in_pixels(m: np.ndarray, source: tuple[int, int], to: tuple[int, int]) -> np.ndarray:
    """Relative matrices as maps from pixel centres of the result, (h, w) = `to`, to those of the source."""

    def scale(size: tuple[int, int]) -> np.ndarray:
        h, w = size
        return np.array([[w / 2, 0, w / 2 - 0.5], [0, h / 2, h / 2 - 0.5], [0, 0, 1.0]])

    return np.asarray(scale(source) @ m @ np.linalg.inv(scale(to)))
