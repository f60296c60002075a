"""tipoff: a state-of-the-art model from your own data in a few lines, that you can open, check and ship."""

from __future__ import annotations

import os

from tipoff.lazy import attach

__version__ = "0.1.0"

# Transparent huge pages for tensors on Linux; torch reads this once, when it is imported, so it is set here.
# See docs/decisions/002-allocator.md; TIPOFF_ALLOCATOR=0 leaves everything as it is.
if os.environ.get("TIPOFF_ALLOCATOR", "1") != "0":
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

# onnxruntime writes events and a device id to the user's cache folder as it is imported, and the hub's library sends
# who it is with each request; both look at these before
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

_PLACES = {
    "tipoff.vision": ("ImageBlock", "ImageDataLoaders", "Resize", "aug_transforms", "vision_learner"),
    "tipoff.text": ("TextBlock", "TextDataLoaders", "language_model_learner", "text_classifier_learner"),
    "tipoff.tabular": ("TabularDataLoaders", "tabular_learner"),
    "tipoff.collab": ("CollabDataLoaders", "collab_learner"),
    "tipoff.data": ("CategoryBlock", "DataBlock", "DataLoaders"),
    "tipoff.learner": ("Learner", "load_learner"),
    "tipoff.bundle": ("load_predictor",),
    "tipoff.interpret": ("ClassificationInterpretation",),
}

TYPE_CHECKING = False  # as type checkers read it; importing typing would take longer than all the rest
if TYPE_CHECKING:
    from tipoff.bundle import load_predictor as load_predictor
    from tipoff.collab import CollabDataLoaders as CollabDataLoaders, collab_learner as collab_learner
    from tipoff.data import CategoryBlock as CategoryBlock, DataBlock as DataBlock, DataLoaders as DataLoaders
    from tipoff.interpret import ClassificationInterpretation as ClassificationInterpretation
    from tipoff.learner import Learner as Learner, load_learner as load_learner
    from tipoff.tabular import TabularDataLoaders as TabularDataLoaders, tabular_learner as tabular_learner
    from tipoff.text import (
        TextBlock as TextBlock,
        TextDataLoaders as TextDataLoaders,
        language_model_learner as language_model_learner,
        text_classifier_learner as text_classifier_learner,
    )
    from tipoff.vision import (
        ImageBlock as ImageBlock,
        ImageDataLoaders as ImageDataLoaders,
        Resize as Resize,
        aug_transforms as aug_transforms,
        vision_learner as vision_learner,
    )
else:
    __getattr__, __dir__, __all__ = attach(__name__, _PLACES)

# Threads of OpenMP wait for one another after every operation, by default spinning for 300,000 turns, a few milliseconds.
# Where another process holds one of the cores, that wait is the whole time; after 1,000 turns they sleep and leave
# the core to the one that is waited for. GNU's OpenMP reads this once, when torch is imported; results are the
# same to the bit. See docs/decisions/029-threads.md.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
