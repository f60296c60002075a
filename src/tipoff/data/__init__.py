"""From items to batches: sources, splits, labels, blocks, plans, data sets and loaders."""

from tipoff.data.batch import Batch
from tipoff.data.block import Block, Target
from tipoff.data.datablock import DataBlock
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.dataset import PairDataset, SampleDataset, TensorDataset
from tipoff.data.external import URLs, untar_data
from tipoff.data.items import get_files, get_image_files
from tipoff.data.kind import Kind
from tipoff.data.labels import ColReader, RegexLabeller, parent_label
from tipoff.data.loader import Loader, TorchLoader
from tipoff.data.plan import Plan
from tipoff.data.splits import (
    ColSplitter,
    EndSplitter,
    FileSplitter,
    FuncSplitter,
    GrandparentSplitter,
    GroupSplitter,
    IndexSplitter,
    MaskSplitter,
    RandomSplitter,
    RandomSubsetSplitter,
    StratifiedSplitter,
    TimeSplitter,
    TrainTestSplitter,
)
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.data.transform import BatchTransform, ItemTransform

__all__ = [
    "Batch",
    "BatchTransform",
    "Block",
    "CategoryBlock",
    "ColReader",
    "ColSplitter",
    "DataBlock",
    "DataLoaders",
    "EndSplitter",
    "FileSplitter",
    "FuncSplitter",
    "GrandparentSplitter",
    "GroupSplitter",
    "IndexSplitter",
    "ItemTransform",
    "Kind",
    "Loader",
    "MaskSplitter",
    "MultiCategoryBlock",
    "PairDataset",
    "Plan",
    "RandomSplitter",
    "RandomSubsetSplitter",
    "RegexLabeller",
    "RegressionBlock",
    "SampleDataset",
    "StratifiedSplitter",
    "Target",
    "TensorDataset",
    "TimeSplitter",
    "TorchLoader",
    "TrainTestSplitter",
    "URLs",
    "get_files",
    "get_image_files",
    "parent_label",
    "untar_data",
]
