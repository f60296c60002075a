"""Callbacks of recurrent networks: `fastai.callback.rnn`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.text.callbacks import ModelResetter, RNNCallback, RNNRegularizer, rnn_cbs

__all__ = [
    "ModelResetter",
    "RNNCallback",
    "RNNRegularizer",
    "rnn_cbs",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
