"""fastai's schedules: functions of progress in [0, 1], for `ParamScheduler` or to look at.

`SchedCos(1, 2)` is a function of the progress; `sched_cos(1, 2, progress)` is its value there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial, wraps

from tipoff.errors import UsageError
from tipoff.train.schedule import Combined, cosine

Schedule = Callable[[float], float]


def sched_lin(start: float, end: float, pos: float) -> float:
    """From `start` to `end` along a line."""
    return start + pos * (end - start)


def sched_cos(start: float, end: float, pos: float) -> float:
    """From `start` to `end` along half a cosine wave."""
    return cosine(start, end, pos)


def sched_no(start: float, end: float, pos: float) -> float:
    """`start` throughout."""
    return start


def sched_exp(start: float, end: float, pos: float) -> float:
    """From `start` to `end` by equal factors; neither may be 0."""
    return float(start * (end / start) ** pos)


def annealer(f: Callable[[float, float, float], float]) -> Callable[[float, float], Schedule]:
    """Decorate `f(start, end, pos)` so that `f(start, end)` is a function of `pos`.

    >>> @annealer
    ... def halfway(start, end, pos): return start if pos < 0.5 else end
    >>> halfway(1, 2)(0.7)
    2
    """

    @wraps(f)
    def made(start: float, end: float) -> Schedule:
        return partial(f, start, end)

    return made


def SchedLin(start: float, end: float) -> Schedule:
    """From `start` to `end` along a line."""
    return partial(sched_lin, start, end)


def SchedCos(start: float, end: float) -> Schedule:
    """From `start` to `end` along half a cosine wave."""
    return partial(sched_cos, start, end)


def SchedNo(start: float, end: float) -> Schedule:
    """`start` throughout."""
    return partial(sched_no, start, end)


def SchedExp(start: float, end: float) -> Schedule:
    """From `start` to `end` by equal factors; neither may be 0."""
    return partial(sched_exp, start, end)


def SchedPoly(start: float, end: float, power: float) -> Schedule:
    """From `start` to `end` as progress to the `power`."""
    return lambda pos: start + (end - start) * pos**power


def combine_scheds(pcts: Sequence[float], scheds: Sequence[Schedule]) -> Schedule:
    """Run `scheds` one after the other, each over its share of `pcts`, which add up to 1.

    >>> warm_up = combine_scheds([0.25, 0.75], [SchedLin(0, 1), SchedNo(1, 1)])
    >>> warm_up(0.125), warm_up(0.5)
    (0.5, 1)
    """
    if len(pcts) != len(scheds) or not scheds:
        raise UsageError(f"combine_scheds has {len(pcts)} shares for {len(scheds)} schedules: one for each.")
    if min(pcts) < 0 or not math.isclose(sum(pcts), 1.0, abs_tol=1e-6):
        raise UsageError(
            f"The shares {list(pcts)} of combine_scheds add up to {sum(pcts):g}; they must add up to 1."
        )
    begins = [sum(pcts[:i]) for i in range(len(pcts))]

    def at(pos: float) -> float:
        i = max(k for k, begin in enumerate(begins) if pos >= begin and (pcts[k] > 0 or k == 0))
        return scheds[i]((pos - begins[i]) / pcts[i] if pcts[i] else 1.0)

    return at


def combined_cos(pct: float, start: float, middle: float, end: float) -> Schedule:
    """Cosine from `start` to `middle` over the first `pct` of the run, then to `end`.

    >>> combined_cos(0.25, 0.1, 1.0, 0.0)(0.25)
    1.0
    """
    return Combined(pct, start, middle, end)
