"""A picture as input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from tipoff.checked import checked
from tipoff.data.block import Block
from tipoff.data.kind import Kind
from tipoff.data.store import pool
from tipoff.data.transform import BatchTransform
from tipoff.decode import KEEP_PIXELS, check_header, decode_image, is_deep_file, read_pixels
from tipoff.deep_images import need_levels, range_of
from tipoff.display import show_image
from tipoff.errors import DataError, UsageError
from tipoff.notes import note
from tipoff.vision.augment import IntToFloat, OneChannel
from tipoff.vision.images import PILImage, PILImageBW

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_READ = 2000  # deep images whose range is looked at, evenly spread


@checked
@dataclass(frozen=True)
class ImageBlock(Block):
    """A picture: a path, bytes, an open file, an array (H, W, 3) or (H, W), or a Pillow picture.

    `mode` is "RGB", or "L" for grey; either way the network gets three `channels`, unless that is 1. `cls`, or the first
    argument, may be fastai's class of a picture: `ImageBlock(cls=PILImageBW)` is grey in one channel. Whatever the file holds
    (CMYK, 16 bits, a palette, transparency, a rotation in EXIF) is brought to that. `levels` are the values that become
    black and white in images of more than 8 bits; without them, the range of the training images.

    >>> ImageBlock(cls=PILImageBW)
    ImageBlock(mode='L', levels=None, channels=1)
    """

    mode: Any = "RGB"
    levels: tuple[float, float] | None = None
    channels: int = 3
    cls: InitVar[Any] = None

    kind: ClassVar[Kind] = Kind.IMAGE
    things: ClassVar[str] = "photos"
    is_cheap: ClassVar[bool] = False

    def __post_init__(self, cls: Any) -> None:
        given = self.mode if cls is None else cls
        if isinstance(given, type):
            if not issubclass(given, PILImage):
                raise UsageError(f"ImageBlock takes PILImage or PILImageBW, and got {given.__name__}.")
            grey = issubclass(given, PILImageBW)
            object.__setattr__(self, "mode", "L" if grey else "RGB")
            object.__setattr__(self, "channels", 1 if grey else 3)
        elif given not in ("RGB", "L"):
            raise UsageError(
                f"mode={given!r}: give 'RGB', 'L' for grey, or PILImageBW for grey in one channel."
            )
        if self.channels not in ((1, 3) if self.mode == "L" else (3,)):
            raise UsageError(
                f"channels={self.channels}: a picture has 3, or 1 where it is grey: ImageBlock('L', channels=1)."
            )
        object.__setattr__(self, "levels", need_levels(self.levels))

    @property
    def batch_tfms(self) -> tuple[BatchTransform, ...]:  # type: ignore[override]  # it depends on `channels`
        """From bytes to numbers in [0, 1]; of a picture of one channel, that channel."""
        return (IntToFloat(),) if self.channels == 3 else (IntToFloat(), OneChannel())

    def setup(self, values: Sequence[Any]) -> Self:
        """With the range of the images of more than 8 bits among `values`, if there are any."""
        if self.levels is not None:
            return self
        deep = [v for v, is_deep in zip(values, pool().map(is_deep_file, values), strict=True) if is_deep]
        if not deep:
            return self
        read = deep[:: -(-len(deep) // MOST_READ)]
        found = [r for r in pool().map(_range, read) if r is not None]
        if not found:
            return self
        low, high = min(r[0] for r in found), max(r[1] for r in found)
        of = (
            f"{len(deep):,} of {len(values):,} training images"
            if len(deep) < len(values)
            else "the training images"
        )
        part = f" (that of {len(read):,} of them)" if len(read) < len(deep) else ""
        note(
            f"{of} have more than 8 bits: their range{part}, {low:,g} to {high:,g}, becomes 0 to 255, here and for new images. "
            "ImageBlock(levels=(low, high)) sets another"
        )
        return self.replace(levels=(low, high if high > low else low + 1))

    def raw(self, value: Any) -> Any:
        return Path(value) if isinstance(value, str) else value

    def check(self, value: Any) -> str | None:
        return check_header(value) if isinstance(value, (str, Path)) else None

    def encode(self, value: Any) -> np.ndarray:  # -> uint8 (H, W, 3)
        return decode_image(value, mode=self.mode, levels=self.levels)

    def sample(self, value: Any) -> PILImage:
        """The picture as it is before any transform."""
        return (PILImageBW if self.mode == "L" else PILImage).create(value, levels=self.levels)

    def encode_exact(self, value: Any) -> np.ndarray:  # -> uint8 (H, W, 3)
        return decode_image(value, mode=self.mode, levels=self.levels, keep_pixels=KEEP_PIXELS)

    def collate(self, values: Sequence[np.ndarray]) -> Tensor:  # -> (B, 3, H, W), channels_last in memory
        return torch.from_numpy(np.stack(values)).permute(0, 3, 1, 2)

    def show(self, value: Tensor, ax: Axes) -> None:  # (C, H, W)
        show_image(value, ax=ax)


def _range(value: Any) -> tuple[float, float] | None:
    try:
        x = read_pixels(value)
    except DataError:  # which is said where it is left out
        return None
    return None if x.dtype == np.uint8 else range_of(x)
