"""A range test: the loss while the learning rate goes up."""

from __future__ import annotations

import copy
from collections import namedtuple
from typing import TYPE_CHECKING, Any

import torch

from tipoff.callbacks.recorder import Recorder, trimmed
from tipoff.learner.execute import make_run
from tipoff.learner.stages import Stage
from tipoff.notes import note
from tipoff.train.callback import Callback
from tipoff.train.loop import train_epoch
from tipoff.train.run import Run
from tipoff.train.schedule import Exponential

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

Suggestions = Any  # a named tuple with a field for each function asked


class _Sweep(Callback):
    """Stops after `num_it` steps, or when the smoothed loss is four times its best."""

    order = 55

    def __init__(self, recorder: Recorder, num_it: int, stop_div: bool) -> None:
        self.recorder, self.num_it, self.stop_div = recorder, num_it, stop_div

    def after_step(self, run: Run) -> None:
        if run.n_steps >= self.num_it:
            run.stop("the range is done")
        if not torch.isfinite(run.loss):
            run.stop("the loss has become infinite")
        elif self.stop_div and run.n_steps > 1:
            smooth = self.recorder.smooth()
            if smooth[-1] > 4 * min(smooth):
                run.stop("the loss has grown to four times its best")


def lr_find(
    learn: Learner,
    start_lr: float,
    end_lr: float,
    num_it: int,
    stop_div: bool,
    show_plot: bool,
    suggest_funcs: Any,
) -> Suggestions:
    """Sweep the rate over `num_it` steps, put everything back, plot, and suggest."""
    kept = copy.deepcopy(learn.model.state_dict())
    kept_opt = None if learn.opt is None else copy.deepcopy(learn.opt.state_dict())
    opt, rng = learn.opt, learn.engine.state_dict()
    n_batches = len(learn.dls.train)
    recorder = Recorder()
    try:
        run = make_run(learn, Stage("constant", -(-num_it // n_batches), (end_lr,) * len(learn.groups)))
        run.schedules = {"lr": Exponential(start_lr, end_lr)}
        run.total_steps, run.valid = num_it, None
        run.callbacks = [learn.keep_norms, recorder, _Sweep(recorder, num_it, stop_div)]
        run.listen()
        run.emit("before_fit")
        while not run.stopping:
            train_epoch(run)
            run.epoch, run.n_batches = run.epoch + 1, 0
    finally:
        learn.model.load_state_dict(kept)
        learn.opt = opt
        if opt is not None and kept_opt is not None:
            opt.load_state_dict(kept_opt)
        learn.engine.load_state_dict(rng)
    learn.recorder.lr_curve = recorder.lrs, recorder.smooth()
    lrs, losses = trimmed(*learn.recorder.lr_curve, 5)
    if n_batches < 4 or len(lrs) < 20:
        note(f"lr_find saw {len(recorder.lrs)} steps over {n_batches} batches: too few to trust the curve")
    funcs = (
        suggest_funcs
        if isinstance(suggest_funcs, (list, tuple))
        else [suggest_funcs]
        if suggest_funcs
        else []
    )
    names = [getattr(f, "__name__", f"suggestion_{i}") for i, f in enumerate(funcs)]
    found = [f(lrs, losses, num_it) for f in funcs]
    if show_plot:
        learn.recorder.plot_lr_find(suggestions=dict(zip(names, found, strict=True)))
    return namedtuple("SuggestedLRs", names)(*found)
