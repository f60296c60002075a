"""Loaders whose epoch is not every item once: `fastai.callback.data`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.notebook.loaders import PartialDL, WeightedDL

__all__ = ["PartialDL", "WeightedDL"]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
