"""Callbacks that change how a network is trained: `fastai.callback.training`."""

from typing import TYPE_CHECKING

from tipoff.callbacks import GradientAccumulation, GradientClip, ShortEpochCallback
from tipoff.lazy import missing

__all__ = [
    "GradientAccumulation",
    "GradientClip",
    "ShortEpochCallback",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
