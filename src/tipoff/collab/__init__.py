"""Ratings: what a user would give to an item, from what others gave; recommendations.

Names are loaded when first used, so that answering never imports the training code. `from tipoff.collab import *` brings what
the cells of the course expect: see `tipoff.collab.all`.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from tipoff.lazy import attach
from tipoff.optional import require

require("tipoff.collab", "torch", "pandas")

_PLACES = {
    "tipoff.collab.baseline": ("average_baseline",),
    "tipoff.collab.block": ("PairBlock",),
    "tipoff.collab.learner": ("CollabLearner", "collab_learner"),
    "tipoff.collab.loaders": ("CollabDataLoaders",),
    "tipoff.collab.model": ("CollabModel", "EmbeddingDotBias", "EmbeddingNN"),
    "tipoff.collab.recommender": ("Recommender",),
    "tipoff.collab.targets": ("ClickBlock", "RatingBlock"),
}

if TYPE_CHECKING:
    from tipoff.collab.baseline import average_baseline as average_baseline
    from tipoff.collab.block import PairBlock as PairBlock
    from tipoff.collab.learner import CollabLearner as CollabLearner, collab_learner as collab_learner
    from tipoff.collab.loaders import CollabDataLoaders as CollabDataLoaders
    from tipoff.collab.model import (
        CollabModel as CollabModel,
        EmbeddingDotBias as EmbeddingDotBias,
        EmbeddingNN as EmbeddingNN,
    )
    from tipoff.collab.recommender import Recommender as Recommender
    from tipoff.collab.targets import ClickBlock as ClickBlock, RatingBlock as RatingBlock
else:
    _load, __dir__, _NAMES = attach(__name__, _PLACES)

    def __getattr__(name: str) -> Any:
        if name == "__all__":  # a star import asks for it, and for the names in it
            return importlib.import_module("tipoff.collab.all").__all__
        face = sys.modules.get("tipoff.collab.all")
        if face is not None and name not in _NAMES and name in getattr(face, "__all__", ()):
            return getattr(face, name)
        return _load(name)
