"""Hyper-parameters as pure functions of progress in [0, 1]: nothing to step, nothing to save."""

from __future__ import annotations

import math
from dataclasses import dataclass


def cosine(start: float, end: float, pct: float) -> float:
    """From `start` to `end` along half a cosine wave."""
    return end + (start - end) * (1 + math.cos(math.pi * pct)) / 2


@dataclass(frozen=True)
class Combined:
    """Cosine from `start` to `middle` over the first `pct` of the run, then to `end` (fastai's combined_cos).

    >>> lr = Combined(0.25, 1e-3 / 25, 1e-3, 1e-3 / 1e5)
    >>> lr(0.25)
    0.001
    """

    pct: float
    start: float
    middle: float
    end: float

    def __call__(self, pct: float) -> float:
        if pct < self.pct:
            return cosine(self.start, self.middle, pct / self.pct)
        return (
            cosine(self.middle, self.end, (pct - self.pct) / (1 - self.pct)) if self.pct < 1 else self.middle
        )


def one_cycle(peak: float, pct_start: float = 0.25, div: float = 25.0, div_final: float = 1e5) -> Combined:
    """Warm up to `peak` over `pct_start` of the run, then anneal to almost nothing (Smith 2018)."""
    return Combined(pct_start, peak / div, peak, peak / div_final)


def one_cycle_momentum(
    moms: tuple[float, float, float] = (0.95, 0.85, 0.95), pct_start: float = 0.25
) -> Combined:
    """Momentum goes down while the learning rate goes up, and back."""
    return Combined(pct_start, *moms)


@dataclass(frozen=True)
class Constant:
    """The same value throughout."""

    value: float

    def __call__(self, pct: float) -> float:
        return self.value


@dataclass(frozen=True)
class FlatCosine:
    """Stay at `peak` for `pct_start` of the run, then anneal along a cosine to `peak / div_final`."""

    peak: float
    pct_start: float = 0.75
    div_final: float = 1e5

    def __call__(self, pct: float) -> float:
        if pct < self.pct_start:
            return self.peak
        return cosine(self.peak, self.peak / self.div_final, (pct - self.pct_start) / (1 - self.pct_start))


@dataclass(frozen=True)
class WarmRestarts:
    """Cosine to nothing, `n_cycles` times, each cycle `cycle_mult` times as long (Loshchilov and Hutter 2017)."""

    peak: float
    n_cycles: int
    cycle_mult: int = 2

    def __call__(self, pct: float) -> float:
        lengths = [float(self.cycle_mult**i) for i in range(self.n_cycles)]
        at = min(pct, 1.0) * sum(lengths)
        for i, length in enumerate(lengths):
            if at < length or i == self.n_cycles - 1:
                return cosine(self.peak, 0.0, min(1.0, at / length))
            at -= length
        return 0.0


@dataclass(frozen=True)
class Exponential:
    """From `start` to `end` by even factors: a range test."""

    start: float
    end: float

    def __call__(self, pct: float) -> float:
        return float(self.start * (self.end / self.start) ** pct)
