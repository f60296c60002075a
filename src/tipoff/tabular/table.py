"""A table, split and fitted: its raw rows with the training rows first, and the plan that makes tensors of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from tipoff.data.column_types import settled_frame
from tipoff.data.frame import as_frame, need_columns, row_name
from tipoff.data.loader import Loader
from tipoff.data.plan import Plan
from tipoff.errors import DataError, UsageError, some
from tipoff.notes import note
from tipoff.rng import fresh_seed
from tipoff.tabular.columns import LARGEST
from tipoff.tabular.dataset import TableDataset, rows_of
from tipoff.tabular.dates import Datepart
from tipoff.tabular.infer import infer_columns
from tipoff.tabular.leaks import find_leaks
from tipoff.tabular.procs import Categorify, FillMissing, Normalize, TabularProc, as_procs
from tipoff.tabular.row import RowBlock
from tipoff.tabular.targets import answers, as_targets, with_answers

if TYPE_CHECKING:
    from pandas import DataFrame, Series

Splits = tuple[Sequence[int], Sequence[int]]
Names = str | int | Sequence[Any] | None  # of columns
DEFAULT_PROCS = (FillMissing, Categorify, Normalize)
DEFAULT_BS = 1024
VALID_BS = 4096
MIN_STEPS = 20  # an epoch of a small table has at least about so many


def names_of(names: Names) -> list[str]:
    """None, one name or several, as a list, each once."""
    if names is None:
        return []
    return list(dict.fromkeys(str(n) for n in ([names] if isinstance(names, (str, int)) else names)))


@dataclass(frozen=True)
class Table:
    """`raw` rows, of which the first `n_train` were learned from; `train_inputs` are their tensors, made on the way."""

    raw: DataFrame
    n_train: int
    plan: Plan
    train_inputs: tuple[Tensor, Tensor]

    @property
    def rows(self) -> RowBlock:
        """What makes tensors of the rows."""
        return rows_of(self.plan)

    @property
    def train(self) -> TableDataset:
        frame = self.raw.iloc[: self.n_train]
        return TableDataset(self.plan, frame, self._answers(frame), self.train_inputs)

    @property
    def valid(self) -> TableDataset | None:
        frame = self.raw.iloc[self.n_train :]
        return TableDataset(self.plan, frame, self._answers(frame)) if len(frame) else None

    def _answers(self, frame: DataFrame) -> list[Any]:
        return answers(frame, self.plan.targets, self.rows.y_names)

    def loaders(
        self, bs: int | None, val_bs: int | None, shuffle: bool, drop_last: bool, seed: int | None
    ) -> list[Loader]:
        """Batches of the training rows, and of those to check on where there are any."""
        seed = fresh_seed() if seed is None else seed
        if bs is None:
            bs = 2 ** max(3, min(int(np.log2(DEFAULT_BS)), int(np.log2(max(1, self.n_train / MIN_STEPS)))))
        elif bs > self.n_train:
            note(f"there are {self.n_train} rows to learn from: the batch size is {self.n_train}, not {bs}")
        bs = min(bs, self.n_train)
        train, valid = self.train, self.valid
        made = [Loader(train, bs, shuffle=shuffle, drop_last=drop_last, seed=seed)]
        return made if valid is None else [*made, Loader(valid, val_bs or max(bs, VALID_BS), seed=seed)]


def fit_table(
    df: Any, procs: Any, cat_names: Any, cont_names: Any, y_names: Any, y_block: Any, splits: Splits | None
) -> Table:
    """Fit steps and targets to the training rows of a table, the first of `splits`.

    Columns are inferred where neither `cat_names` nor `cont_names` is given, and steps are FillMissing, Categorify and
    Normalize where `procs` is None. Rows without an answer are left out. Each of these is said, and so is a column that
    gives the answer away.
    """
    frame = settled_frame(as_frame(df))
    if not len(frame):
        raise DataError("The table has no rows.")
    ys = names_of(y_names)
    need_columns(frame, ys, "The table lacks")
    frame = with_answers(frame, ys, y_block)
    cats, conts = names_of(cat_names), names_of(cont_names)
    if both := sorted(set(ys) & {*cats, *conts}):
        raise UsageError(f"{some(both)} is to be predicted, and is among the columns to predict it from.")
    need_columns(frame, [*cats, *conts], "The table lacks")
    train, valid = _positions(frame, ys, splits)
    raw = frame.iloc[np.concatenate([train, valid])]
    learn_from = raw.iloc[: len(train)]
    steps = list(as_procs(DEFAULT_PROCS if procs is None else procs))
    if cat_names is None and cont_names is None:
        cats, conts, dates = _inferred(learn_from, ys, steps)
        steps += [Datepart(name) for name in dates]
    else:
        for leak in find_leaks(learn_from, [*cats, *conts], ys):
            note(f"{leak.why}. Should it be among the columns?")
    targets = as_targets(learn_from, ys, y_block)
    block = RowBlock(tuple(cats), tuple(conts), as_procs(steps), y_names=tuple(ys))
    block, made = block.fit(learn_from, raw)
    return Table(raw, len(train), Plan((block,), targets), block.tensors(made, learn_from))


def _inferred(
    frame: DataFrame, ys: list[str], steps: Sequence[TabularProc]
) -> tuple[list[str], list[str], list[str]]:
    have = [s.column for s in steps if isinstance(s, Datepart)]
    kinds = infer_columns(frame.drop(columns=[c for c in have if c in frame.columns]), ys)
    note(str(kinds))
    for doubt in kinds.doubts:
        note(f"{doubt}. Should it be among the columns?")
    return kinds.cats, kinds.conts, kinds.dates


def _lacks(column: Series) -> np.ndarray:  # -> bool (N,)
    """Which rows have no answer: none at all, or a number that float32 does not hold."""
    missing = column.isna().to_numpy(bool)
    if column.dtype.kind not in "fiu":
        return missing
    values: np.ndarray = column.to_numpy(np.float64, na_value=np.nan)
    lacks: np.ndarray = missing | ~(np.abs(values) <= LARGEST)
    return lacks


def _positions(frame: DataFrame, ys: list[str], splits: Splits | None) -> list[np.ndarray]:
    """The positions of both splits, without rows that lack an answer."""
    parts = splits if splits is not None else (range(len(frame)), ())
    both = [np.asarray(p, dtype=np.int64) for p in parts[:2]]
    if outside := [
        int(i) for p in both for i in (p.min(initial=0), p.max(initial=0)) if not 0 <= i < len(frame)
    ]:
        raise UsageError(f"splits has the position {outside[0]}, but there are {len(frame)} rows, from 0 on.")
    learned = np.zeros(len(frame), bool)
    learned[both[0]] = True
    if n := int(learned[both[1]].sum()):
        note(
            f"{n} row{'s are' if n > 1 else ' is'} both learned from and checked on: the figures will flatter"
        )
    if ys:
        lacks = np.any([_lacks(frame[y]) for y in ys], axis=0)
        if n := int(lacks.sum()):
            at = [row_name(frame, int(i)) for i in np.flatnonzero(lacks)[:4]]
            note(
                f"{n} row{'s' * (n > 1)} without {' or '.join(ys)} left out: {some(at[:3])}{' and others' * (n > 3)}"
            )
            both = [p[~lacks[p]] for p in both]
    if not len(both[0]):
        raise DataError(
            "There are no rows to learn from" + (f" that have a value of {' and '.join(ys)}." if ys else ".")
        )
    return both
