"""Hyper-parameters that follow functions of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

from tipoff.errors import UsageError
from tipoff.train.callback import Callback
from tipoff.train.optim import get_hyperparameter
from tipoff.train.run import Run


class ParamScheduler(Callback):
    """Set hyper-parameters by functions of the progress of the run, in [0, 1].

    Args:
        scheds: by name, `lr`, `mom`, `wd`, `sqr_mom` or `eps`, a function such as `combined_cos(0.25, 1e-4, 1e-3, 1e-5)`.
            They take the place of what `fit` would set. Where layers have different learning rates, those keep their
            ratio.

    >>> from tipoff.train.annealing import SchedCos
    >>> slower = ParamScheduler({"lr": SchedCos(1e-3, 1e-5)})
    """

    def __init__(self, scheds: Mapping[str, Callable[[float], float]]) -> None:
        if not isinstance(scheds, Mapping) or not all(callable(f) for f in scheds.values()):
            raise UsageError(
                f"scheds is {scheds!r}; functions by name are needed, such as {{'lr': SchedCos(1e-3, 1e-5)}}."
            )
        self.scheds = dict(scheds)

    def before_fit(self, run: Run) -> None:
        for name, schedule in self.scheds.items():
            value: Any = schedule(0.0)
            if not isinstance(value, Real):
                raise UsageError(
                    f"The schedule of {name!r} gives {value!r}; it must give one number. For learning rates by layer "
                    "group, pass a slice to the fit method: learn.fit(n, lr=slice(1e-5, 1e-3))."
                )
            for opt in run.optims.values():
                for group in opt.param_groups:
                    get_hyperparameter(group, name)  # says if there is none of that name
        run.schedules = {**run.schedules, **self.scheds}
