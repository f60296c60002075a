"""An end to runs whose loss is no number any more."""

from __future__ import annotations

import torch

from tipoff.train.callback import Callback
from tipoff.train.run import Run


class TerminateOnNaN(Callback):
    """Stop as soon as a loss is not a finite number."""

    order = 40

    def after_batch(self, run: Run) -> None:
        if run.training and not torch.isfinite(run.loss):
            run.stop(
                f"the loss of step {run.n_steps} is {float(run.loss.detach())}: try a lower learning rate"
            )
            run.skip_update()


TerminateOnNaNCallback = TerminateOnNaN
