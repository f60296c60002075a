"""Whoever has no rating to learn from gets the mean of those who have."""

from __future__ import annotations

from typing import Any

import torch

from tipoff.train.callback import Callback
from tipoff.train.run import Run


class FillUnknown(Callback):
    """After each epoch, before validation: code 0 and all who have no training row get the mean embedding.

    An answer for somebody unknown is then that for an average user; without it, it would be noise. The model also learns
    how far ratings lie from what it predicts.
    """

    order = -80

    def after_train(self, run: Run) -> None:
        pairs: Any = getattr(run.train.dataset, "x", None) if hasattr(run.train, "dataset") else None
        if not hasattr(run.model, "fill_unknown") or not isinstance(pairs, torch.Tensor):
            return
        model: Any = run.model
        counts = [
            torch.bincount(pairs[:, k], minlength=n).to(run.engine.device)
            for k, n in enumerate((len(model.seen.start) - 1, model.seen.n_items))
        ]
        model.fill_unknown(*counts)
        if hasattr(model, "noise") and run.train_loss:
            model.noise.fill_(run.train_loss)
