"""Data loaders of tables: `fastai.tabular.data`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.tabular.loaders import TabularDataLoaders

__all__ = [
    "TabularDataLoaders",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
