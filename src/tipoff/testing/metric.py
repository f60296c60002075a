"""The contract of metrics."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tipoff.metrics.metric import Metric
from tipoff.testing.promise import promise, same, twin


def check_metric(
    metric: Metric, pred: Tensor | None = None, y: Tensor | None = None, tolerance: float = 1e-5
) -> None:
    """A figure over batches, tried on outputs `pred` and targets `y` (some of two classes where not given). Promises:

    - it has a name, says which way is up, and gives a float;
    - uneven batches give the figure of one batch, within `tolerance`, in any order of the samples;
    - `reset` forgets everything, and `compute` may be called twice;
    - `update` changes neither outputs nor targets;
    - states of several processes, one of them without batches, merge to the figure of one.

    Raises `AssertionError` for a broken promise.

    >>> from tipoff.metrics.confusion import F1Score
    >>> check_metric(F1Score())
    """
    g = torch.Generator().manual_seed(3)
    if pred is None or y is None:
        y = torch.randint(2, (41,), generator=g)
        pred = torch.randn(41, 2, generator=g) + torch.eye(2)[y]
    called, n = type(metric).__name__, len(pred)
    promise(isinstance(metric.name, str) and bool(metric.name), f"{called} has no name.")
    promise(
        isinstance(metric.higher_is_better, bool), f"{called}.higher_is_better is neither True nor False."
    )
    kept = twin((pred, y))

    def figure(order: Tensor, sizes: list[int]) -> float:
        metric.reset()
        for p, t in zip(torch.split(pred[order], sizes), torch.split(y[order], sizes), strict=True):
            metric.update(p, t)
        return metric.compute()

    def close(a: float, b: float) -> bool:
        return (math.isnan(a) and math.isnan(b)) or abs(a - b) <= tolerance * max(1.0, abs(a))

    in_order, uneven = torch.arange(n), [1, n // 2, n - n // 2 - 1]
    whole = figure(in_order, [n])
    promise(isinstance(whole, float), f"{called}.compute gives a {type(whole).__name__}; a float is needed.")
    promise(same((pred, y), kept), f"{called}.update changes what it is given.")
    promise(close(metric.compute(), whole), f"{called}.compute gives something else when it is asked again.")
    parts = figure(in_order, uneven)
    promise(close(whole, parts), f"{called}: one batch gives {whole}, uneven batches give {parts}.")
    shuffled = figure(torch.randperm(n, generator=g), uneven)
    promise(close(whole, shuffled), f"{called}: {whole} in one order of the samples, {shuffled} in another.")

    states = []
    for rows in (in_order[: n // 3], in_order[n // 3 :], in_order[:0]):
        metric.reset()
        if len(rows):
            metric.update(pred[rows], y[rows])
        state = metric.state()
        promise(
            all(isinstance(v, Tensor) for v in state.values()),
            f"{called}.state holds other things than tensors.",
        )
        states.append(twin(dict(state)))
    metric.merge(states)
    merged = metric.compute()
    promise(close(whole, merged), f"{called}: one process gives {whole}, three give {merged}.")
    metric.reset()
    promise(close(figure(in_order, [n]), whole), f"{called}.reset does not forget what was merged.")
