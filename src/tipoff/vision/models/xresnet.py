"""Residual networks with later tricks: `fastai.vision.models.xresnet`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.nn.resnet import XResNet, xresnet18, xresnet34, xresnet50, xresnet101

__all__ = ["XResNet", "xresnet18", "xresnet34", "xresnet50", "xresnet101"]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
