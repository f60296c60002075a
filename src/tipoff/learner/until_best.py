"""Training that stops when the validation loss does, and keeps the weights of the best epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tipoff.callbacks.best import KeepBest
from tipoff.callbacks.tracking import EarlyStopping
from tipoff.train.callback import Callback
from tipoff.train.checkpoint import read_checkpoint

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

SHARE, FEWEST = 3, 4  # of the epochs, without progress: a third, and no fewer than four


def watchers(learn: Learner, n_epochs: int, patience: int | None = None) -> list[Callback]:
    """What stops a training of `n_epochs` early and keeps its best weights; nothing without validation items.

    Args:
        learn: What is trained.
        n_epochs: How many epochs it may take.
        patience: Epochs without a lower validation loss; by default a third of all.
    """
    if learn.dls.valid is None:
        return []
    return [EarlyStopping(patience=patience or max(FEWEST, n_epochs // SHARE)), KeepBest()]


def lost_watchers(learn: Learner, checkpoint: Path, cbs: Sequence[Callback]) -> list[Callback]:
    """The watchers that were at work when `checkpoint` was written, and that neither `learn` nor `cbs` hold."""
    saved = dict(read_checkpoint(checkpoint)["run"]["callbacks"])
    patience = saved.get("EarlyStopping", {}).get("patience")
    have = [type(c).__name__ for c in (*learn.cbs, *cbs)]
    return [
        c for c in watchers(learn, 1, patience) if type(c).__name__ in saved and type(c).__name__ not in have
    ]
