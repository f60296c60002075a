"""Epochs that are left early, to try things out."""

from __future__ import annotations

from tipoff.arguments import need_number
from tipoff.train.callback import Callback
from tipoff.train.run import Run


class ShortEpochCallback(Callback):
    """Train on a share `pct` of the batches of each epoch; with `short_valid`, validate on as small a share.

    At least one batch is used. The metrics are then those of a part of the validation set.
    """

    def __init__(self, pct: float = 0.01, short_valid: bool = True) -> None:
        need_number("pct", pct, above=0, at_most=1)
        self.pct, self.short_valid = pct, short_valid

    def before_train(self, run: Run) -> None:
        self._enough(run)  # a resumed run that was interrupted just there

    def after_step(self, run: Run) -> None:
        self._enough(run)

    def before_validate(self, run: Run) -> None:
        self._n_seen = 0

    def after_batch(self, run: Run) -> None:
        if run.training or not self.short_valid or run.valid is None:
            return
        self._n_seen += 1
        if self._n_seen >= self.pct * len(run.valid):
            run.leave("validate")

    def _enough(self, run: Run) -> None:
        if run.n_batches and run.n_batches >= self.pct * len(run.train):
            run.leave("train")
