"""The AWD-LSTM: `fastai.text.models.awdlstm`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.nn.awd_lstm import AWD_LSTM
from tipoff.nn.dropout import RNNDropout, dropout_mask
from tipoff.text.model import awd_lstm_clas_config, awd_lstm_lm_config

__all__ = [
    "AWD_LSTM",
    "RNNDropout",
    "awd_lstm_clas_config",
    "awd_lstm_lm_config",
    "dropout_mask",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
