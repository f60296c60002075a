"""Batches of any sequence: `fastai.data.load`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.notebook.loaders import DataLoader

__all__ = [
    "DataLoader",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
