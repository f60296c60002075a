"""Layers to build networks from: `fastai.layers`."""

from typing import TYPE_CHECKING

from torch.nn import Flatten

from tipoff.lazy import missing
from tipoff.nn.conv import ConvLayer, NormType
from tipoff.nn.embedding import Embedding
from tipoff.nn.layers import AdaptiveConcatPool2d, Lambda, SigmoidRange
from tipoff.nn.resnet import ResBlock
from tipoff.notebook.helpers import sequential, sigmoid_range

__all__ = [
    "AdaptiveConcatPool2d",
    "ConvLayer",
    "Embedding",
    "Flatten",
    "Lambda",
    "NormType",
    "ResBlock",
    "SigmoidRange",
    "sequential",
    "sigmoid_range",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
