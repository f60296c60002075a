"""Batches of any sequence: `fastai.data.load`."""

from tipoff.notebook.loaders import DataLoader

__all__ = [
    "DataLoader",
]
