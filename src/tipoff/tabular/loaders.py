"""Batches of tables from data frames, files and databases, in one call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tipoff.data.dataloaders import DataLoaders
from tipoff.data.loader import Loader
from tipoff.data.splits import ColSplitter, IndexSplitter, RandomSplitter, Splitter
from tipoff.data.table import read_table
from tipoff.errors import DataError, UsageError
from tipoff.tabular.dataset import TableDataset
from tipoff.tabular.frame import as_frame, need_columns
from tipoff.tabular.pandas import TabularPandas
from tipoff.tabular.row import RowBlock
from tipoff.tabular.targets import values_of


class TabularDataLoaders(DataLoaders):
    """`DataLoaders` of a table; each `from_...` is a `TabularPandas` with its questions answered.

    Common arguments: `procs`, `cat_names`, `cont_names`, `y_names`, `y_block`, `bs`, and how the rows are split:
    `valid_pct` and `seed` at random, `valid_idx` the positions, `valid_col` a column of true and false, `valid_group` a
    column whose values must not be on both sides (the same patient, the same shop), `valid_time` a column of dates of
    which the newest `valid_pct` are for checking.
    """

    @classmethod
    def from_df(
        cls,
        df: Any,
        path: str | Path = ".",
        procs: Any = None,
        cat_names: Any = None,
        cont_names: Any = None,
        y_names: Any = None,
        y_block: Any = None,
        valid_idx: Any = None,
        *,
        valid_pct: float = 0.2,
        valid_col: str | None = None,
        valid_group: str | None = None,
        valid_time: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> DataLoaders:
        """From a data frame of pandas or polars, or a list of dicts."""
        frame = as_frame(df)
        if len(frame) < 2:
            raise DataError(
                f"The table has {len(frame) or 'no'} row; at least two are needed, one to check on."
            )
        splits = _splitter(valid_pct, valid_idx, valid_col, valid_group, valid_time, seed)(frame)
        spare = [c for c in (valid_col,) if c is not None]
        to = TabularPandas(frame.drop(columns=spare), procs, cat_names, cont_names, y_names, y_block, splits)
        return to.dataloaders(path=path, seed=seed, **kwargs)

    @classmethod
    def from_csv(cls, csv: Any, skipinitialspace: bool = True, **kwargs: Any) -> DataLoaders:
        """From a CSV file."""
        return cls.from_df(read_table(csv, skipinitialspace=skipinitialspace), **kwargs)

    @property
    def block(self) -> RowBlock:
        """What makes tensors of a row."""
        assert self.plan is not None
        block = self.plan.inputs[0]
        assert isinstance(block, RowBlock)
        return block

    @property
    def cat_names(self) -> list[str]:
        return list(self.block.cat_names)

    @property
    def cont_names(self) -> list[str]:
        return list(self.block.cont_names)

    @property
    def y_names(self) -> list[str]:
        return list(self.block.y_names)

    @property
    def classes(self) -> dict[str, list[Any]]:
        return self.block.classes

    def with_plan(self, plan: Any) -> DataLoaders:
        made = super().with_plan(plan)
        return TabularDataLoaders(
            *made.loaders, path=made.path, device=made.device, plan=plan, source=made.source
        )

    def test_dl(
        self,
        test_items: Any,
        with_labels: bool = False,
        bs: int | None = None,
        num_workers: int = 0,
        **_: Any,
    ) -> Loader:
        """Batches of other rows under the same steps, in their order; with `with_labels`, with their answers."""
        if self.plan is None:
            raise UsageError("test_dl needs DataLoaders made from a table.")
        frame = as_frame(test_items)
        if not len(frame):
            raise UsageError("There are no rows to predict: the table is empty.")
        targets: list[Any] = []
        if with_labels:
            need_columns(frame, self.y_names)
            targets = [values_of(frame, self.y_names)]
        return Loader(
            TableDataset(self.plan, frame, targets), bs or max(self.bs, 4096), finish=self.plan.finish
        )


def _splitter(
    valid_pct: float,
    valid_idx: Any,
    valid_col: str | None,
    valid_group: str | None,
    valid_time: str | None,
    seed: int | None,
) -> Splitter:
    given = {
        "valid_idx": valid_idx,
        "valid_col": valid_col,
        "valid_group": valid_group,
        "valid_time": valid_time,
    }
    named = [k for k, v in given.items() if v is not None]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} each say how to split; pass one of them.")
    if valid_idx is not None:
        return IndexSplitter(valid_idx)
    if valid_col is not None:
        return ColSplitter(valid_col)
    return RandomSplitter(valid_pct, seed)
