"""Images from the web, checked and made smaller: `fastai.vision.utils`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.notebook.sources import verify_images
from tipoff.vision.gather import download_images, resize_images

__all__ = [
    "download_images",
    "resize_images",
    "verify_images",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
