"""The contract of transforms, of items and of batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tipoff.data.kind import Kind
from tipoff.data.transform import BatchTransform, ItemTransform, run_batch_transforms
from tipoff.spec import Catalog
from tipoff.testing.promise import promise, same, twin
from tipoff.testing.spec import check_spec


def check_transform(
    tfm: ItemTransform | BatchTransform,
    samples: Sequence[Any] | Tensor | None = None,
    kind: Kind = Kind.IMAGE,
    catalog: Catalog | None = None,
) -> None:
    """A change to a sample or a batch. `samples` are values of `kind`: uint8 arrays for an `ItemTransform`, a
    batch for a `BatchTransform`; without them, some pictures are made up. Promises:

    - it keeps the promises of `check_spec`, and does not change what it is given;
    - the same draws (the same seed, epoch and position) give the same result;
    - a field of kind LABEL passes untouched;
    - of an item transform: the parts that draw nothing come first, pictures stay uint8 (H, W, C) whatever is
      drawn, and `exact` gives the size that training gives;
    - of a batch transform: a sample comes out the same in any batch, the batch keeps its size, results are
      finite, nothing that draws is applied at validation, and `undo` takes back what is always done.

    Raises `AssertionError` for a broken promise.

    >>> from dataclasses import dataclass
    >>> from typing import ClassVar
    >>> @dataclass(frozen=True)
    ... class Darker(BatchTransform):
    ...     most: float = 0.5
    ...     n_draws: ClassVar[int] = 1
    ...     def image(self, x, u):
    ...         return x * (1 - self.most * u[:, 0]).reshape(-1, 1, 1, 1)
    >>> check_transform(Darker())
    """
    check_spec(tfm, catalog)
    if isinstance(tfm, ItemTransform):
        _check_item(tfm, _pictures() if samples is None else list(samples), kind)
    else:
        batch = (
            torch.rand(5, 3, 12, 16, generator=torch.Generator().manual_seed(1))
            if samples is None
            else samples
        )
        _check_batch(tfm, torch.as_tensor(batch), kind)


def _pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, size, dtype=np.uint8) for size in ((48, 40, 3), (31, 60, 3), (7, 9, 3))]


def _train(tfm: ItemTransform, kind: Kind, x: Any, draw: float) -> Any:
    for part in tfm.parts():
        x = part.apply(kind, x, np.full(part.n_draws, draw, np.float32) if part.n_draws else None)
    return x


def _check_item(tfm: ItemTransform, values: list[Any], kind: Kind) -> None:
    called, label = type(tfm).__name__, object()
    drawing = [bool(p.n_draws) for p in tfm.parts()]
    promise(
        drawing == sorted(drawing),
        f"{called}.parts: the steps that draw nothing must come first, to be cached.",
    )
    for value in values:
        kept = twin(value)
        for draw in (0.0, 0.5, 1 - 2**-24):
            out = _train(tfm, kind, value, draw)
            promise(
                same(out, _train(tfm, kind, value, draw)), f"{called}: the same draws give another result."
            )
            promise(same(value, kept), f"{called} changes the value it is given; change a copy.")
            if kind is Kind.IMAGE:
                promise(
                    out.dtype == value.dtype and out.ndim == value.ndim and out.shape[2] == value.shape[2],
                    f"{called} makes {out.shape} {out.dtype} of {value.shape} {value.dtype} in training.",
                )
            promise(_train(tfm, Kind.LABEL, label, draw) is label, f"{called} changes a label.")
        exact = tfm.exact(kind, value)
        promise(same(exact, tfm.exact(kind, value)), f"{called}.exact gives something else the second time.")
        promise(same(value, kept), f"{called}.exact changes the value it is given; change a copy.")
        middle = _train(tfm, kind, value, 0.5)
        promise(
            np.shape(exact) == np.shape(middle),
            f"{called}.exact gives {np.shape(exact)}, and training {np.shape(middle)}, for {np.shape(value)}.",
        )
        if kind is Kind.IMAGE:
            low, high = float(np.min(exact)), float(np.max(exact))
            promise(
                low >= -1 and high <= 256,
                f"{called}.exact gives {low} to {high}; grey levels go from 0 to 255.",
            )
    promise(tfm.exact(Kind.LABEL, label) is label, f"{called}.exact changes a label.")


def _check_batch(tfm: BatchTransform, x: Tensor, kind: Kind) -> None:
    called, n = type(tfm).__name__, len(x)
    at, label = torch.arange(10, 10 + n), torch.arange(n)

    def run(rows: Tensor, key: tuple[int, ...] | None) -> Tensor:
        fields = run_batch_transforms([tfm], [kind, Kind.LABEL], [x[rows], label[rows]], at[rows], key)
        promise(torch.equal(fields[1], label[rows]), f"{called} changes a label.")
        return fields[0]

    every, kept = torch.arange(n), x.clone()
    for epoch in range(3):
        out = run(every, (7, epoch))
        promise(torch.equal(x, kept), f"{called} changes the batch it is given; change a copy.")
        promise(len(out) == n, f"{called} gives {len(out)} samples for {n}.")
        promise(
            not out.is_floating_point() or bool(out.isfinite().all()),
            f"{called} gives numbers that are not finite.",
        )
        promise(same(run(every, (7, epoch)), out), f"{called}: the same seed and epoch give another result.")
        order = every.flip(0)
        promise(
            same(run(order, (7, epoch)), out[order], 1e-5),
            f"{called}: a sample depends on its place in the batch.",
        )
        for i in range(n):
            alone = run(every[i : i + 1], (7, epoch))
            promise(same(alone[0], out[i], 1e-5), f"{called}: a sample depends on the others in its batch.")
    plain = run(every, None)
    if tfm.n_draws:
        promise(same(plain, x), f"{called} draws, and is applied at validation all the same.")
    elif type(tfm).undo is not BatchTransform.undo:
        back = tfm.undo(kind, plain)
        promise(same(back, x, 1e-4), f"{called}.undo does not give back what was there before.")
