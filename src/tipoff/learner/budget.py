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


def plan_minutes(
    learn: Learner, seconds: float, freeze_epochs: int, spent: float = 0.0, most: int | None = None
) -> int:
    """Measure steps of both stages, put everything back, say the plan, and return the number of epochs.

    `spent` of the `seconds` are gone already; more epochs than `most` are not worth it.
    """
    began = time.perf_counter() - spent
    kept, rng = copy.deepcopy(learn.model.state_dict()), learn.engine.state_dict()
    validation = _validation(learn)
    head, everything = (
        _step_seconds(learn, freeze_to) * len(learn.dls.train) + validation for freeze_to in (-1, 0)
    )
    learn.model.load_state_dict(kept)
    learn.engine.load_state_dict(rng)
    learn.opt = None
    spent = time.perf_counter() - began
    epochs = epochs_that_fit(seconds - spent, head, everything, freeze_epochs)
    epochs = epochs if most is None else min(epochs, most)
    needed = head * freeze_epochs + everything * epochs
    of_head = f"{freeze_epochs} of the head at {head:.1f} s and " if freeze_epochs else ""
    over = (
        f", more than the {max(0.0, seconds - spent):.0f} s that are left" if needed > seconds - spent else ""
    )
    note(
        f"{seconds / 60:g} minutes, {spent:.0f} s of them spent: epochs: {of_head}{epochs} of all layers at "
        f"{everything:.1f} s, about {needed:.0f} s{over}"
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
    with learn.engine.threads():
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
        out = learn.model(*loader.finish(learn.engine.to_device(batch), 0).x)
        float((out[0] if isinstance(out, tuple) else out).flatten()[0])  # a GPU works on until it is asked
    return (time.perf_counter() - began) * len(loader)
