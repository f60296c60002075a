"""Blocks and data loaders of images: `fastai.vision.data`."""

from typing import TYPE_CHECKING

from tipoff.display import get_grid
from tipoff.lazy import missing
from tipoff.vision.block import ImageBlock
from tipoff.vision.loaders import ImageDataLoaders

__all__ = [
    "ImageBlock",
    "ImageDataLoaders",
    "get_grid",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
