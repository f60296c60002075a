"""Figures for TensorBoard: `fastai.callback.tensorboard`."""

from typing import TYPE_CHECKING

from tipoff.callbacks import TensorBoardCallback
from tipoff.lazy import missing

__all__ = [
    "TensorBoardCallback",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
