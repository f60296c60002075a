"""Callbacks that show how a run goes: `fastai.callback.progress`."""

from tipoff.callbacks import CSVLogger, ShowGraphCallback
from tipoff.callbacks import Progress as ProgressCallback

__all__ = [
    "CSVLogger",
    "ProgressCallback",
    "ShowGraphCallback",
]
