"""Blocks, data loaders and batches of texts: `fastai.text.data`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.notebook.texts import LMDataLoader, Numericalize, SortedDL, pad_input
from tipoff.text.block import TextBlock
from tipoff.text.loaders import TextDataLoaders
from tipoff.text.words import make_vocab

__all__ = [
    "LMDataLoader",
    "Numericalize",
    "SortedDL",
    "TextBlock",
    "TextDataLoaders",
    "make_vocab",
    "pad_input",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
