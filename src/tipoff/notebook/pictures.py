"""Tensors that know that they are pictures, and the way to them from Pillow's, as course notebooks have them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from tipoff.data.kind import Kind
from tipoff.display import show_image
from tipoff.notebook.transforms import Transform
from tipoff.vision.augment import IntToFloat
from tipoff.vision.images import PILImage, PILImageBW, PILMask


class TensorBase(Tensor):
    """A tensor that remembers what it shows; what is computed from it remembers too."""

    show_kwargs: ClassVar[dict[str, Any]] = {}

    @staticmethod
    def __new__(cls, x: Any, **_: Any) -> Any:
        t = x if isinstance(x, Tensor) else torch.as_tensor(np.asarray(x))
        return t.as_subclass(cls)

    def show(self, ctx: Any = None, **kwargs: Any) -> Any:
        """Draw it into the axes `ctx`, or into a new figure."""
        return show_image(self.as_subclass(Tensor), ctx=ctx, **{**self.show_kwargs, **kwargs})


class TensorImage(TensorBase):
    """A colour picture, (3, H, W) or (B, 3, H, W)."""

    kinds: ClassVar[tuple[Kind, ...]] = (Kind.IMAGE,)


class TensorImageBW(TensorImage):
    """A grey picture, (1, H, W)."""

    is_grey: ClassVar[bool] = True
    show_kwargs: ClassVar[dict[str, Any]] = {"cmap": "Greys"}


class TensorMask(TensorBase):
    """Codes, (H, W)."""

    kinds: ClassVar[tuple[Kind, ...]] = (Kind.MASK,)


class TensorCategory(TensorBase):
    """The number of a class."""

    kinds: ClassVar[tuple[Kind, ...]] = (Kind.LABEL,)


class TitledStr(str):
    """A text that is shown as a title."""

    def show(self, ctx: Any = None, **kwargs: Any) -> Any:
        """Put it over the axes `ctx`."""
        if ctx is None:
            print(self)
            return None
        ctx.set_title(self)
        return ctx


def image2tensor(img: Any) -> Tensor:  # -> uint8 (C, H, W)
    """A Pillow picture as bytes."""
    x = torch.from_numpy(np.array(img))
    return x[None] if x.ndim == 2 else x.permute(2, 0, 1).contiguous()


class ToTensor(Transform):
    """From Pillow pictures to tensors of bytes."""

    order = 5

    def encodes(self, o: PILImage) -> Tensor:
        return image2tensor(o).as_subclass(TensorImage)

    def encodes(self, o: PILImageBW) -> Tensor:  # type: ignore[no-redef]  # noqa: F811
        return image2tensor(o).as_subclass(TensorImageBW)

    def encodes(self, o: PILMask) -> Tensor:  # type: ignore[no-redef]  # noqa: F811
        return image2tensor(o)[0].as_subclass(TensorMask)


IntToFloatTensor = IntToFloat  # fastai's name for the batch transform


def show_titled_image(o: tuple[Any, Any], **kwargs: Any) -> Any:
    """Draw a (picture, title) pair."""
    return show_image(o[0], title=str(o[1]), **kwargs)
