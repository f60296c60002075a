"""Tensors, devices, seeds and drawing: `fastai.torch_core`."""

from typing import TYPE_CHECKING

from tipoff.data.dataloaders import default_device
from tipoff.display import show_image, show_images, subplots
from tipoff.lazy import missing
from tipoff.learner.freeze import trainable_params
from tipoff.notebook.helpers import apply, one_hot, params, tensor, to_cpu, to_device, to_np
from tipoff.notebook.module import Module
from tipoff.notebook.pictures import (
    TensorBase,
    TensorCategory,
    TensorImage,
    TensorImageBW,
    TensorMask,
    TitledStr,
    show_titled_image,
)
from tipoff.rng import set_seed

__all__ = [
    "Module",
    "TensorBase",
    "TensorCategory",
    "TensorImage",
    "TensorImageBW",
    "TensorMask",
    "TitledStr",
    "apply",
    "default_device",
    "one_hot",
    "params",
    "set_seed",
    "show_image",
    "show_images",
    "show_titled_image",
    "subplots",
    "tensor",
    "to_cpu",
    "to_device",
    "to_np",
    "trainable_params",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
