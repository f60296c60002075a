"""Images as fastai's users hold them: `fastai.vision.core`."""

from tipoff.notebook.pictures import PILBase, PILImage, PILImageBW, PILMask, image2tensor
from tipoff.vision.augment import cifar_stats, imagenet_stats, mnist_stats

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
