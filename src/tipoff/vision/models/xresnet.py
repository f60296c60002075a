"""Residual networks with later tricks: `fastai.vision.models.xresnet`."""

from tipoff.nn.resnet import XResNet, xresnet18, xresnet34, xresnet50, xresnet101

__all__ = ["XResNet", "xresnet18", "xresnet34", "xresnet50", "xresnet101"]
