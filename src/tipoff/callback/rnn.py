"""Callbacks of recurrent networks: `fastai.callback.rnn`."""

from tipoff.text.callbacks import ModelResetter, RNNCallback, RNNRegularizer, rnn_cbs

__all__ = [
    "ModelResetter",
    "RNNCallback",
    "RNNRegularizer",
    "rnn_cbs",
]
