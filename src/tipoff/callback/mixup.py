"""Callbacks that mix samples: `fastai.callback.mixup`."""

from tipoff.callbacks import CutMix, MixUp

__all__ = [
    "CutMix",
    "MixUp",
]
