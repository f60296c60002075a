"""Ready-made behaviour for a run."""

from tipoff.callbacks.best import KeepBest, SaveModel, SaveModelCallback
from tipoff.callbacks.ema import EMA
from tipoff.callbacks.gradients import GradientAccumulation, GradientClip
from tipoff.callbacks.graph import ShowGraphCallback
from tipoff.callbacks.mixing import CutMix, MixUp
from tipoff.callbacks.progress import Progress
from tipoff.callbacks.recorder import Recorder
from tipoff.callbacks.saving import CSVLogger, SaveCheckpoint, TensorBoardCallback
from tipoff.callbacks.scheduler import ParamScheduler
from tipoff.callbacks.short import ShortEpochCallback
from tipoff.callbacks.terminate import TerminateOnNaN, TerminateOnNaNCallback
from tipoff.callbacks.tracking import EarlyStopping, EarlyStoppingCallback, ReduceLROnPlateau
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
    "ParamScheduler",
    "Progress",
    "Recorder",
    "ReduceLROnPlateau",
    "SaveCheckpoint",
    "SaveModel",
    "SaveModelCallback",
    "ShortEpochCallback",
    "ShowGraphCallback",
    "TensorBoardCallback",
    "TerminateOnNaN",
    "TerminateOnNaNCallback",
]
