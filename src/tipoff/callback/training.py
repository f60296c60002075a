"""Callbacks that change how a network is trained: `fastai.callback.training`."""

from tipoff.callbacks import GradientAccumulation, GradientClip, ShortEpochCallback

__all__ = [
    "GradientAccumulation",
    "GradientClip",
    "ShortEpochCallback",
]
