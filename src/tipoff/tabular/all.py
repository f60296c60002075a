"""`from tipoff.tabular.all import *`: what the cells of the course about tables expect, listed one by one.

For notebooks only; a program imports what it uses. Nothing here is new, and nothing is patched.
"""

import math
import os
import random
import re
from functools import partial
from operator import attrgetter, itemgetter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tipoff.callbacks import (
    EMA,
    CSVLogger,
    EarlyStopping,
    EarlyStoppingCallback,
    GradientAccumulation,
    GradientClip,
    MixUp,
    Recorder,
    ReduceLROnPlateau,
    SaveCheckpoint,
    SaveModel,
    SaveModelCallback,
    TensorBoardCallback,
    TerminateOnNaN,
    TerminateOnNaNCallback,
)
from tipoff.data import (
    CategoryBlock,
    ColReader,
    ColSplitter,
    DataLoaders,
    EndSplitter,
    FuncSplitter,
    GroupSplitter,
    IndexSplitter,
    MaskSplitter,
    MultiCategoryBlock,
    RandomSplitter,
    RegressionBlock,
    TimeSplitter,
    TrainTestSplitter,
    URLs,
)
from tipoff.display import subplots
from tipoff.interpret import ClassificationInterpretation, Interpretation
from tipoff.learner import Learner, load_learner
from tipoff.learner.suggest import minimum, slide, steep, valley
from tipoff.metrics import (
    BalancedAccuracy,
    CohenKappa,
    F1Score,
    FBeta,
    MatthewsCorrCoef,
    Precision,
    R2Score,
    Recall,
    RocAuc,
    RocAucBinary,
    accuracy,
    accuracy_multi,
    error_rate,
    exp_rmspe,
    mae,
    mse,
    rmse,
    rmspe,
    top_k_accuracy,
)
from tipoff.nn.layers import SigmoidRange
from tipoff.nn.losses import (
    BCELossFlat,
    BCEWithLogitsLossFlat,
    CrossEntropyLossFlat,
    FocalLossFlat,
    L1LossFlat,
    LabelSmoothingCrossEntropyFlat,
    MSELossFlat,
)
from tipoff.notebook.callback import Callback, MixedPrecision
from tipoff.notebook.cancel import (
    CancelBackwardException,
    CancelBatchException,
    CancelEpochException,
    CancelFitException,
    CancelStepException,
    CancelTrainException,
    CancelValidException,
)
from tipoff.notebook.helpers import (
    first,
    load_pickle,
    noop,
    one_hot,
    params,
    range_of,
    save_pickle,
    sequential,
    sigmoid_range,
    tensor,
    to_cpu,
    to_device,
    to_np,
    using_attr,
)
from tipoff.notebook.lists import L, is_listy
from tipoff.notebook.loaders import DataLoader
from tipoff.notebook.module import Module
from tipoff.notebook.paths import Path
from tipoff.notebook.sources import get_files, untar_data
from tipoff.rng import set_seed
from tipoff.tabular.baseline import tree_baseline
from tipoff.tabular.config import get_emb_sz, tabular_config
from tipoff.tabular.dates import Datepart, add_datepart
from tipoff.tabular.elapsed import add_elapsed_times
from tipoff.tabular.learner import TabularLearner, tabular_learner
from tipoff.tabular.loaders import TabularDataLoaders
from tipoff.tabular.model import TabularModel
from tipoff.tabular.pandas import TabularPandas
from tipoff.tabular.procs import Categorify, FillMissing, FillStrategy, Normalize, TabularProc
from tipoff.tabular.row import RowBlock
from tipoff.tabular.shrink import cont_cat_split, df_shrink, df_shrink_dtypes
from tipoff.train.optim import SGD, Adam

array = np.array

__all__ = [
    "EMA",
    "SGD",
    "Adam",
    "BCELossFlat",
    "BCEWithLogitsLossFlat",
    "BalancedAccuracy",
    "CSVLogger",
    "Callback",
    "CancelBackwardException",
    "CancelBatchException",
    "CancelEpochException",
    "CancelFitException",
    "CancelStepException",
    "CancelTrainException",
    "CancelValidException",
    "Categorify",
    "CategoryBlock",
    "ClassificationInterpretation",
    "CohenKappa",
    "ColReader",
    "ColSplitter",
    "CrossEntropyLossFlat",
    "DataLoader",
    "DataLoaders",
    "Datepart",
    "EarlyStopping",
    "EarlyStoppingCallback",
    "EndSplitter",
    "F",
    "F1Score",
    "FBeta",
    "FillMissing",
    "FillStrategy",
    "FocalLossFlat",
    "FuncSplitter",
    "GradientAccumulation",
    "GradientClip",
    "GroupSplitter",
    "IndexSplitter",
    "Interpretation",
    "L",
    "L1LossFlat",
    "LabelSmoothingCrossEntropyFlat",
    "Learner",
    "MSELossFlat",
    "MaskSplitter",
    "MatthewsCorrCoef",
    "MixUp",
    "MixedPrecision",
    "Module",
    "MultiCategoryBlock",
    "Normalize",
    "Path",
    "Precision",
    "R2Score",
    "RandomSplitter",
    "Recall",
    "Recorder",
    "ReduceLROnPlateau",
    "RegressionBlock",
    "RocAuc",
    "RocAucBinary",
    "RowBlock",
    "SaveCheckpoint",
    "SaveModel",
    "SaveModelCallback",
    "SigmoidRange",
    "TabularDataLoaders",
    "TabularLearner",
    "TabularModel",
    "TabularPandas",
    "TabularProc",
    "Tensor",
    "TensorBoardCallback",
    "TerminateOnNaN",
    "TerminateOnNaNCallback",
    "TimeSplitter",
    "TrainTestSplitter",
    "URLs",
    "accuracy",
    "accuracy_multi",
    "add_datepart",
    "add_elapsed_times",
    "array",
    "attrgetter",
    "cont_cat_split",
    "df_shrink",
    "df_shrink_dtypes",
    "error_rate",
    "exp_rmspe",
    "first",
    "get_emb_sz",
    "get_files",
    "is_listy",
    "itemgetter",
    "load_learner",
    "load_pickle",
    "mae",
    "math",
    "minimum",
    "mse",
    "nn",
    "noop",
    "np",
    "one_hot",
    "os",
    "params",
    "partial",
    "pd",
    "plt",
    "random",
    "range_of",
    "re",
    "rmse",
    "rmspe",
    "save_pickle",
    "sequential",
    "set_seed",
    "sigmoid_range",
    "slide",
    "steep",
    "subplots",
    "tabular_config",
    "tabular_learner",
    "tensor",
    "to_cpu",
    "to_device",
    "to_np",
    "top_k_accuracy",
    "torch",
    "tree_baseline",
    "untar_data",
    "using_attr",
    "valley",
]
