"""A picture as input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from tipoff.checked import checked
from tipoff.data.block import Block
from tipoff.data.kind import Kind
from tipoff.data.transform import BatchTransform
from tipoff.decode import KEEP_PIXELS, check_header, decode_image
from tipoff.display import show_image
from tipoff.vision.augment import IntToFloat

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@checked
@dataclass(frozen=True)
class ImageBlock(Block):
    """A picture: a path, bytes, an array (H, W, 3) or a Pillow picture.

    `mode` is "RGB", or "L" for grey; either way the network gets three channels. Whatever the file holds
    (CMYK, 16 bits, a palette, transparency, a rotation in EXIF) is brought to that.
    """

    mode: str = "RGB"

    kind: ClassVar[Kind] = Kind.IMAGE
    things: ClassVar[str] = "photos"
    is_cheap: ClassVar[bool] = False
    batch_tfms: ClassVar[tuple[BatchTransform, ...]] = (IntToFloat(),)

    def raw(self, value: Any) -> Any:
        return Path(value) if isinstance(value, str) else value

    def check(self, value: Any) -> str | None:
        return check_header(value) if isinstance(value, (str, Path)) else None

    def encode(self, value: Any) -> np.ndarray:  # -> uint8 (H, W, 3)
        return decode_image(value, mode=self.mode)

    def encode_exact(self, value: Any) -> np.ndarray:  # -> uint8 (H, W, 3)
        return decode_image(value, mode=self.mode, keep_pixels=KEEP_PIXELS)

    def collate(self, values: Sequence[np.ndarray]) -> Tensor:  # -> (B, 3, H, W), channels_last in memory
        return torch.from_numpy(np.stack(values)).permute(0, 3, 1, 2)

    def show(self, value: Tensor, ax: Axes) -> None:  # (3, H, W)
        show_image(value, ax=ax)
