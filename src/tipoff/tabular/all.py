"""`from tipoff.tabular.all import *`: what the cells of the course about tables expect.

For notebooks only; a program imports what it uses. Nothing here is new, and nothing is patched.
"""

from typing import TYPE_CHECKING

from tipoff import basics as _basics
from tipoff.basics import *  # noqa: F403
from tipoff.lazy import missing
from tipoff.tabular import core as _tabular_core
from tipoff.tabular import data as _tabular_data
from tipoff.tabular.baseline import tree_baseline
from tipoff.tabular.config import get_emb_sz, tabular_config
from tipoff.tabular.core import *  # noqa: F403
from tipoff.tabular.data import *  # noqa: F403
from tipoff.tabular.dates import Datepart
from tipoff.tabular.learner import TabularLearner, tabular_learner
from tipoff.tabular.model import TabularModel
from tipoff.tabular.row import RowBlock

__all__ = [
    "Datepart",
    "RowBlock",
    "TabularLearner",
    "TabularModel",
    "get_emb_sz",
    "tabular_config",
    "tabular_learner",
    "tree_baseline",
]
__all__ += _basics.__all__
__all__ += _tabular_core.__all__
__all__ += _tabular_data.__all__

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
