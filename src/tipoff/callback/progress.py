"""Callbacks that show how a run goes: `fastai.callback.progress`."""

from typing import TYPE_CHECKING

from tipoff.callbacks import CSVLogger, ShowGraphCallback
from tipoff.callbacks import Progress as ProgressCallback
from tipoff.lazy import missing

__all__ = [
    "CSVLogger",
    "ProgressCallback",
    "ShowGraphCallback",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
