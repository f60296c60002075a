"""Texts: tokenizers, a block, data loaders, language models and classifiers.

Names are loaded when first used, so that serving a model never imports the training code.
"""

from __future__ import annotations

import importlib
from typing import Any

from tipoff.optional import require

require("torch", "tipoff.text")

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
_WHERE = {name: module for module, names in _PLACES.items() for name in names}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'tipoff.text' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
