"""`from tipoff.callback.all import *`: fastai's callbacks, and tipoff's beside them."""

from typing import TYPE_CHECKING

from tipoff.callback import core as _callback_core
from tipoff.callback import data as _callback_data
from tipoff.callback import fp16 as _callback_fp16
from tipoff.callback import hook as _callback_hook
from tipoff.callback import mixup as _callback_mixup
from tipoff.callback import progress as _callback_progress
from tipoff.callback import schedule as _callback_schedule
from tipoff.callback import tensorboard as _callback_tensorboard
from tipoff.callback import tracker as _callback_tracker
from tipoff.callback import training as _callback_training
from tipoff.callback.core import *  # noqa: F403
from tipoff.callback.data import *  # noqa: F403
from tipoff.callback.fp16 import *  # noqa: F403
from tipoff.callback.hook import *  # noqa: F403
from tipoff.callback.mixup import *  # noqa: F403
from tipoff.callback.progress import *  # noqa: F403
from tipoff.callback.schedule import *  # noqa: F403
from tipoff.callback.tensorboard import *  # noqa: F403
from tipoff.callback.tracker import *  # noqa: F403
from tipoff.callback.training import *  # noqa: F403
from tipoff.callbacks import EMA, EarlyStopping, Recorder, SaveCheckpoint, SaveModel, TerminateOnNaN
from tipoff.lazy import missing

__all__ = [
    "EMA",
    "EarlyStopping",
    "Recorder",
    "SaveCheckpoint",
    "SaveModel",
    "TerminateOnNaN",
]
__all__ += _callback_core.__all__
__all__ += _callback_data.__all__
__all__ += _callback_fp16.__all__
__all__ += _callback_hook.__all__
__all__ += _callback_mixup.__all__
__all__ += _callback_progress.__all__
__all__ += _callback_schedule.__all__
__all__ += _callback_tensorboard.__all__
__all__ += _callback_tracker.__all__
__all__ += _callback_training.__all__

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
