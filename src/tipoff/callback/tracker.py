"""Callbacks that follow a figure: `fastai.callback.tracker`."""

from typing import TYPE_CHECKING

from tipoff.callbacks import (
    EarlyStoppingCallback,
    ReduceLROnPlateau,
    SaveModelCallback,
    TerminateOnNaNCallback,
)
from tipoff.lazy import missing

__all__ = [
    "EarlyStoppingCallback",
    "ReduceLROnPlateau",
    "SaveModelCallback",
    "TerminateOnNaNCallback",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
