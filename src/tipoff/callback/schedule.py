"""Schedules, and what suggests a learning rate: `fastai.callback.schedule`."""

from typing import TYPE_CHECKING

from tipoff.callbacks import ParamScheduler
from tipoff.lazy import missing
from tipoff.learner.suggest import minimum, slide, steep, valley
from tipoff.train.annealing import (
    SchedCos,
    SchedExp,
    SchedLin,
    SchedNo,
    SchedPoly,
    annealer,
    combine_scheds,
    combined_cos,
    sched_cos,
    sched_exp,
    sched_lin,
    sched_no,
)

__all__ = [
    "ParamScheduler",
    "SchedCos",
    "SchedExp",
    "SchedLin",
    "SchedNo",
    "SchedPoly",
    "annealer",
    "combine_scheds",
    "combined_cos",
    "minimum",
    "sched_cos",
    "sched_exp",
    "sched_lin",
    "sched_no",
    "slide",
    "steep",
    "valley",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
