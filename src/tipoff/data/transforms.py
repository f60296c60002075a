"""Sources, splits, labels, and the first transforms: `fastai.data.transforms`."""

from typing import TYPE_CHECKING

from tipoff.data.labels import ColReader, RegexLabeller, parent_label
from tipoff.data.splits import (
    ColSplitter,
    EndSplitter,
    FileSplitter,
    FuncSplitter,
    GrandparentSplitter,
    IndexSplitter,
    MaskSplitter,
    RandomSplitter,
    RandomSubsetSplitter,
    TrainTestSplitter,
)
from tipoff.lazy import missing
from tipoff.notebook.datasets import Categorize
from tipoff.notebook.pictures import IntToFloatTensor, ToTensor
from tipoff.notebook.sources import get_files, get_image_files
from tipoff.notebook.texts import get_text_files

__all__ = [
    "Categorize",
    "ColReader",
    "ColSplitter",
    "EndSplitter",
    "FileSplitter",
    "FuncSplitter",
    "GrandparentSplitter",
    "IndexSplitter",
    "IntToFloatTensor",
    "MaskSplitter",
    "RandomSplitter",
    "RandomSubsetSplitter",
    "RegexLabeller",
    "ToTensor",
    "TrainTestSplitter",
    "get_files",
    "get_image_files",
    "get_text_files",
    "parent_label",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
