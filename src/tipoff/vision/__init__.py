"""Pictures: blocks, transforms, networks, and the factories that put them together.

Names are loaded when first used, so that serving a model never imports the training code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tipoff.lazy import attach
from tipoff.optional import require

require("tipoff.vision", "torch", "torchvision", "timm", "cv2")

_PLACES = {
    "tipoff.vision.block": ("ImageBlock",),
    "tipoff.vision.resize": ("FlipItem", "PadMode", "RandomResizedCrop", "Resize", "ResizeMethod"),
    "tipoff.vision.augment": ("IntToFloat", "Normalize", "aug_transforms", "imagenet_stats"),
    "tipoff.vision.gather": ("download_images", "resize_images", "verify_images"),
    "tipoff.vision.loaders": ("ImageDataLoaders",),
    "tipoff.vision.learner": ("vision_learner",),
    "tipoff.vision.model": ("VisionModel",),
    "tipoff.interpret.classification": ("ClassificationInterpretation",),
}

if TYPE_CHECKING:
    from tipoff.interpret.classification import ClassificationInterpretation as ClassificationInterpretation
    from tipoff.vision.augment import (
        IntToFloat as IntToFloat,
        Normalize as Normalize,
        aug_transforms as aug_transforms,
        imagenet_stats as imagenet_stats,
    )
    from tipoff.vision.block import ImageBlock as ImageBlock
    from tipoff.vision.gather import (
        download_images as download_images,
        resize_images as resize_images,
        verify_images as verify_images,
    )
    from tipoff.vision.learner import vision_learner as vision_learner
    from tipoff.vision.loaders import ImageDataLoaders as ImageDataLoaders
    from tipoff.vision.model import VisionModel as VisionModel
    from tipoff.vision.resize import (
        FlipItem as FlipItem,
        PadMode as PadMode,
        RandomResizedCrop as RandomResizedCrop,
        Resize as Resize,
        ResizeMethod as ResizeMethod,
    )
else:
    __getattr__, __dir__, __all__ = attach(__name__, _PLACES)
