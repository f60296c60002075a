"""Data sets answer with batches: `dataset.batch(positions, epoch) -> Batch`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from tipoff.data.batch import Batch
from tipoff.data.block import Block
from tipoff.data.kind import Kind
from tipoff.data.plan import ItemStep, Plan
from tipoff.data.store import Store, open_store, pool, threads
from tipoff.data.transform import ItemTransform
from tipoff.errors import DataError, UsageError
from tipoff.notes import note
from tipoff.rng import uniform
from tipoff.spec import fingerprint

Field = Tensor | tuple[Tensor, ...]  # what a block makes of the values of a batch


class BatchSource(Protocol):
    """What a loader needs of a data set."""

    def __len__(self) -> int: ...

    def batch(self, positions: Tensor, epoch: int) -> Batch:
        """The samples at `positions`, (B,) long; random changes are a function of (seed, epoch, position)."""
        ...


class TensorDataset:
    """Tensors in memory, sliced; the leading sizes agree. The last `n_targets` of them are the targets."""

    def __init__(self, *tensors: Tensor, n_targets: int = 1) -> None:
        sizes = [len(t) for t in tensors]
        if len(set(sizes)) > 1:
            raise DataError(f"The tensors have {sizes} rows; they need the same number.")
        self.x, self.y = tensors[: len(tensors) - n_targets], tensors[len(tensors) - n_targets :]

    def __len__(self) -> int:
        return len((*self.x, *self.y)[0])

    def batch(self, positions: Tensor, epoch: int) -> Batch:
        x, y = (tuple(t.index_select(0, positions) for t in part) for part in (self.x, self.y))
        return Batch(x, y, positions)


class SampleDataset:
    """Samples made one by one, in threads: raw values, encoded by the plan's blocks and item transforms.

    `columns` holds one list of raw values a block, in the order of `plan.blocks`; without the columns of
    the targets the data set has inputs only. `training` chooses random transforms, `seed` their stream.
    """

    def __init__(
        self,
        plan: Plan,
        columns: Sequence[Sequence[Any]],
        *,
        training: bool,
        seed: int = 0,
        keep: bool = True,
        items: Any = None,
    ) -> None:
        self.plan, self.training, self.seed, self.keep = plan, training, seed, keep
        self._items = items
        self.columns = [list(c) for c in columns]
        self.bad: dict[int, str] = {}  # positions that could not be read, and why
        self._ready = False

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self.plan.blocks[: len(self.columns)]

    @property
    def items(self) -> Any:
        """What the samples are made of, one each: files, or the rows of a data frame."""
        return self.columns[0] if self._items is None else self._items

    @property
    def vocab(self) -> Any:
        """The names of the classes: see `Plan.vocab`."""
        return self.plan.vocab

    def with_plan(self, plan: Plan) -> SampleDataset:
        """The same items under another plan."""
        return SampleDataset(
            plan, self.columns, training=self.training, seed=self.seed, keep=self.keep, items=self._items
        )

    def view(self, *, training: bool) -> SampleDataset:
        """The same items, as in training or as at validation; nothing is kept on the disk for it."""
        return SampleDataset(
            self.plan, self.columns, training=training, seed=self.seed, keep=False, items=self._items
        )

    def __getitem__(self, position: int) -> tuple[Any, ...]:
        """One sample before any transform, such as (image, number of the class)."""
        at = range(len(self))[position]
        return tuple(b.sample(column[at]) for b, column in zip(self.blocks, self.columns, strict=True))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return (self[i] for i in range(len(self)))

    def prepare(self) -> dict[int, str]:
        """Encode cheap columns, decode the others once where that fits; why items cannot be read."""
        if self._ready:
            return self.bad
        self._encoded: dict[int, Field] = {}
        self._stores: dict[int, Store] = {}
        steps = self.plan.train_steps() if self.training else ()
        head = self.plan.head() if self.training else ()
        self._rest: tuple[ItemStep, ...] = steps[len(head) :]
        self._head = head
        self._n_draws = sum(s.n_draws for s in self._rest if isinstance(s, ItemTransform))
        for k, (block, column) in enumerate(zip(self.blocks, self.columns, strict=True)):
            if block.is_cheap:
                self._encoded[k] = block.encode_all(column)
            elif (
                self.keep
                and not block.is_ragged
                and all(isinstance(v, Path) for v in column)
                and self._is_plain()
            ):
                store = open_store(column, partial(self._decode, block), self._key(block))
                if store is not None:
                    self._stores[k] = store
                    for i, path in enumerate(column):
                        if path in store.errors:
                            self.bad[i] = store.errors[path]
            if not block.is_cheap and k not in self._stores and self.keep:
                for i, why in enumerate(pool().map(block.check, column)):
                    if why is not None:
                        self.bad[i] = why
        self._ready = True
        return self.bad

    def _is_plain(self) -> bool:
        # a user's own function may draw, so the validation items it changes are not kept
        return self.training or all(isinstance(t, ItemTransform) for t in self.plan.item_tfms)

    def _key(self, block: Block) -> str:
        return fingerprint(
            [block, self.training, list(self._head) if self.training else list(self.plan.item_tfms)]
        )

    def _decode(self, block: Block, value: Any) -> Any:
        """One value up to where random changes begin."""
        if self.training:
            return self.plan.apply(self._head, block.kind, block.encode(value), None)
        return self.plan.exact(block.kind, self.plan.encode(block, value))

    def _value(self, k: int, position: int, u: np.ndarray | None) -> Any:
        block, raw = self.blocks[k], self.columns[k][position]
        store = self._stores.get(k)
        x = store.get(raw) if store is not None else None
        try:
            if x is None:
                x = self._decode(block, raw)
            return self.plan.apply(self._rest, block.kind, x, u)
        except UsageError as e:  # of a function of the user's
            if not isinstance(raw, Path):
                raise
            raise UsageError(f"{e} This was at {raw}.") from e

    def _samples(self, positions: list[int], u: np.ndarray | None) -> list[dict[int, Any] | str]:
        out: list[dict[int, Any] | str] = []
        for i, position in enumerate(positions):
            try:
                out.append(
                    {
                        k: self._value(k, position, None if u is None else u[i])
                        for k in range(len(self.columns))
                        if k not in self._encoded
                    }
                )
            except DataError as e:
                out.append(str(e))
        return out

    def batch(self, positions: Tensor, epoch: int) -> Batch:
        self.prepare()
        n_inputs = len(self.plan.inputs)
        if len(self._encoded) == len(self.columns):
            return _batch(
                [_rows(self._encoded[k], positions) for k in range(len(self.columns))], n_inputs, positions
            )
        u = None
        if self.training and self._n_draws:
            u = uniform((self.seed, epoch), positions, self._n_draws).numpy()
        rows = positions.tolist()
        share = max(1, -(-len(rows) // threads()))
        jobs = [
            (rows[i : i + share], None if u is None else u[i : i + share]) for i in range(0, len(rows), share)
        ]
        samples = [s for part in pool().map(lambda job: self._samples(*job), jobs) for s in part]
        good = [i for i, s in enumerate(samples) if not isinstance(s, str)]
        if len(good) < len(rows):
            positions = self._leave_out(positions, samples, good)
        fields = [
            _rows(self._encoded[k], positions)
            if k in self._encoded
            else self._collate(k, [samples[i][k] for i in good], positions)
            for k in range(len(self.columns))
        ]
        return _batch(fields, n_inputs, positions)

    def _leave_out(self, positions: Tensor, samples: list[dict[int, Any] | str], good: list[int]) -> Tensor:
        for i, s in enumerate(samples):
            if isinstance(s, str) and int(positions[i]) not in self.bad:
                self.bad[int(positions[i])] = s
                note(f"left out: {s}")
        if not good:
            raise DataError(
                f"None of the {len(samples)} items of this batch can be read. The first: {samples[0]}"
            )
        return positions[good]

    def _collate(self, k: int, values: list[Any], positions: Tensor) -> Field:
        shapes = [tuple(np.shape(v)) for v in values]
        other = next((i for i, s in enumerate(shapes) if s != shapes[0]), None)
        if other is not None and not self.blocks[k].is_ragged:
            names = [self.columns[k][int(positions[i])] for i in (0, other)]
            sizes = [" × ".join(map(str, s[1::-1] if len(s) >= 2 else s)) for s in (shapes[0], shapes[other])]
            way = (
                "Add item_tfms=Resize(224)."
                if self.blocks[k].kind is Kind.IMAGE
                else f"{type(self.blocks[k]).__name__}.encode must bring them to one."
            )
            raise DataError(
                f"{names[0]} is {sizes[0]} and {names[1]} is {sizes[1]}; a batch needs one size. {way}"
            )
        made: Field = self.blocks[k].collate(values)
        return made


def _rows(field: Field, positions: Tensor) -> Field:
    return tuple(t[positions] for t in field) if isinstance(field, tuple) else field[positions]


def _batch(fields: Sequence[Field], n_inputs: int, positions: Tensor) -> Batch:
    """The tensors of the blocks one after the other; a block such as that of rows has several."""
    x, y = (
        tuple(t for f in part for t in (f if isinstance(f, tuple) else (f,)))
        for part in (fields[:n_inputs], fields[n_inputs:])
    )
    return Batch(x, y, positions)


class PairDataset:
    """Any PyTorch Dataset, or a list, of tuples `(x, y)`; tuples of more have `n_targets` targets at the end."""

    def __init__(self, samples: Any, n_targets: int = 1) -> None:
        self.samples, self.n_targets = samples, n_targets

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, position: int) -> Any:
        return self.samples[position]

    def batch(self, positions: Tensor, epoch: int) -> Batch:
        from torch.utils.data import default_collate

        rows = [self.samples[i] for i in positions.tolist()]
        if not isinstance(rows[0], (tuple, list)):
            return Batch((default_collate(rows),), (), positions)
        try:
            columns = [default_collate(list(c)) for c in zip(*rows, strict=True)]
        except (RuntimeError, TypeError) as e:
            raise DataError(
                f"The samples {positions.tolist()[:4]} ... cannot be put into one batch: {e}"
            ) from e
        cut = len(columns) - self.n_targets
        return Batch(tuple(columns[:cut]), tuple(columns[cut:]), positions)
