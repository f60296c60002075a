"""Callbacks that mix samples: `fastai.callback.mixup`."""

from typing import TYPE_CHECKING

from tipoff.callbacks import CutMix, MixUp
from tipoff.lazy import missing

__all__ = [
    "CutMix",
    "MixUp",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
