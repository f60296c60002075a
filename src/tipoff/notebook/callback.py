"""Callbacks as course notebooks write them: methods without an argument, that read and set through `self.learn`."""

from __future__ import annotations

import inspect
from collections.abc import Callable as Function
from typing import Any, ClassVar

from tipoff.data.batch import Batch
from tipoff.errors import did_you_mean
from tipoff.learner.precision import auto_precision
from tipoff.notebook.cancel import CANCELS, OF_BATCHES
from tipoff.notes import note
from tipoff.train import callback as core
from tipoff.train.events import EVENTS
from tipoff.train.run import Run

# at each event of tipoff's loop: fastai's events of that moment, and when (training, validation) they are sent
_MOMENTS: dict[str, tuple[tuple[str, bool, bool], ...]] = {
    "before_fit": (("before_fit", True, True),),
    "before_epoch": (("before_epoch", True, True),),
    "before_train": (("before_train", True, True),),
    "before_batch": (("before_batch", True, True),),
    "after_pred": (("after_pred", True, True),),
    "after_loss": (("after_loss", True, True), ("before_backward", True, False)),
    "after_backward": (("after_backward", True, True), ("before_step", True, True)),
    "after_step": (("after_step", True, True), ("after_batch", True, True)),
    "after_batch": (("after_batch", False, True),),
    "after_train": (("after_train", True, True),),
    "before_validate": (("before_validate", True, True),),
    "after_validate": (("after_validate", True, True),),
    "after_epoch": (("after_epoch", True, True),),
    "after_fit": (("after_fit", True, True),),
}
_EVENTS = sorted(
    {name for moments in _MOMENTS.values() for name, _, _ in moments}
    | {f"after_cancel_{part}" for part, _ in CANCELS.values()}
    | {"after_create"}
)


_READ: dict[str, Function[[Run], Any]] = {
    "pred": lambda r: r.pred,
    "loss": lambda r: r.loss,
    "loss_grad": lambda r: r.loss,
    "xb": lambda r: r.batch.x,
    "yb": lambda r: r.batch.y,
    "x": lambda r: r.batch.x[0] if len(r.batch.x) == 1 else r.batch.x,
    "y": lambda r: r.batch.y[0] if len(r.batch.y) == 1 else r.batch.y,
    "epoch": lambda r: r.epoch,
    "n_epoch": lambda r: r.n_epochs,
    "n_iter": lambda r: len(r.train if r.training or r.valid is None else r.valid),
    "train_iter": lambda r: r.n_steps,
    "pct_train": lambda r: r.pct,
    "training": lambda r: r.training,
    "model": lambda r: r.model,
    "dl": lambda r: r.train if r.training else r.valid,
}


class LearnView:
    """The learner and its run as one object: reads go to the run first, then to the learner; so do assignments."""

    def __init__(self) -> None:
        self.__dict__.update(_learner=None, _run=None, _left=False)  # whether this batch was left

    def __getattr__(self, name: str) -> Any:
        run, learner = self.__dict__["_run"], self.__dict__["_learner"]
        if run is not None and name in _READ:
            return _READ[name](run)
        if name == "iter" and run is not None:
            return self.__dict__.get("_iter", 0)
        if name == "smooth_loss" and learner is not None:
            return learner.recorder.smooth_loss
        if learner is None or name.startswith("__"):
            raise AttributeError(name)
        return getattr(learner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        run = self.__dict__["_run"]
        if name == "pred":
            run.pred = value
        elif name in ("loss", "loss_grad"):
            run.loss = value
        elif name in ("xb", "x"):
            x = value if isinstance(value, tuple) else (value,)
            run.batch = Batch(x, run.batch.y, run.batch.items)
        elif name in ("yb", "y"):
            y = value if isinstance(value, tuple) else (value,)
            run.batch = Batch(run.batch.x, y, run.batch.items)
        else:
            setattr(self.__dict__["_learner"], name, value)


def _takes_run(method: Any) -> bool:
    parameters = list(inspect.signature(method).parameters.values())[1:]
    return any(
        p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL) and p.default is p.empty
        for p in parameters
    )


