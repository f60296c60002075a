"""`from tipoff.data.all import *`: blocks, data sets, loaders, sources, splits and labels."""

from typing import TYPE_CHECKING

from tipoff.data import (
    CategoryBlock,
    DataBlock,
    GroupSplitter,
    MultiCategoryBlock,
    RegressionBlock,
    StratifiedSplitter,
    TimeSplitter,
    URLs,
)
from tipoff.data import core as _data_core
from tipoff.data import load as _data_load
from tipoff.data import transforms as _data_transforms
from tipoff.data.core import *  # noqa: F403
from tipoff.data.load import *  # noqa: F403
from tipoff.data.transforms import *  # noqa: F403
from tipoff.lazy import missing
from tipoff.notebook.sources import untar_data
from tipoff.notebook.transforms import DisplayedTransform, ItemTransform, Pipeline, Transform

__all__ = [
    "CategoryBlock",
    "DataBlock",
    "DisplayedTransform",
    "GroupSplitter",
    "ItemTransform",
    "MultiCategoryBlock",
    "Pipeline",
    "RegressionBlock",
    "StratifiedSplitter",
    "TimeSplitter",
    "Transform",
    "URLs",
    "untar_data",
]
__all__ += _data_core.__all__
__all__ += _data_load.__all__
__all__ += _data_transforms.__all__

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
