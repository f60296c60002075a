"""Figures for TensorBoard: `fastai.callback.tensorboard`."""

from tipoff.callbacks import TensorBoardCallback

__all__ = [
    "TensorBoardCallback",
]
