"""`from tipoff.text.all import *`: what the cells of the course about text expect.

For notebooks only; a program imports what it uses. Nothing here is new, and nothing is patched.
"""

from typing import TYPE_CHECKING

from tipoff import basics as _basics
from tipoff.basics import *  # noqa: F403
from tipoff.callback import rnn as _callback_rnn
from tipoff.callback.rnn import *  # noqa: F403
from tipoff.lazy import missing
from tipoff.notebook.texts import coll_repr, defaults
from tipoff.text import core as _text_core
from tipoff.text import data as _text_data
from tipoff.text import models as _text_models
from tipoff.text.core import *  # noqa: F403
from tipoff.text.data import *  # noqa: F403
from tipoff.text.factories import language_model_learner, text_classifier_learner
from tipoff.text.learner import LMLearner, TextLearner
from tipoff.text.models import *  # noqa: F403

__all__ = [
    "LMLearner",
    "TextLearner",
    "coll_repr",
    "defaults",
    "language_model_learner",
    "text_classifier_learner",
]
__all__ += _basics.__all__
__all__ += _callback_rnn.__all__
__all__ += _text_core.__all__
__all__ += _text_data.__all__
__all__ += _text_models.__all__

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
