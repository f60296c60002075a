"""The contracts of blocks and targets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tipoff.data.block import Block, Target
from tipoff.metrics.resolve import as_metrics
from tipoff.optional import need
from tipoff.spec import Catalog
from tipoff.testing.promise import promise, same, twin
from tipoff.testing.spec import check_spec


def check_block(block: Block, values: Sequence[Any], catalog: Catalog | None = None) -> None:
    """How a field of a sample is read, tried on raw training `values` (two or more). Promises:

    - before and after `setup` it keeps the promises of `check_spec`;
    - `setup` does not change `self`, and a block that is set up stays as it is;
    - `check` finds nothing wrong with the values;
    - `encode` does not change the value, and gives the same every time;
    - `encode_all` gives the encoded values, and `collate` a batch of them, in order;
    - where the class has its own `decode`, it gives the value back (numbers as float32, labels in any order);
    - `show` draws.

    Raises `AssertionError` for a broken promise.

    >>> from tipoff.data.target import RegressionBlock
    >>> check_block(RegressionBlock(), [1.5, 2.0, -3.0])
    """
    called = type(block).__name__
    before, given = repr(block), twin(list(values))
    check_spec(block, catalog)
    ready = block.setup(values)
    promise(
        repr(block) == before, f"{called}.setup changes the block; return a changed copy: self.replace(...)."
    )
    promise(type(ready) is type(block), f"{called}.setup gives a {type(ready).__name__}.")
    promise(ready.setup(values) == ready, f"{called}.setup changes a block that is set up already.")
    check_spec(ready, catalog)

    for value in values:
        promise(ready.check(value) is None, f"{called}.check refuses {value!r:.80}: {ready.check(value)}")
    encoded = [ready.encode(v) for v in values]
    promise(
        same([ready.encode(v) for v in values], encoded),
        f"{called}.encode gives something else the second time.",
    )
    promise(same(list(values), given), f"{called}.encode changes the value it is given.")
    if ready.is_cheap:
        every = ready.encode_all(values)
        promise(
            same(_samples(every), [e if isinstance(e, tuple) else torch.as_tensor(e) for e in encoded]),
            f"{called}.encode_all differs from encode of each value.",
        )
    alike = [e for e in encoded if getattr(e, "shape", None) == getattr(encoded[0], "shape", None)]
    batch = _samples(ready.collate(alike))
    promise(len(batch) == len(alike), f"{called}.collate gives {len(batch)} rows for {len(alike)} values.")
    one = _samples(ready.collate(alike[-1:]))
    promise(same(one[0], batch[-1]), f"{called}.collate gives a value something else in another batch.")

    if type(block).decode is not Block.decode:
        for value, code in zip(values, encoded, strict=True):
            back = ready.decode(code)
            promise(
                _means(back, value),
                f"{called}: {value!r:.80} comes back from encode and decode as {back!r:.80}.",
            )
    ready.show(batch[0], _axes())


def check_target(target: Target, values: Sequence[Any], catalog: Catalog | None = None) -> None:
    """What is predicted, tried on raw labels `values` (two or more). Promises, beside those of `check_block`:

    - `n_out` is the number of outputs for one sample, at least 1;
    - `loss` of outputs (B, n_out) is one finite number with a finite gradient, and goes down along it;
    - `loss_each` gives one finite number a sample;
    - `activation` keeps the shape and gives finite numbers; `decide` makes encoded answers of them, of the
      shape of `y`, which `decode` takes;
    - `answer` is JSON, `sentence` some words;
    - the default metrics give numbers, and `show_result` draws.

    Raises `AssertionError` for a broken promise.

    >>> from tipoff.data.target import CategoryBlock
    >>> check_target(CategoryBlock(), ["cat", "dog", "cat"])
    """
    check_block(target, values, catalog)
    called = type(target).__name__
    ready = target.setup(values)
    y = ready.encode_all(values)
    promise(isinstance(ready.n_out, int) and ready.n_out >= 1, f"{called}.n_out is {ready.n_out!r}.")
    pred = torch.randn(len(y), ready.n_out, generator=torch.Generator().manual_seed(0), requires_grad=True)

    loss = ready.loss(pred, y)
    promise(
        loss.shape == () and bool(loss.isfinite()), f"{called}.loss is {loss}; one finite number is needed."
    )
    loss.backward()  # type: ignore[no-untyped-call]
    slope = pred.grad
    if slope is None or not slope.isfinite().all() or not slope.any():
        raise AssertionError(f"{called}.loss has no finite gradient for the outputs: {slope}")
    with torch.no_grad():
        lower = ready.loss(pred - 1e-2 * slope / slope.norm(), y)
    promise(bool(lower < loss), f"{called}.loss does not go down along its gradient.")
    each = ready.loss_each(pred.detach(), y)
    promise(
        each.shape == (len(y),) and bool(each.isfinite().all()),
        f"{called}.loss_each gives {tuple(each.shape)} numbers for {len(y)} samples, or some that are not finite.",
    )

    prob = ready.activation(pred.detach())
    promise(
        prob.shape == pred.shape and bool(prob.isfinite().all()),
        f"{called}.activation changes the shape, or is not finite.",
    )
    decided = ready.decide(prob)
    promise(
        decided.shape == y.shape, f"{called}.decide gives {tuple(decided.shape)}; y has {tuple(y.shape)}."
    )
    ready.decode(decided[0])
    json.dumps(ready.answer(prob[0]), allow_nan=False)
    promise(bool(ready.sentence(prob[0])), f"{called}.sentence is empty.")
    for metric in as_metrics(list(target.default_metrics)):
        metric.reset()
        metric.update(pred.detach(), y)
        promise(
            isinstance(metric.compute(), float),
            f"{called}: its default metric {metric.name} gives no number.",
        )
    ready.show_result(y[0], prob[0], _axes())


def _samples(batch: Any) -> list[Any]:
    """The samples of a batch: a tensor each, or as many as the block makes."""
    return list(zip(*batch, strict=True)) if isinstance(batch, tuple) else list(batch)


def _means(back: Any, value: Any) -> bool:
    """Whether what came back means the value: labels in any order, numbers as float32."""
    if isinstance(back, dict) and isinstance(value, dict):
        return back.keys() == value.keys() and all(_means(back[k], value[k]) for k in back)
    if isinstance(back, (list, tuple)) and isinstance(value, (list, tuple)) and not _numbers(value):
        return sorted(map(str, back)) == sorted(map(str, value))
    if _numbers(value):
        return same(torch.as_tensor(back).double(), torch.as_tensor(value).double(), 1e-6)
    return same(back, value)


def _numbers(value: Any) -> bool:
    try:
        return isinstance(torch.as_tensor(value), Tensor)
    except (TypeError, ValueError, RuntimeError):
        return False


def _axes() -> Any:
    """Axes to draw into, without a window."""
    figure = need("matplotlib.figure", "This check", "matplotlib").Figure()
    return figure.subplots()
