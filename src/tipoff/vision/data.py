"""Blocks and data loaders of images: `fastai.vision.data`."""

from tipoff.display import get_grid
from tipoff.vision.block import ImageBlock
from tipoff.vision.loaders import ImageDataLoaders

__all__ = [
    "ImageBlock",
    "ImageDataLoaders",
    "get_grid",
]
