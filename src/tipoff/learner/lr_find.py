"""A range test: the loss while the learning rate goes up."""

from __future__ import annotations

import copy
import math
from collections import namedtuple
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tipoff.arguments import need_number, need_whole
from tipoff.callbacks.recorder import Recorder, trimmed
from tipoff.callbacks.terminate import odd_values
from tipoff.errors import UsageError
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

ENOUGH, WINDOW = 30, 10  # steps to judge a curve by; losses of which the mean is taken
DEVIATIONS = 4  # fresh networks fall by 6 and more, trained ones by less than 3
SETTLED = 0.1  # of the steps: before, the mean of a few losses says nothing


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
        elif self.stop_div and run.n_steps > SETTLED * self.num_it:
            smooth = self.recorder.smooth()
            if smooth[-1] > 4 * min(smooth[int(SETTLED * self.num_it) :]):
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
    """Sweep the learning rate over `num_it` steps, put everything back, plot, and suggest."""
    need_number("start_lr", start_lr, above=0)
    need_number("end_lr", end_lr, above=start_lr)
    need_whole("num_it", num_it, at_least=2)
    funcs = _functions(suggest_funcs)
    recorder, odd = _swept(learn, start_lr, end_lr, num_it, stop_div)
    learn.recorder.lr_curve = recorder.lrs, recorder.smooth()
    finite = [i for i, loss in enumerate(learn.recorder.lr_curve[1]) if math.isfinite(loss)]
    lrs, losses = ([values[i] for i in finite] for values in learn.recorder.lr_curve)
    lrs, losses = trimmed(lrs, losses, 5)
    why = _why_none(learn, recorder.losses, odd)
    n_batches = len(learn.dls.train)
    if why is None and (n_batches < 4 or len(lrs) < 20):
        note(f"lr_find saw {len(recorder.lrs)} steps over {n_batches} batches: too few to trust the curve")
    names = [getattr(f, "__name__", f"suggestion_{i}") for i, f in enumerate(funcs)]
    found: list[Any] = [f(lrs, losses, num_it) if why is None else None for f in funcs]
    if why is not None:
        note(f"lr_find suggests no learning rate: {why}")
    if show_plot and lrs:
        marked = {name: lr for name, lr in zip(names, found, strict=True) if lr is not None}
        learn.recorder.plot_lr_find(suggestions=marked)
    return namedtuple("SuggestedLRs", names)(*found)


def _functions(suggest_funcs: Any) -> list[Any]:
    made = (
        list(suggest_funcs)
        if isinstance(suggest_funcs, (list, tuple))
        else [suggest_funcs]
        if suggest_funcs
        else []
    )
    for f in made:
        if not callable(f):
            raise UsageError(
                f"suggest_funcs holds {f!r}; functions are needed: minimum, steep, valley, slide, or f(lrs, losses, num_it)."
            )
    return made


def _swept(
    learn: Learner, start_lr: float, end_lr: float, num_it: int, stop_div: bool
) -> tuple[Recorder, str]:
    """What happened in the sweep, and which items of its last batch are no numbers; the learner is left as it was."""
    kept = copy.deepcopy(learn.model.state_dict())
    modes = [(m, m.training) for m in learn.model.modules()]
    opt, rng = learn.opt, learn.engine.state_dict()
    kept_opt = None if opt is None else copy.deepcopy(opt.state_dict())
    n_batches = len(learn.dls.train) if len(learn.dls) else 1
    recorder = Recorder()
    try:
        run = make_run(learn, Stage("constant", -(-num_it // n_batches), (end_lr,) * len(learn.groups)))
        run.schedules = {"lr": Exponential(start_lr, end_lr)}
        run.total_steps, run.valid = num_it, None
        run.callbacks = [learn.keep_norms, recorder, _Sweep(recorder, num_it, stop_div)]
        run.listen()
        run.emit("before_fit")
        with run.engine.threads():
            while not run.stopping:
                train_epoch(run)
                run.epoch, run.n_batches = run.epoch + 1, 0
    finally:
        learn.model.load_state_dict(kept)
        for module, mode in modes:
            module.training = mode
        learn.opt = opt
        if opt is not None and kept_opt is not None:
            opt.load_state_dict(kept_opt)
        learn.engine.load_state_dict(rng)
    return recorder, odd_values(run)


def _why_none(learn: Learner, raw: list[float], odd: str) -> str | None:
    """Why no learning rate can be read off the curve; None where one can."""
    if not raw or not math.isfinite(raw[0]):
        what = f"the loss is {raw[0] if raw else 'never computed'} at the first step"
        return f"{what}, with a learning rate that changes nothing. {odd or 'Look at the data and the loss'}."
    if len(raw) < ENOUGH or _falls(raw):
        return None
    if learn.n_epochs_done:
        return (
            f"the loss of this trained model, {np.mean(raw[:WINDOW]):.3g}, falls at no learning rate by more than it varies between "
            "batches. Call lr_find before training."
        )
    return (
        "the loss falls at no learning rate by more than it varies between batches. Try more steps (num_it=300) or larger "
        "batches, and look at the data: dls.show_batch()."
    )


def _falls(raw: list[float]) -> bool:
    """Whether the loss falls somewhere by more than the mean of a few batches varies at rates that change nothing."""
    losses = np.asarray([v for v in raw if math.isfinite(v)])
    means = np.convolve(losses, np.full(WINDOW, 1 / WINDOW), "valid")
    flat = losses[: len(losses) // 3]
    return bool(flat.mean() - means.min() > DEVIATIONS * flat.std() / math.sqrt(WINDOW))
