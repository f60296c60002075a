"""A table with its columns, steps and split: fastai's `TabularPandas`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tipoff.data.block import Target
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.loader import Loader
from tipoff.data.plan import Plan
from tipoff.errors import DataError, UsageError, some
from tipoff.notes import note
from tipoff.rng import fresh_seed
from tipoff.tabular.dataset import TableDataset
from tipoff.tabular.frame import as_frame, need_columns
from tipoff.tabular.procs import Categorify, FillMissing, Normalize, as_procs
from tipoff.tabular.row import RowBlock
from tipoff.tabular.show import show_frame
from tipoff.tabular.shrink import cont_cat_split
from tipoff.tabular.targets import as_target, values_of

if TYPE_CHECKING:
    from pandas import DataFrame, Series

DEFAULT_BS = 1024
MIN_STEPS = 20  # an epoch of a small table has about so many


def names_of(names: Any) -> list[str]:
    """None, one name or several, as a list."""
    return [] if names is None else [names] if isinstance(names, str) else [str(n) for n in names]


class TabularPandas:
    """A table that knows its columns and its split, and has been through the steps.

    `procs` are steps (Categorify, FillMissing and Normalize where None is given), fitted to the training rows, the first
    of `splits`. `items` are all rows after the steps, the training rows first; `xs`, `ys`, `cats`, `conts` parts of it;
    `train` and `valid` the same of one split. `dataloaders()` makes batches.

    >>> import pandas as pd
    >>> df = pd.DataFrame({"job": ["nurse", "cook"] * 4, "age": range(8), "rich": [True, False] * 4})
    >>> to = TabularPandas(df, cat_names="job", cont_names="age", y_names="rich", splits=([0, 1, 2, 3, 4, 5], [6, 7]))
    >>> to.valid.xs.job.tolist()
    [2, 1]
    """

    def __init__(
        self,
        df: Any,
        procs: Any = None,
        cat_names: Any = None,
        cont_names: Any = None,
        y_names: Any = None,
        y_block: Any = None,
        splits: tuple[Sequence[int], Sequence[int]] | None = None,
        **_: Any,
    ) -> None:
        frame = as_frame(df)
        if len(frame) == 0:
            raise DataError("The table has no rows.")
        self.y_names = names_of(y_names)
        need_columns(frame, self.y_names, "The table lacks")
        cats, conts = names_of(cat_names), names_of(cont_names)
        if cat_names is None and cont_names is None:
            conts, cats = cont_cat_split(frame, dep_var=self.y_names)
            note(f"categories: {some(cats, 40) or 'none'}; numbers: {some(conts, 40) or 'none'}")
        for name in self.y_names:
            if name in cats or name in conts:
                raise UsageError(f"{name} is to be predicted, and is among the columns to predict it from.")
        train, valid = (np.asarray(list(s), dtype=np.int64) for s in splits or (range(len(frame)), ()))
        train, valid = self._with_target(frame, train, valid)
        self.split = len(train)
        self.raw = frame.iloc[np.concatenate([train, valid])] if splits else frame.iloc[train]
        steps = as_procs([Categorify, FillMissing, Normalize] if procs is None else procs)
        block = RowBlock(tuple(cats), tuple(conts), steps, y_names=tuple(self.y_names))
        learn_from = self.raw.iloc[: self.split]
        target = as_target(learn_from, self.y_names, y_block) if self.y_names else None
        block, self._train_rows = block.fit(learn_from)
        self.plan = Plan((block,), () if target is None else (target,))

    def _with_target(self, frame: DataFrame, *splits: np.ndarray) -> list[np.ndarray]:
        """The positions of the rows that have an answer; rows without are left out, which is said."""
        if not self.y_names:
            return list(splits)
        lacks = frame[self.y_names].isna().any(axis=1).to_numpy()
        if n := int(lacks.sum()):
            at = [frame.index[i] for i in np.flatnonzero(lacks)[:3]]
            note(
                f"{n} row{'s' * (n > 1)} without {' or '.join(self.y_names)} ({some(at)}{' ...' * (n > 3)}) left out"
            )
        kept = [s[~lacks[s]] for s in splits]
        if not len(kept[0]):
            raise DataError(f"No row to learn from has a value of {' and '.join(self.y_names)}.")
        return kept

    # the block and what it knows ------------------------------------------------------------

    @property
    def block(self) -> RowBlock:
        block = self.plan.inputs[0]
        assert isinstance(block, RowBlock)
        return block

    @property
    def target(self) -> Target | None:
        return self.plan.targets[0] if self.plan.targets else None

    @property
    def cat_names(self) -> list[str]:
        return list(self.block.cat_names)

    @property
    def cont_names(self) -> list[str]:
        return list(self.block.cont_names)

    @property
    def x_names(self) -> list[str]:
        return [*self.cat_names, *self.cont_names]

    @property
    def procs(self) -> Any:
        return self.block.steps

    @property
    def classes(self) -> dict[str, list[Any]]:
        return self.block.classes

    # rows after the steps -------------------------------------------------------------------

    @cached_property
    def items(self) -> DataFrame:
        """All rows after the steps, and the encoded target."""
        import pandas as pd

        made = pd.DataFrame(self.block.apply(self.raw), index=self.raw.index)[self.x_names]
        if self.target is not None and set(self.y_names) <= set(self.raw.columns):
            y = self.target.encode_all(values_of(self.raw, self.y_names)).numpy().reshape(len(made), -1)
            for i, name in enumerate(self.y_names):
                made[name] = y[:, i]
        return made

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def xs(self) -> DataFrame:
        return self.items[self.x_names]

    @property
    def cats(self) -> DataFrame:
        return self.items[self.cat_names]

    @property
    def conts(self) -> DataFrame:
        return self.items[self.cont_names]

    @property
    def ys(self) -> DataFrame:
        return self.items[[n for n in self.y_names if n in self.items.columns]]

    @property
    def y(self) -> Series:
        return self.items[self.y_names[0]]

    @property
    def train(self) -> TabularPandas:
        return self.new(self.raw.iloc[: self.split])

    @property
    def valid(self) -> TabularPandas:
        return self.new(self.raw.iloc[self.split :])

    def new(self, df: Any) -> TabularPandas:
        """Other rows under the same fitted steps."""
        made = object.__new__(TabularPandas)
        made.raw, made.plan, made.y_names = as_frame(df), self.plan, self.y_names
        made.split = len(made.raw)
        return made

    def process(self) -> None:
        """Apply the steps now rather than when the rows are asked for."""
        _ = self.items

    def show(self, max_n: int = 10) -> None:
        """The first rows as a person would read them."""
        show_frame(self.decode(max_n))

    def decode(self, max_n: int | None = None) -> DataFrame:
        """Rows after the steps, turned back."""
        dataset = TableDataset(self.plan, self.raw.iloc[:max_n])
        made = self.block.decode_all(dataset.cats, dataset.conts)
        made.index = self.raw.index[:max_n]
        for name in self.y_names:
            if name in self.raw.columns:
                made[name] = self.raw[name].iloc[:max_n]
        return made

    # batches --------------------------------------------------------------------------------

    def dataset(self, raw: DataFrame, with_labels: bool = True) -> TableDataset:
        targets = [values_of(raw, self.y_names)] if self.target is not None and with_labels else []
        return TableDataset(self.plan, raw, targets)

    def dataloaders(
        self,
        bs: int | None = None,
        val_bs: int | None = None,
        shuffle: bool = True,
        path: str | Path = ".",
        device: Any = None,
        seed: int | None = None,
        drop_last: bool = False,
        **_: Any,
    ) -> DataLoaders:
        """Batches of `bs` rows: 1024 unless given, fewer for a small table."""
        from tipoff.tabular.loaders import TabularDataLoaders

        n = self.split
        bs = max(1, min(DEFAULT_BS, 2 ** int(np.log2(max(2, n / MIN_STEPS))))) if bs is None else min(bs, n)
        seed = fresh_seed() if seed is None else seed
        loaders = [
            Loader(self.dataset(self.raw.iloc[:n]), bs, shuffle=shuffle, drop_last=drop_last, seed=seed)
        ]
        if len(self) > n:
            loaders.append(Loader(self.dataset(self.raw.iloc[n:]), val_bs or max(bs, 4096), seed=seed))
        return TabularDataLoaders(*loaders, path=path, device=device, plan=self.plan)
