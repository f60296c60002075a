"""Callbacks as fastai's users write them, and the exceptions that leave a part of a run: `fastai.callback.core`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.notebook.callback import Callback
from tipoff.notebook.cancel import (
    CancelBackwardException,
    CancelBatchException,
    CancelEpochException,
    CancelFitException,
    CancelStepException,
    CancelTrainException,
    CancelValidException,
)

__all__ = [
    "Callback",
    "CancelBackwardException",
    "CancelBatchException",
    "CancelEpochException",
    "CancelFitException",
    "CancelStepException",
    "CancelTrainException",
    "CancelValidException",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
