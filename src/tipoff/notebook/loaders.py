"""`DataLoader(list_of_pairs, batch_size=256)`: batches of any sequence of tuples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from tipoff.data.batch import Batch
from tipoff.data.dataset import PairDataset
from tipoff.data.kind import Kind
from tipoff.data.loader import IDLE, Loader
from tipoff.data.plan import Plan
from tipoff.data.sampled import PartialLoader, WeightedLoader
from tipoff.data.steps import BATCH_ORDER, ITEM_ORDER, order_of
from tipoff.data.transform import ItemTransform, on_pictures, run_batch_transforms
from tipoff.near import keywords_of, no_keyword
from tipoff.notebook.pictures import TensorImage, TensorImageBW, TensorMask, ToTensor
from tipoff.notebook.transforms import Transform
from tipoff.rng import fresh_seed, uniform
from tipoff.vision.images import PILBase

_IDLE = frozenset((*IDLE, "device"))
_HOME = {"seq_len": "LMDataLoader", "sort_func": "SortedDL", "res": "SortedDL"}
_KINDS = {TensorImage: Kind.IMAGE, TensorImageBW: Kind.IMAGE, TensorMask: Kind.MASK}


class Samples(PairDataset):
    """Samples with the steps of `after_item`, drawn by their position, then, many at a time, those of `before_batch`;
    plain tensors at the end. `finish` runs the steps of `after_batch`."""

    def __init__(
        self, samples: Any, after_item: Any, before_batch: Any, after_batch: Any, training: bool, seed: int
    ) -> None:
        super().__init__(samples)
        self.steps = sorted(_listed(after_item), key=lambda t: order_of(t, ITEM_ORDER))
        self.together = _listed(before_batch)
        self.at_end = sorted(_listed(after_batch), key=lambda t: order_of(t, BATCH_ORDER))
        self.training, self.seed = training, seed
        self.kinds: list[Kind] = []

    def batch(self, positions: Tensor, epoch: int) -> Batch:
        rows = [self._done(self.samples[i], i, epoch) for i in positions.tolist()]
        for step in self.together:
            rows = list(step(rows))
        if isinstance(rows[0], tuple):
            self.kinds = [_KINDS.get(type(v), Kind.LABEL) for v in rows[0]]
            plain = [tuple(_plain(v) for v in row) for row in rows]
        else:
            self.kinds, plain = [_KINDS.get(type(rows[0]), Kind.LABEL)], [_plain(r) for r in rows]
        made = PairDataset(plain, self.n_targets).batch(torch.arange(len(plain)), epoch)
        return Batch(made.x, made.y, positions)

    def finish(self, batch: Batch, key: tuple[int, ...] | None) -> Batch:
        if not self.at_end:
            return batch
        fields = run_batch_transforms(self.at_end, self.kinds, (*batch.x, *batch.y), batch.items, key)
        return Batch(tuple(fields[: len(batch.x)]), tuple(fields[len(batch.x) :]), batch.items)

    def _done(self, sample: Any, i: int, epoch: int) -> Any:
        for k, step in enumerate(self.steps):
            if isinstance(step, ItemTransform):
                sample = self._fitted(step, k, sample, i, epoch)
            elif isinstance(step, Transform):
                sample = step(sample, split_idx=0 if self.training else 1)
            else:
                sample = step(sample)
        return sample

    def _fitted(self, step: ItemTransform, k: int, sample: Any, i: int, epoch: int) -> Any:
        """One of tipoff's transforms on every picture of a sample, with the same draws."""
        parts = step.parts()
        n = sum(p.n_draws for p in parts)
        key = (self.seed, epoch, k)
        u = uniform(key, torch.arange(1) + i, n)[0].numpy() if self.training and n else None

        def change(x: np.ndarray) -> Any:
            return Plan.apply(parts, Kind.IMAGE, x, u) if self.training else step.exact(Kind.IMAGE, x)

        return on_pictures(sample, change)


def _plain(value: Any) -> Any:
    if isinstance(value, Image.Image):
        value = ToTensor()(value) if isinstance(value, PILBase) else value
    return value.as_subclass(Tensor) if isinstance(value, Tensor) else value


def DataLoader(
    dataset: Any = None,
    bs: int | None = None,
    num_workers: int | None = 0,
    batch_size: int | None = None,
    shuffle: bool = False,
    drop_last: bool = False,
    after_item: Any = None,
    before_batch: Any = None,
    after_batch: Any = None,
    seed: int | None = None,
    n_workers: int | None = None,
    **options: Any,
) -> Loader:
    """Batches of any sequence of tuples; `bs` (or `batch_size`) at a time, 64 unless given.

    `after_item` are functions or transforms of a sample, `before_batch` of a list of samples, such as `pad_input`,
    `after_batch` transforms of a batch: tipoff's own (`Resize`, `aug_transforms`, `Normalize`), or functions of a tensor.
    Options that only other machinery needs, such as `pin_memory`, do nothing; others raise `TypeError`.

    >>> dl = DataLoader(list(zip(torch.arange(4.0), torch.arange(4))), batch_size=2)
    >>> [x.tolist() for x, y in dl]
    [[0.0, 1.0], [2.0, 3.0]]
    """
    check_options("DataLoader", options)
    seed = fresh_seed() if seed is None else seed
    data = Samples(dataset, after_item, before_batch, after_batch, shuffle, seed)
    return Loader(
        data,
        bs or batch_size or 64,
        shuffle=shuffle,
        drop_last=drop_last,
        num_workers=n_workers or num_workers or 0,
        seed=seed,
        finish=data.finish,
    )


TfmdDL = DataLoader  # fastai's name for batches of samples under transforms


def WeightedDL(dataset: Any = None, bs: int | None = None, wgts: Any = None, **options: Any) -> Loader:
    """A `DataLoader` whose items are drawn with replacement, in proportion to `wgts`, as many as there are.

    >>> dl = WeightedDL([(i, i) for i in range(4)], bs=4, wgts=[0, 1, 0, 0])
    >>> next(iter(dl))[0].tolist()
    [1, 1, 1, 1]
    """
    made = DataLoader(dataset, bs, **options)
    return WeightedLoader.of(made, [1.0] * made.n if wgts is None else wgts)


def PartialDL(dataset: Any = None, bs: int | None = None, partial_n: int | None = None, **options: Any) -> Loader:
    """A `DataLoader` with epochs of `partial_n` items, chosen anew each time.

    >>> dl = PartialDL([(i, i) for i in range(9)], bs=2, partial_n=4)
    >>> len(dl), len({int(i) for x, y in dl for i in x})
    (2, 4)
    """
    made = DataLoader(dataset, bs, **options)
    return made if partial_n is None else PartialLoader.of(made, partial_n)


def check_options(called: str, given: Iterable[str]) -> None:
    """Raise `TypeError` for an option that would change something, and that `called` does not have."""
    if unknown := sorted(set(given) - _IDLE):
        home = _HOME.get(unknown[0])
        where = f" It belongs to dl_type={home}." if home else ""
        made = no_keyword(called, unknown, [*keywords_of(DataLoader), *_HOME])
        raise type(made)(f"{made}{where}")


def _listed(steps: Any) -> list[Any]:
    found = [] if steps is None else list(steps) if isinstance(steps, (list, tuple)) else [steps]
    return [s() if isinstance(s, type) else s for s in found]
