"""`from tipoff.collab import *`: what the cells of the course on ratings expect; `tipoff.collab.all` is the same.

For notebooks only; a program imports what it uses. It is the face of tables and the names below, so that the lesson's two
imports, of ratings and of tables, may come in either order. Nothing here is new, and nothing is patched.
"""

from typing import TYPE_CHECKING

from tipoff.collab.baseline import average_baseline
from tipoff.collab.learner import CollabLearner, collab_learner
from tipoff.collab.loaders import CollabDataLoaders
from tipoff.collab.model import EmbeddingDotBias, EmbeddingNN
from tipoff.collab.recommender import Recommender
from tipoff.lazy import missing
from tipoff.nn.vectors import pca
from tipoff.tabular import all as _tables
from tipoff.tabular.all import *  # noqa: F403

__all__ = [
    "CollabDataLoaders",
    "CollabLearner",
    "EmbeddingDotBias",
    "EmbeddingNN",
    "Recommender",
    "average_baseline",
    "collab_learner",
    "pca",
]
__all__ += _tables.__all__

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
