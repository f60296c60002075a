"""Language-model batches: all texts as one stream, cut into `bs` streams that go on from batch to batch.

Batch i holds, in its row r, tokens [i * seq_len, (i + 1) * seq_len) of stream r, and as targets the tokens one further
on. The last batch is as short as what is left. In training the texts are shuffled before they are joined, each epoch
anew. This is fastai's order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tipoff.data.batch import Batch
from tipoff.data.loader import Loader
from tipoff.data.plan import Plan
from tipoff.errors import DataError, UsageError
from tipoff.notes import note
from tipoff.rng import permutation
from tipoff.text.ids import Ids


class LMDataset:
    """Position i * bs + r is the row r of batch i; a batch is made of bs positions that follow each other."""

    def __init__(
        self,
        plan: Plan | None,
        ids: Ids,
        bs: int,
        *,
        seq_len: int,
        training: bool,
        seed: int = 0,
        backwards: bool = False,
    ) -> None:
        self.plan, self.ids, self.seq_len, self.training, self.seed = plan, ids, seq_len, training, seed
        self.backwards = backwards
        total = int(ids.lens.sum())
        if total < 2:
            raise DataError(
                "The texts hold fewer than two tokens; a language model needs some to go on with."
            )
        if bs > total - 1:
            note(f"the texts hold {total:,} tokens: the batch size is {total - 1}, not {bs}")
        self.bs = min(bs, total - 1)
        self.n_each = (total - 1) // self.bs  # tokens of a stream; what is left over at the end is not read
        self.n_batches = -(-self.n_each // seq_len)
        self._laid: tuple[int, np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        return self.n_batches * self.bs

    def with_plan(self, plan: Plan) -> LMDataset:
        """The same texts under another plan. Raises `UsageError` where it has other tokens: the texts are not kept."""
        if self.plan is not None and plan.targets != self.plan.targets:
            raise UsageError(
                "The network knows other tokens than these texts were cut into: make the DataLoaders with "
                "text_vocab=learn.dls.vocab and the same tok_tfm."
            )
        return self._like(plan=plan)

    def view(self, *, training: bool) -> LMDataset:
        """The same texts, shuffled as in training or in order."""
        return self._like(training=training)

    def _like(self, **changes: Any) -> LMDataset:
        now = {
            "seq_len": self.seq_len,
            "training": self.training,
            "seed": self.seed,
            "backwards": self.backwards,
        }
        plan = changes.pop("plan", self.plan)
        return LMDataset(plan, self.ids, self.bs, **{**now, **changes})

    def _layout(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """The texts of `epoch` in order, and where each of them ends in the stream."""
        key = epoch if self.training else -1
        if self._laid is None or self._laid[0] != key:
            n = len(self.ids)
            order = permutation((self.seed, epoch), n).numpy() if self.training else np.arange(n)
            self._laid = key, order, self.ids.lens[order].cumsum()
        return self._laid[1:]

    def _slice(self, start: int, n: int, epoch: int) -> Iterator[np.ndarray]:
        """The parts of texts that make up tokens [start, start + n) of the stream."""
        order, ends = self._layout(epoch)
        at = int(np.searchsorted(ends, start, "right"))
        while n > 0:
            text = self.ids[int(order[at])]
            text = text[::-1] if self.backwards else text
            left = int(ends[at]) - start
            part = text[len(text) - left : len(text) - left + n]
            yield part
            start, n, at = start + len(part), n - len(part), at + 1

    def batch(self, positions: Tensor, epoch: int) -> Batch:
        first = int(positions[0]) // self.bs * self.seq_len
        n = min(self.seq_len, self.n_each - first)
        rows = [
            np.concatenate(list(self._slice(int(p) % self.bs * self.n_each + first, n + 1, epoch)))
            for p in positions
        ]
        tokens = torch.from_numpy(np.stack(rows).astype(np.int64))
        return Batch((tokens[:, :-1].contiguous(),), (tokens[:, 1:].contiguous(),), positions)

    def __getitem__(self, position: int) -> tuple[Tensor, Tensor]:
        batch = self.batch(torch.tensor([range(len(self))[position]]), 0)
        return batch.x[0][0], batch.y[0][0]


class LMLoader(Loader):
    """The batches of an `LMDataset`, always in order: what is shuffled is the texts."""

    dataset: LMDataset

    def __init__(self, dataset: LMDataset, bs: int = 64, **options: Any) -> None:
        super().__init__(dataset, dataset.bs, **options)

    def order(self, epoch: int) -> list[Tensor]:
        return list(torch.split(torch.arange(self.n), self.bs))
