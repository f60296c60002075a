"""Data sets under pipelines of transforms, and their batches: `fastai.data.core`."""

from tipoff.data.dataloaders import DataLoaders
from tipoff.notebook.datasets import Datasets, TfmdLists, show_at
from tipoff.notebook.loaders import TfmdDL

__all__ = [
    "DataLoaders",
    "Datasets",
    "TfmdDL",
    "TfmdLists",
    "show_at",
]
