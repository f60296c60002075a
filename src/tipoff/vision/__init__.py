"""Pictures: blocks, transforms, networks, and the factories that put them together.

Names are loaded when first used, so that serving a model never imports the training code.
"""

from __future__ import annotations

import importlib
from typing import Any

from tipoff.optional import require

require("torch", "tipoff.vision")

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
_WHERE = {name: module for module, names in _PLACES.items() for name in names}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'tipoff.vision' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
