"""What happens to gradients before a step: adding up over batches, clipping."""

from __future__ import annotations

from torch import nn

from tipoff.train.callback import Callback
from tipoff.train.run import Run


class GradientAccumulation(Callback):
    """Step on the gradient of at least `n_acc` samples, gathered over several batches, exactly as of one large batch."""

    order = -50

    def __init__(self, n_acc: int = 32) -> None:
        self.n_acc = n_acc

    def before_fit(self, run: Run) -> None:
        size = getattr(run.train, "bs", None) or 1
        run.accumulate = max(1, -(-self.n_acc // size))
        run.total_steps = run.n_epochs * -(-len(run.train) // run.accumulate)


class GradientClip(Callback):
    """Shorten the gradient to a norm of at most `max_norm`."""

    def __init__(self, max_norm: float = 1.0, norm_type: float = 2.0) -> None:
        self.max_norm, self.norm_type = max_norm, norm_type

    def after_backward(self, run: Run) -> None:
        nn.utils.clip_grad_norm_(run.model.parameters(), self.max_norm, self.norm_type)
