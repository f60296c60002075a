"""Loaders whose epoch is not every item once: `fastai.callback.data`."""

from tipoff.notebook.loaders import PartialDL, WeightedDL

__all__ = ["PartialDL", "WeightedDL"]
