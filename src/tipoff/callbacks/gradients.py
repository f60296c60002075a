"""What happens to gradients before a step: adding up over batches, clipping."""

from __future__ import annotations

from torch import nn

from tipoff.arguments import need_number, need_whole
from tipoff.train.callback import Callback
from tipoff.train.run import Run


class GradientAccumulation(Callback):
    """Step on the gradient of at least `n_acc` samples, gathered over several batches, exactly as of one large batch."""

    order = -50

    def __init__(self, n_acc: int = 32) -> None:
        self.n_acc = need_whole("n_acc", n_acc, at_least=1)

    def before_fit(self, run: Run) -> None:
        size = getattr(run.train, "bs", None) or 1
        run.accumulate = max(1, -(-self.n_acc // size))
        a_epoch = -(-len(run.train) // run.accumulate)
        run.total_steps = run.n_epochs * a_epoch
        if not run.resumed:
            run.n_steps = run.epoch * a_epoch  # epochs that count as done


class GradientClip(Callback):
    """Shorten the gradient to a norm of at most `max_norm`."""

    def __init__(self, max_norm: float = 1.0, norm_type: float = 2.0) -> None:
        self.max_norm = need_number("max_norm", max_norm, above=0)
        # the norm may be infinite: the largest gradient
        self.norm_type = (
            norm_type if norm_type == float("inf") else need_number("norm_type", norm_type, above=0)
        )

    def after_backward(self, run: Run) -> None:
        nn.utils.clip_grad_norm_(run.model.parameters(), self.max_norm, self.norm_type)
