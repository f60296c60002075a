"""Pictures of Pillow that know what they stand for: made by `create` from whatever holds a picture."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from PIL import Image

from tipoff.data.kind import Kind
from tipoff.decode import decode_image
from tipoff.deep_images import Levels
from tipoff.display import show_image
from tipoff.errors import UsageError


class PILBase(Image.Image):
    """A Pillow picture made by `create` from a path, bytes, an array or a tensor, turned as EXIF says."""

    mode_wanted: ClassVar[str] = "RGB"

    @classmethod
    def create(cls, fn: Any, *, levels: Levels | None = None) -> Self:
        """The picture of a path, bytes, an open file, an array or a tensor.

        `levels` are the values that become black and white, of a picture of more than 8 bits. Raises `DataError`, naming the
        file, for anything that is no whole picture.
        """
        x = decode_image(fn, mode="L" if cls.mode_wanted == "L" else "RGB", levels=levels)
        return cls.of(Image.fromarray(x).convert(cls.mode_wanted))

    @classmethod
    def of(cls, image: Image.Image) -> Self:
        """The same picture as one of this class."""
        made = cls()
        made.__dict__.update(image.__dict__)
        return made

    def show(self, ctx: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Draw it into the axes `ctx`, or into a new figure."""
        return show_image(self, ctx=ctx, **kwargs)

    def to_thumb(self, h: int, w: int | None = None) -> Self:
        """A copy that fits into (h, w)."""
        small = self.copy()
        small.thumbnail((w or h, h))
        return type(self).of(small)

    def _new(self, im: Any) -> Self:
        return type(self).of(super()._new(im))

    def __repr__(self) -> str:
        return f"{type(self).__name__} mode={self.mode} size={self.size[0]}x{self.size[1]}"


class PILImage(PILBase):
    """A colour picture."""

    kinds: ClassVar[tuple[Kind, ...]] = (Kind.IMAGE,)


class PILImageBW(PILImage):
    """A grey picture."""

    mode_wanted = "L"
    is_grey: ClassVar[bool] = True


class PILMask(PILBase):
    """A picture whose values are codes."""

    mode_wanted = "L"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.MASK,)

    @classmethod
    def create(cls, fn: Any, *, levels: Levels | None = None) -> Self:
        """The values are kept as they are in the file."""
        if levels is not None:
            raise UsageError("The values of a mask are codes, which no levels change.")
        image = Image.fromarray(fn) if isinstance(fn, np.ndarray) else Image.open(fn)
        image.load()
        return cls.of(image if image.mode in ("L", "P") else image.convert("L"))
