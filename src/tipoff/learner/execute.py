"""From stages to runs, and from a checkpoint back into the middle of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.errors import UsageError
from tipoff.learner.stages import Stage
from tipoff.train.callback import Callback
from tipoff.train.checkpoint import read_checkpoint
from tipoff.train.loop import fit
from tipoff.train.optim import param_groups
from tipoff.train.run import Run
from tipoff.train.schedule import Constant, FlatCosine, WarmRestarts, one_cycle, one_cycle_momentum

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

Schedules = dict[str, Callable[[float], float]]


class KeepNorms(Callback):
    """Batch norms that keep the running statistics they came with, whatever the layers around them learn.

    On small data that is worth a lot: see docs/decisions/003-train-bn.md.
    """

    order = -90

    def __init__(self, norms: Sequence[nn.Module]) -> None:
        self.norms = norms

    def before_train(self, run: Run) -> None:
        for norm in self.norms:
            norm.eval()


def schedules_of(stage: Stage, moms: tuple[float, float, float]) -> Schedules:
    """What sets the learning rate, and the momentum where it moves too, over the stage."""
    peak = stage.lr[-1]
    if stage.kind == "one_cycle":
        moms = stage.moms or moms
        return {
            "lr": one_cycle(peak, stage.pct_start, stage.div, stage.div_final),
            "mom": one_cycle_momentum(moms, stage.pct_start),
        }
    if stage.kind == "flat_cos":
        return {"lr": FlatCosine(peak, stage.pct_start, stage.div_final)}
    if stage.kind == "sgdr":
        n, total = 0, 0
        while total < stage.n_epochs:
            total, n = total + stage.cycle_len * stage.cycle_mult**n, n + 1
        return {"lr": WarmRestarts(peak, n, stage.cycle_mult)}
    return {"lr": Constant(peak)}


def make_run(
    learn: Learner, stage: Stage, cbs: Sequence[Callback] = (), index: int = 0, epochs_before: int = 0
) -> Run:
    """A run of `stage`, at its beginning. The optimizer is kept from the last one unless layers were frozen."""
    if not len(learn.dls):
        raise UsageError(
            "There is no training data: this learner comes from a model file. Set learn.dls to train it."
        )
    if stage.freeze_to is not None:
        learn.freeze_to(stage.freeze_to)
    wd = learn.wd if stage.wd is None else stage.wd
    if learn.opt is None:
        groups = param_groups(learn.model, learn.groups, wd, learn.wd_bn_bias)
        learn.opt = learn.opt_func(groups, lr=stage.lr[-1])
    elif wd is not None:
        for group in learn.opt.param_groups:
            group["weight_decay"] = wd if group.get("decays", True) else 0.0
    peak = stage.lr[-1]
    for group in learn.opt.param_groups:
        group["lr_scale"] = stage.lr[group.get("group", -1)] / peak if peak else 1.0
    every = [*learn.cbs, *cbs]
    for cb in every:
        if hasattr(cb, "attach"):  # one that wants more than the run
            cb.attach(learn)
    run = Run(
        learn.model,
        learn.dls.train,
        learn.dls.valid,
        (learn.objective(),),
        {"model": learn.opt},
        schedules_of(stage, learn.moms),
        stage.n_epochs,
        callbacks=every,
        metrics=learn.metrics,
        engine=learn.engine,
        first_epoch=learn.n_epochs_done,
        part=stage.part,
        stage=index,
        epochs_before=epochs_before,
    )
    run.epoch, run.n_steps = stage.start_epoch, stage.start_epoch * len(run.train)
    return run


def execute(
    learn: Learner,
    stages: Sequence[Stage],
    cbs: Sequence[Callback] = (),
    start: int = 0,
    state: dict[str, Any] | None = None,
    epochs_before: int = 0,
) -> None:
    """Run `stages` from `start` on; `state` is that of a run interrupted in the first of them, after `epochs_before`.

    A callback that stops a stage does not keep the next from being trained; a run that fails ends the call.
    """
    for i in range(start, len(stages)):
        run = make_run(learn, stages[i], cbs, i, epochs_before)
        for cb in run.callbacks:
            if isinstance(cb, SaveCheckpoint):
                cb.meta = {
                    "stages": [s.to_json() for s in stages],
                    "stage": i,
                    "first_epoch": learn.n_epochs_done,
                    "epochs_before": epochs_before,
                    "seed": getattr(learn.dls.train, "seed", None),
                    "items": len(learn.dls.train.dataset),
                }
        if state is not None and i == start:
            run.load_state_dict(state)
        try:
            fit(run)
        finally:
            learn.n_epochs_done += run.epoch - stages[i].start_epoch
            epochs_before += run.epoch
            figures = run.figures or learn.recorder.last_figures
            learn.reached = figures if run.ends_with is None else run.ends_with
        if run.failed:
            learn.opt = None  # its state is of gradients that led nowhere
            break


def resume(learn: Learner, file: Path, cbs: Sequence[Callback] = ()) -> None:
    """Go on from the checkpoint `file`. Raises `BundleError` where there is none, `UsageError` where data differ."""
    saved = read_checkpoint(file)
    meta = saved["meta"]
    seed, n = getattr(learn.dls.train, "seed", None), len(learn.dls.train.dataset)
    if (meta["seed"], meta["items"]) != (seed, n):
        raise UsageError(
            f"The checkpoint {file} is of {meta['items']} items and seed {meta['seed']}; these DataLoaders have {n} items "
            f"and seed {seed}. Make them as before: the same files, and dataloaders(..., seed={meta['seed']})."
        )
    learn.n_epochs_done = meta["first_epoch"]
    stages = [Stage.from_json(s) for s in meta["stages"]]
    if not any(isinstance(cb, SaveCheckpoint) for cb in (*learn.cbs, *cbs)):
        cbs = [*cbs, SaveCheckpoint(file)]
    before = meta.get("epochs_before", sum(s.n_epochs for s in stages[: meta["stage"]]))
    execute(learn, stages, cbs, meta["stage"], saved["run"], before)
