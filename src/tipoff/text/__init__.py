"""Texts: tokenizers, a block, data loaders, language models and classifiers.

Names are loaded when first used, so that serving a model never imports the training code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tipoff.lazy import attach
from tipoff.optional import require

require("tipoff.text", "torch")

_PLACES = {
    "tipoff.nn.awd_lstm": ("AWD_LSTM",),
    "tipoff.text.block": ("TextBlock",),
    "tipoff.text.callbacks": ("ModelResetter", "RNNCallback", "RNNRegularizer", "rnn_cbs"),
    "tipoff.text.directions": ("both_ways",),
    "tipoff.text.files": ("get_text_files",),
    "tipoff.text.generate": ("continue_text",),
    "tipoff.text.factories": ("language_model_learner", "text_classifier_learner"),
    "tipoff.text.learner": ("LMLearner", "TextLearner"),
    "tipoff.text.loaders": ("TextDataLoaders",),
    "tipoff.text.model": (
        "awd_lstm_clas_config",
        "awd_lstm_lm_config",
        "get_language_model",
        "get_text_classifier",
        "gpt_clas_config",
        "gpt_lm_config",
    ),
    "tipoff.text.numbers": ("human_numbers",),
    "tipoff.text.pieces": ("SubwordTokenizer",),
    "tipoff.text.target": ("NextToken",),
    "tipoff.text.tokenizer": ("Tokenizer",),
    "tipoff.text.weights": ("pretrained_tokenizer",),
    "tipoff.text.words": ("WordTokenizer",),
}

if TYPE_CHECKING:
    from tipoff.nn.awd_lstm import AWD_LSTM as AWD_LSTM
    from tipoff.text.block import TextBlock as TextBlock
    from tipoff.text.callbacks import (
        ModelResetter as ModelResetter,
        RNNCallback as RNNCallback,
        RNNRegularizer as RNNRegularizer,
        rnn_cbs as rnn_cbs,
    )
    from tipoff.text.directions import both_ways as both_ways
    from tipoff.text.factories import (
        language_model_learner as language_model_learner,
        text_classifier_learner as text_classifier_learner,
    )
    from tipoff.text.files import get_text_files as get_text_files
    from tipoff.text.generate import continue_text as continue_text
    from tipoff.text.learner import LMLearner as LMLearner, TextLearner as TextLearner
    from tipoff.text.loaders import TextDataLoaders as TextDataLoaders
    from tipoff.text.model import (
        awd_lstm_clas_config as awd_lstm_clas_config,
        awd_lstm_lm_config as awd_lstm_lm_config,
        get_language_model as get_language_model,
        get_text_classifier as get_text_classifier,
        gpt_clas_config as gpt_clas_config,
        gpt_lm_config as gpt_lm_config,
    )
    from tipoff.text.numbers import human_numbers as human_numbers
    from tipoff.text.pieces import SubwordTokenizer as SubwordTokenizer
    from tipoff.text.target import NextToken as NextToken
    from tipoff.text.tokenizer import Tokenizer as Tokenizer
    from tipoff.text.weights import pretrained_tokenizer as pretrained_tokenizer
    from tipoff.text.words import WordTokenizer as WordTokenizer
else:
    __getattr__, __dir__, __all__ = attach(__name__, _PLACES)
