"""Batches of single texts, grouped by length so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tipoff.data.batch import Batch
from tipoff.data.loader import Loader
from tipoff.data.plan import Plan
from tipoff.errors import DataError
from tipoff.rng import generator, permutation
from tipoff.text.field import TextField
from tipoff.text.files import grouped, text_of
from tipoff.text.ids import Ids

CHUNK = 50  # batches that are sorted together, as in fastai


class TextDataset:
    """Texts by their numbers, with one column of raw labels a target. `columns` are the raw values."""

    def __init__(
        self, plan: Plan, ids: Ids, columns: Sequence[Sequence[Any]], *, training: bool = False
    ) -> None:
        self.plan, self.ids, self.columns, self.training = plan, ids, list(columns), training
        self.bad: dict[int, str] = {}
        self.ys: tuple[Tensor, ...] = tuple(
            block.encode_all(list(values))
            for block, values in zip(plan.targets, self.columns[1:], strict=False)
        )

    @property
    def block(self) -> TextField:
        block = self.plan.inputs[0]
        assert isinstance(block, TextField)
        return block

    @property
    def lens(self) -> np.ndarray:  # (N,)
        """How many tokens of each text are read."""
        most = self.block.most
        return self.ids.lens if most is None else np.minimum(self.ids.lens, most)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, position: int) -> tuple[Tensor, ...]:
        batch = self.batch(torch.tensor([range(len(self))[position]]), 0)
        return tuple(t[0] for t in (*batch.x, *batch.y))

    def written(self, position: int) -> str:
        """A text as it was written; where its file cannot be read any more, as its tokens say it."""
        raw = self.columns[0][position]
        try:
            return text_of(raw)
        except DataError:
            return self.block.decode(self._one(position))

    def _one(self, position: int) -> Tensor:
        ids = self.block.cut(self.ids[position])
        return torch.from_numpy((ids[::-1] if self.block.backwards else ids).astype(np.int64))

    def batch(self, positions: Tensor, epoch: int) -> Batch:
        x = self.block.collate([self._one(p) for p in positions.tolist()])
        return Batch((x,), tuple(y[positions] for y in self.ys), positions)

    def with_plan(self, plan: Plan) -> TextDataset:
        """The same texts under another plan; with other tokens, they are tokenized again."""
        field, ids = plan.inputs[0], self.ids
        assert isinstance(field, TextField)
        if field.tokens != self.block.tokens:
            ids = field.tokens.number(grouped(self.columns[0]))
        return TextDataset(plan, ids, self.columns, training=self.training)

    def view(self, *, training: bool) -> TextDataset:
        """The same texts; nothing about them is random."""
        return TextDataset(self.plan, self.ids, self.columns, training=training)


class SortedLoader(Loader):
    """Batches of texts of about one length, in an order that depends on (seed, epoch) alone.

    With `shuffle`, texts are shuffled, sorted within chunks of fifty batches, and the batches shuffled; the one with the
    longest text comes first, so that memory that does not suffice is found at once. Without, the longest come first
    where `by_length`, else texts stand in order.
    """

    dataset: TextDataset

    def __init__(self, dataset: TextDataset, bs: int = 64, *, by_length: bool = True, **options: Any) -> None:
        super().__init__(dataset, bs, **options)
        self.by_length = by_length

    def replace(self, **changes: Any) -> Loader:
        return super().replace(**{"by_length": self.by_length, **changes})

    def order(self, epoch: int) -> list[Tensor]:
        if not self.by_length:
            return super().order(epoch)
        lens = torch.from_numpy(self.dataset.lens)
        if not self.shuffle:
            return list(torch.split(lens.argsort(descending=True, stable=True), self.bs))
        mixed = permutation((self.seed, epoch), self.n)
        chunks = torch.split(mixed, self.bs * CHUNK)
        ordered = torch.cat([c[lens[c].argsort(descending=True, stable=True)] for c in chunks])
        n = len(self)
        ends = ordered[: n * self.bs]
        parts = list(torch.split(ends, self.bs) if self.drop_last else ordered.tensor_split(n))
        first = max(range(n), key=lambda i: int(lens[parts[i]].max()))
        rest = [i for i in torch.randperm(n, generator=generator(self.seed, epoch, 1)).tolist() if i != first]
        return [parts[i] for i in (first, *rest)]
