"""Ready-made behaviour for a run."""

from tipoff.callbacks.ema import EMA
from tipoff.callbacks.gradients import GradientAccumulation, GradientClip
from tipoff.callbacks.mixing import CutMix, MixUp
from tipoff.callbacks.progress import Progress
from tipoff.callbacks.recorder import Recorder
from tipoff.callbacks.saving import CSVLogger, SaveCheckpoint, TensorBoardCallback
from tipoff.callbacks.tracking import (
    EarlyStopping,
    EarlyStoppingCallback,
    KeepBest,
    ReduceLROnPlateau,
    SaveModel,
    SaveModelCallback,
    TerminateOnNaN,
    TerminateOnNaNCallback,
)
from tipoff.train.callback import Callback

__all__ = [
    "EMA",
    "CSVLogger",
    "Callback",
    "CutMix",
    "EarlyStopping",
    "EarlyStoppingCallback",
    "GradientAccumulation",
    "GradientClip",
    "KeepBest",
    "MixUp",
    "Progress",
    "Recorder",
    "ReduceLROnPlateau",
    "SaveCheckpoint",
    "SaveModel",
    "SaveModelCallback",
    "TensorBoardCallback",
    "TerminateOnNaN",
    "TerminateOnNaNCallback",
]
