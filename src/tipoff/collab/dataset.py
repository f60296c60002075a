"""Ratings in memory as tensors: batches are slices, and no Python runs for a row."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tipoff.collab.block import PairBlock
from tipoff.collab.targets import ClickBlock
from tipoff.data.batch import Batch
from tipoff.data.plan import Plan
from tipoff.display import show_frame
from tipoff.rng import uniform


class RatingDataset:
    """Pairs of codes, long (N, 2), and their ratings, float (N, 1), or none; `rows` (N,) are their rows in the table."""

    def __init__(self, plan: Plan, x: Tensor, y: Tensor | None = None, rows: Any = None) -> None:
        self.plan, self.x, self.y, self.rows = plan, x, y, rows

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, position: int) -> tuple[Tensor, ...]:
        return (self.x[position],) if self.y is None else (self.x[position], self.y[position])

    def with_plan(self, plan: Plan) -> RatingDataset:
        """The same ratings under another plan; users and items that it does not know have the code 0."""
        return type(self)(plan, recoded(self.x, self.plan, plan), self.y, self.rows)

    def batch(self, positions: Tensor, epoch: int) -> Batch:
        # index_select of whole rows is several times faster than indexing
        x = self.x.index_select(0, positions)
        y = () if self.y is None else (self.y.index_select(0, positions),)
        return Batch((x,), y, positions)

    def show_rows(self, batch: Batch, max_n: int, show: bool = True) -> Any:
        """A table of the first of a batch: HTML in a notebook, text elsewhere; with `show=False`, the data frame."""
        import pandas as pd

        pairs = pairs_of(self.plan)
        made = [pairs.decode(x) for x in batch.x[0][:max_n].cpu()]
        frame = pd.DataFrame(made, columns=[pairs.user_name, pairs.item_name])
        if batch.y:
            frame[getattr(self.plan.targets[0], "name", "taken")] = [
                self.plan.targets[0].decode(v) for v in batch.y[0][:max_n].cpu()
            ]
        return show_frame(frame) if show else frame


class ClickDataset(RatingDataset):
    """Pairs that happened; each batch gets, behind them, the same users with items drawn at random.

    Every item is as likely to be drawn, as a function of (seed, epoch, position).
    """

    def __init__(
        self, plan: Plan, x: Tensor, y: Tensor | None = None, rows: Any = None, seed: int = 0
    ) -> None:
        super().__init__(plan, x, y, rows)
        self.seed = seed
        self.n_items = len(pairs_of(plan).item_names) - 1

    def with_plan(self, plan: Plan) -> ClickDataset:
        return ClickDataset(plan, recoded(self.x, self.plan, plan), self.y, self.rows, self.seed)

    @property
    def n_negatives(self) -> int:
        target = self.plan.targets[0]
        assert isinstance(target, ClickBlock)
        return target.n_negatives

    def batch(self, positions: Tensor, epoch: int) -> Batch:
        happened = self.x.index_select(0, positions)
        k, n = self.n_negatives, len(positions)
        u = uniform((self.seed, epoch), positions, k)  # (B, k)
        items = 1 + (u.T.reshape(-1).double() * self.n_items).long()
        drawn = torch.stack([happened[:, 0].repeat(k), items], 1)
        y = torch.zeros(n * (k + 1), 1)
        y[:n] = 1.0
        return Batch((torch.cat([happened, drawn]),), (y,), positions.repeat(k + 1))


def pairs_of(plan: Plan) -> PairBlock:
    """The block of a plan for users and items."""
    block = plan.inputs[0]
    assert isinstance(block, PairBlock)
    return block


def recoded(x: Tensor, before: Plan, after: Plan) -> Tensor:  # (N, 2) -> (N, 2)
    """Pairs of codes of one plan as those of another, by their names."""
    old, new = pairs_of(before), pairs_of(after)
    if old == new:
        return x
    sides = []
    for k, (had, has) in enumerate(((old.user_names, new.user_names), (old.item_names, new.item_names))):
        codes = torch.tensor([0, *(has.code(name) for name in had[1:])])
        sides.append(codes[x[:, k]])
    return torch.stack(sides, 1)
