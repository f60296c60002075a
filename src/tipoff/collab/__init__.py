"""Ratings: what a user would give to an item, from what others gave; recommendations.

Names are loaded when first used, so that answering never imports the training code. `from tipoff.collab import *` brings what
the cells of the course expect: see `tipoff.collab.all`.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from tipoff.optional import require

require("torch", "tipoff.collab")

_PLACES = {
    "tipoff.collab.baseline": ("average_baseline",),
    "tipoff.collab.block": ("PairBlock",),
    "tipoff.collab.learner": ("CollabLearner", "collab_learner"),
    "tipoff.collab.loaders": ("CollabDataLoaders",),
    "tipoff.collab.model": ("CollabModel", "EmbeddingDotBias", "EmbeddingNN"),
    "tipoff.collab.recommender": ("Recommender",),
    "tipoff.collab.targets": ("ClickBlock", "RatingBlock"),
}
_WHERE = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    if name == "__all__":  # a star import asks for it, and for the names in it
        return importlib.import_module("tipoff.collab.all").__all__
    face = sys.modules.get("tipoff.collab.all")
    if face is not None and name in getattr(face, "__all__", ()):
        return getattr(face, name)
    raise AttributeError(f"module 'tipoff.collab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_WHERE)
