"""`from tipoff.basics import *`: what is the same for images, texts, tables and ratings; for notebooks."""

import math
import os
import random
import re
from functools import partial
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tipoff import layers as _layers
from tipoff import losses as _losses
from tipoff import optimizer as _optimizer
from tipoff import torch_core as _torch_core
from tipoff.callback import all as _callback_all
from tipoff.callback.all import *  # noqa: F403
from tipoff.data import all as _data_all
from tipoff.data.all import *  # noqa: F403
from tipoff.interpret import ClassificationInterpretation, Interpretation
from tipoff.layers import *  # noqa: F403
from tipoff.lazy import missing
from tipoff.learner import Learner, load_learner
from tipoff.losses import *  # noqa: F403
from tipoff.metrics import (
    AccumMetric,
    ActivationType,
    APScoreBinary,
    APScoreMulti,
    AvgMetric,
    BalancedAccuracy,
    BrierScore,
    BrierScoreMulti,
    CohenKappa,
    CorpusBLEUMetric,
    ExplainedVariance,
    F1Score,
    F1ScoreMulti,
    FBeta,
    FBetaMulti,
    HammingLoss,
    HammingLossMulti,
    Jaccard,
    JaccardMulti,
    MatthewsCorrCoef,
    PearsonCorrCoef,
    Perplexity,
    Precision,
    PrecisionMulti,
    R2Score,
    Recall,
    RecallMulti,
    RocAuc,
    RocAucBinary,
    RocAucMulti,
    SpearmanCorrCoef,
    accuracy,
    accuracy_multi,
    error_rate,
    exp_rmspe,
    mae,
    mse,
    msle,
    perplexity,
    rmse,
    rmspe,
    skm_to_fastai,
    top_k_accuracy,
)
from tipoff.notebook.helpers import first, load_pickle, noop, range_of, save_pickle, using_attr
from tipoff.notebook.lists import L, is_listy
from tipoff.notebook.metric import Metric
from tipoff.notebook.paths import Path
from tipoff.notebook.transforms import fastuple
from tipoff.optimizer import *  # noqa: F403
from tipoff.torch_core import *  # noqa: F403

array = np.array

__all__ = [
    "APScoreBinary",
    "APScoreMulti",
    "AccumMetric",
    "ActivationType",
    "AvgMetric",
    "BalancedAccuracy",
    "BrierScore",
    "BrierScoreMulti",
    "ClassificationInterpretation",
    "CohenKappa",
    "CorpusBLEUMetric",
    "ExplainedVariance",
    "F",
    "F1Score",
    "F1ScoreMulti",
    "FBeta",
    "FBetaMulti",
    "HammingLoss",
    "HammingLossMulti",
    "Interpretation",
    "Jaccard",
    "JaccardMulti",
    "L",
    "Learner",
    "MatthewsCorrCoef",
    "Metric",
    "Path",
    "PearsonCorrCoef",
    "Perplexity",
    "Precision",
    "PrecisionMulti",
    "R2Score",
    "Recall",
    "RecallMulti",
    "RocAuc",
    "RocAucBinary",
    "RocAucMulti",
    "SpearmanCorrCoef",
    "Tensor",
    "accuracy",
    "accuracy_multi",
    "array",
    "attrgetter",
    "error_rate",
    "exp_rmspe",
    "fastuple",
    "first",
    "is_listy",
    "itemgetter",
    "load_learner",
    "load_pickle",
    "mae",
    "math",
    "mse",
    "msle",
    "nn",
    "noop",
    "np",
    "os",
    "partial",
    "pd",
    "perplexity",
    "plt",
    "random",
    "range_of",
    "re",
    "rmse",
    "rmspe",
    "save_pickle",
    "skm_to_fastai",
    "top_k_accuracy",
    "torch",
    "using_attr",
]
__all__ += _callback_all.__all__
__all__ += _data_all.__all__
__all__ += _layers.__all__
__all__ += _losses.__all__
__all__ += _optimizer.__all__
__all__ += _torch_core.__all__

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