class Callback(core.Callback):
    """Methods named after fastai's events, called without an argument; `self.learn`, `self.pred`, `self.loss`, ...

    Methods that take the run are called as tipoff's own. `CancelBatchException` and its like may be raised, where fastai
    hears them; `after_cancel_batch` and so on are called then. `after_create` is called once, before the first fit.
    `run_train` and `run_valid` say in which part the events of batches are sent. Raises `TypeError` for a method that is
    named like an event but is none.

    >>> class StopAtNaN(Callback):
    ...     def after_loss(self):
    ...         if self.loss.isnan(): raise CancelFitException()
    """

    run: Run
    learn: LearnView
    run_train: ClassVar[bool] = True
    run_valid: ClassVar[bool] = True
    _plain: ClassVar[dict[str, Function[[Any], Any]]] = {}

    def __init_subclass__(cls) -> None:
        plain = dict(cls._plain)
        for name, method in list(vars(cls).items()):
            if not name.startswith(("before_", "after_")) or not callable(method):
                continue
            if _takes_run(method):
                plain.pop(name, None)
                continue
            if name not in _EVENTS:
                raise TypeError(
                    f"{cls.__name__}.{name} is not an event of a run.{did_you_mean(name, _EVENTS, n=1)}"
                )
            plain[name] = method
            delattr(cls, name)
        core.Callback.__init_subclass__.__func__(cls)  # type: ignore[attr-defined]
        cls._plain = plain
        for moment, names in _MOMENTS.items():
            wanted = [n for n in names if n[0] in plain]
            if wanted or moment == "before_batch":
                before = vars(cls).get(moment)
                setattr(cls, moment, _sender(moment, wanted, before, plain))
        for name, method in plain.items():
            if name not in EVENTS:
                setattr(cls, name, method)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "learn" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has no {name!r} (yet: it is known during a fit)")
        return getattr(self.learn, name)

    def attach(self, learner: Any) -> None:
        """Called with the learner before a fit."""
        new = "learn" not in self.__dict__
        self.learn = LearnView()
        self.learn.__dict__["_learner"] = learner
        if new and "after_create" in self._plain:
            self._plain["after_create"](self)


class MixedPrecision(core.Callback):
    """Half precision where it is faster, as one of `cbs`; settings of fastai's gradient scaler are not used, which is noted.

    `learn.to_fp16()` and `learn.to_bf16()` ask for it anywhere.
    """

    def __init__(self, **scaler: Any) -> None:
        if scaler:
            note(f"{', '.join(scaler)} of MixedPrecision is not used: the gradient scaler keeps PyTorch's settings")

    def attach(self, learner: Any) -> None:
        """Called with the learner before a fit."""
        precision = auto_precision(learner.dls.device)
        if precision != "float32" and learner.engine.precision == "float32":
            learner.to_fp16()


def _sender(
    moment: str, names: list[tuple[str, bool, bool]], own: Any, plain: dict[str, Function[[Any], Any]]
) -> Any:
    def send(self: Callback, run: Run | None = None) -> None:
        if run is None:  # super().before_fit() in a subclass
            if moment in plain:
                plain[moment](self)
            return
        self.run = run
        if "learn" not in self.__dict__:
            self.attach(None)
        view = self.learn.__dict__
        view["_run"] = run
        if moment == "before_batch":
            view["_left"] = False
            view["_iter"] = run.n_batches if run.training else view.get("_valid_iter", -1) + 1
            view["_valid_iter"] = -1 if run.training else view["_iter"]
        if own is not None:
            own(self, run)
        for name, in_training, in_validation in names:
            if name in OF_BATCHES and not (
                (run.training and in_training and self.run_train)
                or (not run.training and in_validation and self.run_valid)
            ):
                continue
            in_batch, in_epoch = name in OF_BATCHES, name in ("after_train", "after_validate")
            leaving = run.leaving not in (None, "backward")
            if (in_batch and view["_left"]) or ((in_batch or in_epoch) and leaving):
                continue  # fastai does not send it either
            try:
                self._plain[name](self)
            except tuple(CANCELS) as e:
                _cancel(run, name, e)

    return send


def _cancel(run: Run, event: str, raised: Exception) -> None:
    """Leave what `raised` says and tell it to the callbacks, or raise it again where fastai would not hear it."""
    part, heard = next(v for kind, v in CANCELS.items() if isinstance(raised, kind))
    if not heard(event, run):
        raise raised
    if part == "step":
        run.skip_update()
    else:
        if part == "fit":
            run.stop(str(raised) or "a callback ended the run")
        run.leave(part)  # type: ignore[arg-type]
    _tell(run, f"after_cancel_{part}")
    if part == "batch":
        _tell(run, "after_batch")


def _tell(run: Run, event: str) -> None:
    for cb in run.callbacks:
        if isinstance(cb, Callback):
            inner = event in ("after_batch", "after_cancel_batch", "after_cancel_backward")
            if event in cb._plain and (not inner or (cb.run_train if run.training else cb.run_valid)):
                cb._plain[event](cb)
            if event == "after_batch":
                cb.learn.__dict__["_left"] = True
