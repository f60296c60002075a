"""The training loop, whole. Everything else in this package hangs on one of its lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from itertools import islice

import torch
from torch import Tensor, nn

from tipoff.data.batch import Batch
from tipoff.train.optim import set_hyperparameter
from tipoff.train.run import Run


def fit(run: Run) -> None:
    """Train until `run.n_epochs` are done or something calls `run.stop`."""
    run.emit("before_fit")
    try:
        with run.engine.threads():
            fit_epochs(run)
    finally:
        run.emit("after_fit")


def fit_epochs(run: Run) -> None:
    """Train and validate, epoch by epoch."""
    while run.epoch < run.n_epochs and not run.stopping:
        run.emit("before_epoch")
        if run.stopping or not train_epoch(run):
            break  # stopped part-way: the position stays, so a resume goes on from here
        validate(run)
        if run.skips("fit"):
            break
        run.skips("epoch")
        run.epoch, run.n_batches = run.epoch + 1, 0
        run.emit("after_epoch")


def train_epoch(run: Run) -> bool:
    """Whether the epoch was finished, by itself or because a callback left the rest of it."""
    if run.leaving == "epoch":
        run.n_steps, run.train_loss = steps_by_the_end_of(run.epoch, run), None
        return True
    run.training = True
    run.model.train()
    run.emit("before_train")
    epoch = run.first_epoch + run.epoch
    for group in in_groups(run.train.batches(epoch, start=run.n_batches), run.accumulate):
        if run.stopping or run.leaving:
            break
        train_step(run, group)
    finished = run.n_batches >= len(run.train)
    if not run.stopping and run.skips("train"):
        finished = True
        run.n_steps = steps_by_the_end_of(run.epoch, run)
    if finished:
        run.train_loss = run.take_loss()
    run.emit("after_train")
    return finished


def steps_by_the_end_of(epoch: int, run: Run) -> int:
    """The steps of a run when `epoch` is over: schedules go on from there, although its rest was left."""
    return run.total_steps * (epoch + 1) // run.n_epochs


def train_step(run: Run, group: list[Batch]) -> None:
    """Move the weights once, on the gradient of the whole group of batches."""
    set_hyperparameters(run)
    if run.listeners["before_step"]:
        run.emit("before_step")
    epoch = run.first_epoch + run.epoch
    n_batches = len(group)
    group = [ready for batch in group if (ready := prepared(run, batch, epoch)) is not None]
    with run.engine.choosing(run.model) if run.engine.is_first else nullcontext():
        for run.objective in run.objectives if group else ():  # noqa: B020
            if run.n_steps % run.objective.every == 0:
                minimise(run, group)
    run.n_batches += n_batches
    run.n_steps += 1
    if run.listeners["after_step"]:
        run.emit("after_step")
    run.skips("batch")  # it is over anyway


def minimise(run: Run, group: list[Batch]) -> None:
    """The gradient of `run.objective` over the group, and one step of its optimizer."""
    opt = run.optims[run.objective.name]
    weights = [run.objective.weigh(batch) for batch in group] if len(group) > 1 else []
    opt.zero_grad()
    seen = 0
    for i, run.batch in enumerate(group):
        with run.engine.accumulate(run.model, last=i == len(group) - 1):
            predict(run, run.model)
            if run.skips("batch") or run.objective.counts_for_nothing(run.batch):
                continue
            seen += 1
            if not run.skips("backward"):
                run.engine.backward(run.loss if not weights else _share(run, weights, i))
        run.add_loss()
        if run.listeners["after_batch"]:
            run.emit("after_batch")
    if not seen:
        return
    run.engine.unscale(opt)
    if run.listeners["after_backward"]:
        run.emit("after_backward")
    if run.take_update() and not run.skips("batch"):
        run.engine.step(opt)
    else:
        run.engine.skip()


def _share(run: Run, weights: list[Tensor | int], i: int) -> Tensor:
    """The part of the loss of batch `i` in that of its group, as of one large batch: by what each of them counts."""
    return run.loss if run.objective.adds_up else run.loss * (weights[i] / sum(weights))


def predict(run: Run, model: nn.Module) -> None:
    """Put the outputs of `model` for `run.batch` and their loss into the run."""
    with run.engine.autocast():
        run.pred = run.objective.predict(model, run.batch)
        if run.listeners["after_pred"]:
            run.emit("after_pred")
            if run.leaving:
                return
        run.loss = run.objective.loss(run.pred, run.batch)
        if run.listeners["after_loss"]:
            run.emit("after_loss")


@torch.no_grad()
def validate(run: Run) -> None:
    """The mean loss and the metrics over the validation batches; nothing where there are none."""
    if run.valid is None:
        return
    if run.leaving:
        run.valid_loss, run.metric_values = None, [float("nan") for _ in run.metrics]
        return
    run.training, run.objective = False, run.objectives[0]
    run.model.eval()
    run.emit("before_validate")
    run.judged = run.model
    model = run.engine.for_validation(run.model, len(run.valid))
    for metric in run.metrics:
        metric.reset()
    for batch in run.valid.batches(0):
        if run.skips("validate"):
            break
        if prepared(run, batch, 0) is None:
            continue
        predict(run, model)
        if run.skips("batch"):
            continue
        run.add_loss()
        measured = run.objective.measured(run.pred)
        for metric in run.metrics:
            metric.update(measured, *run.batch.y)
        if run.listeners["after_batch"]:
            run.emit("after_batch")
    run.valid_loss = run.take_loss()
    for metric in run.metrics:
        metric.merge(run.engine.gather(metric.state()))
    run.metric_values = [metric.compute() for metric in run.metrics]
    run.skips("validate")
    run.emit("after_validate")


def prepared(run: Run, batch: Batch, epoch: int) -> Batch | None:
    """The batch on the device, after the batch transforms and the callbacks; None where one of them left it."""
    source = run.train if run.training else run.valid
    run.batch = source.finish(run.engine.to_device(batch), epoch)  # type: ignore[union-attr]
    if run.listeners["before_batch"]:
        run.emit("before_batch")
        if run.skips("batch"):
            return None
    return run.batch


def set_hyperparameters(run: Run) -> None:
    """Give the optimizers what the schedules say for this step."""
    pct = run.n_steps / run.total_steps
    for name, schedule in run.schedules.items():
        value = schedule(pct)
        for opt in run.optims.values():
            for group in opt.param_groups:
                scale = group.get("lr_scale", 1.0) if name == "lr" else 1.0
                set_hyperparameter(group, name, value * scale)


def in_groups(batches: Iterable[Batch], n: int) -> Iterator[list[Batch]]:
    """`n` batches at a time; the last group may be smaller."""
    it = iter(batches)
    while group := list(islice(it, n)):
        yield group
