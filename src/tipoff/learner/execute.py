"""From stages to runs, and from a checkpoint back into the middle of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.errors import UsageError, some
from tipoff.learner.conditions import conditions_of, differences, own_callbacks
from tipoff.learner.stages import Stage
from tipoff.notes import note
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
    only_watches = True  # `train_bn` says whether there are any

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


def attached(learn: Learner, cbs: Sequence[Callback]) -> list[Callback]:
    """The callbacks of the learner and of a call, those that want more than the run with the learner."""
    every = [*learn.cbs, *cbs]
    for cb in every:
        if hasattr(cb, "attach"):
            cb.attach(learn)
    return every


def make_run(
    learn: Learner, stage: Stage, cbs: Sequence[Callback] = (), index: int = 0, epochs_before: int = 0
) -> Run:
    """A run of `stage`, at its beginning. The optimizer is kept from the last one unless layers were frozen."""
    if not len(learn.dls):
        raise UsageError(
            "There is no training data: this learner comes from a model file. Set learn.dls to train it."
        )
    every = attached(learn, cbs)
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
    conditions = None
    for i in range(start, len(stages)):
        run = make_run(learn, stages[i], cbs, i, epochs_before)
        saving = [cb for cb in run.callbacks if isinstance(cb, SaveCheckpoint)]
        if saving and conditions is None:
            conditions = conditions_of(learn, run.callbacks)
        for cb in saving:
            cb.meta = {
                "stages": [s.to_json() for s in stages],
                "stage": i,
                "first_epoch": learn.n_epochs_done,
                "epochs_before": epochs_before,
                "frozen_to": learn.frozen_to,
                "seed": getattr(learn.dls.train, "seed", None),
                "items": len(learn.dls.train.dataset),
                "conditions": conditions,
                "own_callbacks": own_callbacks(run.callbacks),
            }
        if state is not None and i == start:
            need_fitting(run, state)
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


def need_fitting(run: Run, state: dict[str, Any]) -> None:
    """Raise `UsageError` where the optimizer of `run` trains other parameters than that of `state`."""
    for name, opt in run.optims.items():
        ours, theirs = (
            [len(g["params"]) for g in o["param_groups"]] for o in (opt.state_dict(), state["optims"][name])
        )
        if ours != theirs:
            raise UsageError(
                f"The checkpoint is of a run that trained {sum(theirs)} tensors of parameters, and here {sum(ours)} are trained: "
                "freeze the same layers as before."
            )


def resume(learn: Learner, file: Path, cbs: Sequence[Callback] = ()) -> None:
    """Go on from the checkpoint `file`.

    Raises `BundleError` where there is none, `UsageError` where something that decides the result differs.
    """
    if not len(learn.dls):
        raise UsageError("There is no training data to resume with: set learn.dls.")
    saved = read_checkpoint(file)
    meta = saved["meta"]
    _need_same(learn, file, meta, attached(learn, cbs))
    learn.n_epochs_done = meta["first_epoch"]
    stages = [Stage.from_json(s) for s in meta["stages"]]
    if not any(isinstance(cb, SaveCheckpoint) for cb in (*learn.cbs, *cbs)):
        cbs = [*cbs, SaveCheckpoint(file)]
    before = meta.get("epochs_before", sum(s.n_epochs for s in stages[: meta["stage"]]))
    if meta.get("frozen_to", learn.frozen_to) != learn.frozen_to:
        learn.freeze_to(meta["frozen_to"])
    learn.opt = None
    execute(learn, stages, cbs, meta["stage"], saved["run"], before)


def _need_same(learn: Learner, file: Path, meta: dict[str, Any], cbs: Sequence[Callback]) -> None:
    if "conditions" in meta:
        differ = differences(meta["conditions"], conditions_of(learn, cbs))
    else:  # of an older version
        seed, n = getattr(learn.dls.train, "seed", None), len(learn.dls.train.dataset)
        now = {"seed": seed, "items": n}
        differ = [f"{k}: {meta[k]}, now {v}" for k, v in now.items() if meta[k] != v]
    if differ:
        raise UsageError(
            f"The training of the checkpoint {file} cannot be resumed, as it would not end as it would have without "
            "interruption:\n"
            + "".join(f"  {line}\n" for line in differ)
            + "Make them as they were, or train anew."
        )
    lost = Counter(meta.get("own_callbacks", ())) - Counter(own_callbacks(cbs))
    if lost:
        note(
            f"the interrupted run had the callbacks {some(sorted(lost))}, and this one has not: if they change training, pass cbs="
        )
