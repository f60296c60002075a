"""Data sets under pipelines of transforms, and their batches: `fastai.data.core`."""

from typing import TYPE_CHECKING

from tipoff.data.dataloaders import DataLoaders
from tipoff.lazy import missing
from tipoff.notebook.datasets import Datasets, TfmdLists, show_at
from tipoff.notebook.loaders import TfmdDL

__all__ = [
    "DataLoaders",
    "Datasets",
    "TfmdDL",
    "TfmdLists",
    "show_at",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
