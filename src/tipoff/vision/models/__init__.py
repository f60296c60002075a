"""Networks for images, as functions: `fastai.vision.models`. By name, `vision_learner(dls, "resnet34")` knows more."""

from typing import Any

from torchvision import models as _torchvision
from torchvision.models import (
    alexnet,
    densenet121,
    densenet161,
    densenet169,
    densenet201,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
    squeezenet1_0,
    squeezenet1_1,
    vgg11_bn,
    vgg13_bn,
    vgg16_bn,
    vgg19_bn,
)

from tipoff.nn.resnet import XResNet, xresnet18, xresnet34, xresnet50, xresnet101

__all__ = [
    "XResNet",
    "alexnet",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "squeezenet1_0",
    "squeezenet1_1",
    "vgg11_bn",
    "vgg13_bn",
    "vgg16_bn",
    "vgg19_bn",
    "xresnet18",
    "xresnet34",
    "xresnet50",
    "xresnet101",
]


def __getattr__(name: str) -> Any:
    """Any other network of torchvision."""
    return getattr(_torchvision, name)
