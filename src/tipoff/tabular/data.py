"""Data loaders of tables: `fastai.tabular.data`."""

from tipoff.tabular.loaders import TabularDataLoaders

__all__ = [
    "TabularDataLoaders",
]
