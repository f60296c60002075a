"""An end to runs whose loss is no number any more, with the last good weights."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from tipoff.errors import some
from tipoff.notes import note
from tipoff.train.callback import Callback
from tipoff.train.run import Run

STEPS = 25  # between two looks at a loss on a GPU, which has to be waited for
PATIENCE = 3  # looks, where steps on gradients that are not finite are left out anyway


class TerminateOnNaN(Callback):
    """Stop a run whose loss is not finite, and go back to the weights of the last epoch that ended well.

    Every learner has one among its `cbs`; `learn.remove_cb(TerminateOnNaN)` takes it away. A note says where it happened, at
    what learning rate, and what to do. A validation loss that is not finite is said too, and training goes on. With float16
    on a GPU, single steps whose gradients are not finite are left out by the gradient scaler: these do not end a run.

    >>> learn.fit(1, 1e6)  # doctest: +SKIP
    note: training stopped in epoch 0, step 3: the loss is nan at learning rate 1e+06. ...
    """

    order = 40  # after an average has been put into the model, before the best epoch is
    only_watches = True

    def __init__(self) -> None:
        self._kept: dict[str, Tensor] = {}
        self._figures: dict[str, float] = {}
        self._kept_of = ""
        self._odd = 0
        self._valid_why = ""
        self._told = False

    def before_fit(self, run: Run) -> None:
        self._kept, self._figures, self._kept_of = _copied(run.model), {}, "of before this training"
        self._odd, self._told = 0, False

    def before_validate(self, run: Run) -> None:
        self._valid_why = ""

    def after_batch(self, run: Run) -> None:
        on_cpu = run.loss.device.type == "cpu"
        if not run.training:
            if on_cpu and not self._valid_why and not _finite(run.loss):
                self._valid_why = odd_values(run)
            return
        if run.failed or (not on_cpu and run.n_steps % STEPS):
            return
        if on_cpu or run.engine.skips_steps or run.loss_sum is None:
            odd = not _finite(run.loss)
        else:
            odd = not _finite(run.loss_sum)  # of the steps since the last look too
        self._odd = self._odd + 1 if odd else 0
        if self._odd >= (PATIENCE if run.engine.skips_steps else 1):
            self._fail(run, float(run.loss.detach()), odd_values(run))

    def after_train(self, run: Run) -> None:
        total = run.train_loss
        lost = total is not None and not math.isfinite(total) and not run.engine.skips_steps
        if not run.failed and (lost or not _all_finite(run.model)):
            self._fail(run, float("nan") if total is None or math.isfinite(total) else total, "")

    def after_validate(self, run: Run) -> None:
        if run.valid_loss is None or math.isfinite(run.valid_loss) or self._told:
            return
        self._told = True
        why = (
            self._valid_why or "the outputs of the network for some items of the validation set are too large"
        )
        note(
            f"the validation loss of epoch {run.epochs_before + run.epoch} is {run.valid_loss:g}, and such an epoch is never the "
            f"best: {why}"
        )

    def after_epoch(self, run: Run) -> None:
        if run.failed:
            return
        self._kept, self._figures = _copied(run.judged), run.figures
        self._kept_of = f"of the end of epoch {run.epochs_before + run.epoch - 1}"

    def after_fit(self, run: Run) -> None:
        if run.failed and self._kept:
            run.model.load_state_dict(self._kept)
            run.ends_with = self._figures
        self._kept = {}

    def _fail(self, run: Run, loss: float, odd: str) -> None:
        run.fail(f"the loss is {'not finite' if math.isfinite(loss) else format(loss, 'g')}")
        rates = [g["lr"] for opt in run.optims.values() for g in opt.param_groups]
        way = odd or "Try a lower learning rate: learn.lr_find() suggests one"
        if run.engine.precision != "float32" and not odd:
            way += f"; or compute in float32 instead of {run.engine.precision}: learn.to_fp32()"
        note(
            f"training stopped in epoch {run.epochs_before + run.epoch}, step {run.n_steps}: {run.stop_reason} at learning rate "
            f"{max(rates):.2g}. The weights are those {self._kept_of}. {way[0].upper()}{way[1:]}."
        )


def _finite(value: Tensor) -> bool:
    return math.isfinite(value.item())


def _copied(model: nn.Module) -> dict[str, Tensor]:
    return {k: v.detach().to("cpu", copy=True) for k, v in model.state_dict().items()}


def _all_finite(model: nn.Module) -> bool:
    floats = [v for v in model.state_dict().values() if v.is_floating_point()]
    return not floats or bool(torch.stack([v.isfinite().all() for v in floats]).all())


def odd_values(run: Run) -> str:
    """Which items of the batch have targets or inputs that are not finite; nothing where all are numbers."""
    for what, tensors in (("targets", run.batch.y), ("inputs", run.batch.x)):
        odd: Any = [
            int(run.batch.items[i])
            for t in tensors
            if isinstance(t, Tensor) and t.is_floating_point()
            for i in (~t.reshape(len(t), -1).isfinite().all(1)).nonzero().flatten().tolist()
        ]
        if odd:
            place = "training" if run.training else "validation"
            return f"the {what} of items {some(odd, 5)} of the {place} set are not finite numbers: leave these items out"
    return ""


TerminateOnNaNCallback = TerminateOnNaN
