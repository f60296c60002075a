"""A table with its columns, steps and split, as fastai's `TabularPandas`: for a look, and for other libraries."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from tipoff.checked import checked
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.frame import as_frame
from tipoff.data.sampled import PartialLoader, WeightedLoader
from tipoff.display import show_frame
from tipoff.tabular.dataset import TableDataset
from tipoff.tabular.loaders import TabularDataLoaders
from tipoff.tabular.named import Named
from tipoff.tabular.procs import Procs
from tipoff.tabular.row import RowBlock
from tipoff.tabular.table import Names, Splits, Table, fit_table
from tipoff.tabular.targets import answers, encoded

if TYPE_CHECKING:
    from pandas import DataFrame, Series


class TabularPandas(Named):
    """A table that knows its columns and its split, and has been through the steps.

    `procs` are steps (FillMissing, Categorify and Normalize where None is given), fitted to the training rows, the first of
    `splits`. `items` are all rows after the steps, the training rows first; `xs`, `ys`, `cats`, `conts` are parts of it, `y`
    the first answer; `train` and `valid` the same of one split. `dataloaders()` makes batches.

    >>> import pandas as pd
    >>> df = pd.DataFrame({"job": ["nurse", "cook"] * 4, "age": range(8), "rich": [True, False] * 4})
    >>> to = TabularPandas(df, cat_names="job", cont_names="age", y_names="rich", splits=([0, 1, 2, 3, 4, 5], [6, 7]))
    >>> to.valid.xs.job.tolist()
    [2, 1]
    """

    @checked
    def __init__(
        self,
        df: Any,
        procs: Procs = None,
        cat_names: Names = None,
        cont_names: Names = None,
        y_names: Names = None,
        y_block: Any = None,
        splits: Splits | None = None,
        *,
        inplace: bool = False,
        reduce_memory: bool = True,
        device: str | int | torch.device | None = None,
    ) -> None:
        # the frame is never changed, and never copied as a whole: inplace and reduce_memory are only taken
        self.table: Table | None = fit_table(df, procs, cat_names, cont_names, y_names, y_block, splits)
        self.plan, self.raw, self.split, self.device = (
            self.table.plan,
            self.table.raw,
            self.table.n_train,
            device,
        )

    def new(self, df: Any, inplace: bool = False) -> TabularPandas:
        """Other rows under the same fitted steps."""
        made = object.__new__(TabularPandas)
        made.table, made.plan, made.raw, made.device = None, self.plan, as_frame(df), self.device
        made.split = len(made.raw)
        return made

    def subset(self, i: int) -> TabularPandas:
        """The training rows (0) or those to check on (1)."""
        return self.new(self.raw.iloc[: self.split] if i == 0 else self.raw.iloc[self.split :])

    @cached_property
    def train(self) -> TabularPandas:
        return self.subset(0)

    @cached_property
    def valid(self) -> TabularPandas:
        return self.subset(1)

    # columns --------------------------------------------------------------------------------

    @property
    def rows(self) -> RowBlock:
        """What makes tensors of the rows."""
        block = self.plan.inputs[0]
        assert isinstance(block, RowBlock)
        return block

    @property
    def procs(self) -> tuple[Any, ...]:
        return self.rows.steps

    @property
    def x_names(self) -> list[str]:
        return [*self.cat_names, *self.cont_names]

    @property
    def classes(self) -> dict[str, list[Any]]:
        return self.rows.classes

    # rows after the steps -------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.raw)

    @cached_property
    def items(self) -> DataFrame:
        """All rows after the steps, with the encoded answers behind them where they are known."""
        import pandas as pd

        columns = self.rows.apply(self.raw)
        made = {name: columns[name] for name in self.x_names}
        if self.plan.targets and set(self.y_names) <= set(self.raw.columns):
            raw = answers(self.raw, self.plan.targets, self.y_names)
            codes = [encoded(t, r).numpy() for t, r in zip(self.plan.targets, raw, strict=True)]
            ys = [column for c in codes for column in c.reshape(len(self), -1).T]
            made |= dict(zip(self.y_names, ys, strict=False))
        return pd.DataFrame(made, index=self.raw.index)

    def process(self) -> None:
        """Apply the steps now, rather than when the rows are asked for."""
        _ = self.items

    @property
    def loc(self) -> Any:
        return self.items.loc

    @property
    def iloc(self) -> Any:
        return self.items.iloc

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

    targ = ys

    @property
    def y(self) -> Series:
        return self.items[self.y_names[0]]

    def decode(self, max_n: int | None = None) -> DataFrame:
        """Rows that went through the steps and back: as the model knows them, and as a person would write them."""
        raw = self.raw.iloc[:max_n]
        made = self.rows.decode_all(*self.rows.encode_all(raw)).set_index(raw.index)
        return made.assign(**{n: raw[n] for n in self.y_names if n in raw.columns})

    def show(self, max_n: int = 10) -> None:
        """The first rows as a person would read them: HTML in a notebook, text elsewhere."""
        show_frame(self.decode(max_n))

    # batches --------------------------------------------------------------------------------

    def as_dataset(self) -> TableDataset:
        """All rows as tensors, with their answers where they are known: `dls.valid.new(to.new(df))` makes batches of them."""
        known = set(self.y_names) <= set(self.raw.columns)
        found = answers(self.raw, self.plan.targets, self.y_names) if known else []
        return TableDataset(self.plan, self.raw, found)

    def dataloaders(
        self,
        bs: int | None = None,
        val_bs: int | None = None,
        shuffle: bool = True,
        path: str | Path = ".",
        device: str | int | torch.device | None = None,
        seed: int | None = None,
        drop_last: bool = False,
    ) -> DataLoaders:
        """Batches of `bs` rows, 1024 unless given, fewer for a small table."""
        table = self.table or Table(self.raw, len(self), self.plan, self.rows.encode_all(self.raw))
        loaders = table.loaders(bs, val_bs, shuffle, drop_last, seed)
        return TabularDataLoaders(*loaders, path=path, device=device or self.device, plan=self.plan)

    def weighted_dataloaders(self, wgts: Any, bs: int | None = None, **options: Any) -> DataLoaders:
        """`dataloaders` whose training rows are drawn with replacement, in proportion to `wgts`, one for each of them.

        Raises:
            UsageError: `wgts` does not fit the training rows.
        """
        made = self.dataloaders(bs, **options)
        made.loaders[0] = WeightedLoader.of(made.train, wgts)
        return made

    def partial_dataloaders(self, partial_n: int, bs: int | None = None, **options: Any) -> DataLoaders:
        """`dataloaders` whose epochs are `partial_n` training rows, chosen anew each time."""
        made = self.dataloaders(bs, **options)
        made.loaders[0] = PartialLoader.of(made.train, partial_n)
        return made
