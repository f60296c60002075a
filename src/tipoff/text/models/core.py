"""Language models and classifiers around an encoder: `fastai.text.models.core`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.nn.language import LinearDecoder, PoolingLinearClassifier, SentenceEncoder, masked_concat_pool
from tipoff.text.model import get_language_model, get_text_classifier

__all__ = [
    "LinearDecoder",
    "PoolingLinearClassifier",
    "SentenceEncoder",
    "get_language_model",
    "get_text_classifier",
    "masked_concat_pool",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
