"""Images as fastai's users hold them: `fastai.vision.core`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.notebook.pictures import image2tensor
from tipoff.vision.augment import cifar_stats, imagenet_stats, mnist_stats
from tipoff.vision.images import PILBase, PILImage, PILImageBW, PILMask

__all__ = [
    "PILBase",
    "PILImage",
    "PILImageBW",
    "PILMask",
    "cifar_stats",
    "image2tensor",
    "imagenet_stats",
    "mnist_stats",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
