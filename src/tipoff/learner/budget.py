"""From a number of minutes to a number of epochs: a few steps are measured, then arithmetic."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING

from tipoff.learner.execute import make_run
from tipoff.learner.stages import Stage
from tipoff.notes import note
from tipoff.train.loop import in_groups, train_step

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

MEASURED_STEPS = 4


def epochs_that_fit(seconds: float, head: float, everything: float, freeze_epochs: int) -> int:
    """How many full epochs fit into `seconds` beside `freeze_epochs` of the head; at least one.

    `head` and `everything` are seconds an epoch.

    >>> epochs_that_fit(100, 10, 20, 1)
    4
    """
    return max(1, int((seconds - head * freeze_epochs) // everything))


def plan_minutes(learn: Learner, seconds: float, freeze_epochs: int) -> int:
    """Measure steps of both stages, put everything back, say the plan, and return the number of epochs."""
    began = time.perf_counter()
    kept, rng = copy.deepcopy(learn.model.state_dict()), learn.engine.state_dict()
    validation = _validation(learn)
    each = [_step_seconds(learn, freeze_to) * len(learn.dls.train) + validation for freeze_to in (-1, 0)]
    learn.model.load_state_dict(kept)
    learn.engine.load_state_dict(rng)
    learn.opt = None
    left = seconds - (time.perf_counter() - began)
    epochs = epochs_that_fit(left, each[0], each[1], freeze_epochs)
    needed = each[0] * freeze_epochs + each[1] * epochs
    over = f", more than the {seconds:.0f} s there are" if needed > left else ""
    note(
        f"{seconds / 60:g} minutes: {freeze_epochs} epoch of the head at {each[0]:.1f} s and {epochs} of all layers "
        f"at {each[1]:.1f} s, about {needed:.0f} s{over}"
    )
    return epochs


def _step_seconds(learn: Learner, freeze_to: int) -> float:
    run = make_run(learn, Stage("constant", 1, (1e-6,) * len(learn.groups), freeze_to))
    run.callbacks = [learn.keep_norms]
    run.listen()
    run.training = True
    run.model.train()
    run.emit("before_train")
    times = []
    for i, group in enumerate(in_groups(run.train.batches(0), 1)):
        began = time.perf_counter()
        train_step(run, group)
        run.loss.item()
        times.append(time.perf_counter() - began)
        if i + 1 >= MEASURED_STEPS:
            break
    return min(times)


def _validation(learn: Learner) -> float:
    from tipoff.learner.predictions import in_order

    loader = in_order(learn, 1, None) if len(learn.dls) > 1 else None
    if loader is None:
        return 0.0
    began = time.perf_counter()
    batch = next(iter(loader.batches(0)))
    learn.model.eval()
    import torch

    with torch.no_grad(), learn.engine.autocast():
        learn.model(*loader.finish(learn.engine.to_device(batch), 0).x)
    return (time.perf_counter() - began) * len(loader)
