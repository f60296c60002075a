"""Batches of tables from data frames, files and databases, in one call."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import torch

from tipoff.checked import checked
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.formats import EXCEL, PARQUET, read_sql
from tipoff.data.frame import as_frame, need_columns
from tipoff.data.loader import IDLE, Loader
from tipoff.data.other_formats import TABLES
from tipoff.data.read_numbers import is_text
from tipoff.data.splits import (
    ColSplitter,
    GroupSplitter,
    IndexSplitter,
    RandomSplitter,
    Splitter,
    TimeSplitter,
)
from tipoff.data.table import read_table
from tipoff.errors import DataError, UsageError, need_folder, some
from tipoff.near import names_keywords
from tipoff.tabular.dataset import TableDataset, rows_of
from tipoff.tabular.named import Named
from tipoff.tabular.procs import Procs
from tipoff.tabular.reading import find_formats, read_dates
from tipoff.tabular.row import RowBlock
from tipoff.tabular.table import VALID_BS, Names, fit_table, names_of
from tipoff.tabular.targets import answers


class TabularDataLoaders(Named, DataLoaders):
    """`DataLoaders` of a table: (categories, numbers, answer) by the batch.

    Common arguments: `procs`, `cat_names`, `cont_names`, `y_names`, `y_block`, `bs`, `path`, and how the rows are split:
    `valid_pct` and `seed` at random, `valid_idx` the positions, `valid_col` a column of true and false, `valid_group` a
    column of which no value may be on both sides (the same patient, the same shop), `valid_time` a column of dates, of which
    the newest `valid_pct` are checked on.
    """

    @classmethod
    @checked
    def from_df(
        cls,
        df: Any,
        path: str | Path = ".",
        procs: Procs = None,
        cat_names: Names = None,
        cont_names: Names = None,
        y_names: Names = None,
        y_block: Any = None,
        valid_idx: Any = None,
        bs: int | None = None,
        *,
        valid_pct: float = 0.2,
        valid_col: str | None = None,
        valid_group: str | None = None,
        valid_time: str | None = None,
        seed: int | None = None,
        val_bs: int | None = None,
        shuffle: bool = True,
        drop_last: bool = False,
        device: str | int | torch.device | None = None,
    ) -> Self:
        """From a data frame of pandas or polars, or a list of dicts.

        Without `cat_names` and `cont_names` the columns are inferred, and said. Without `bs` it is 1024, less for a small
        table.
        """
        frame = as_frame(df)
        if len(frame) < 2:
            raise DataError(
                f"The table has {len(frame) or 'no'} row{'s' * (not len(frame))}; at least two are needed."
            )
        splitter = _splitter(frame, valid_pct, valid_idx, valid_col, valid_group, valid_time, seed)
        splits = splitter(frame)
        if not splits[1]:
            raise DataError("The split leaves no rows to check on.")
        named = {*names_of(cat_names), *names_of(cont_names)}
        # a column that only says how to split, or whose values the others do not share, is nothing to learn from
        spare = [c for c in (valid_col, valid_group) if c is not None and c not in named]
        table = fit_table(frame.drop(columns=spare), procs, cat_names, cont_names, y_names, y_block, splits)
        loaders = table.loaders(bs, val_bs, shuffle, drop_last, seed)
        return cls(*loaders, path=path, device=device, plan=table.plan)

    @classmethod
    @checked
    @names_keywords(from_df)
    def from_csv(cls, csv: str | Path, skipinitialspace: bool = True, **kwargs: Any) -> Self:
        """From a CSV file as people save it: any delimiter, encoding, decimal comma."""
        return cls.from_df(read_table(csv, skipinitialspace=skipinitialspace), **kwargs)

    @classmethod
    @checked
    def from_path(cls, path: str | Path, **kwargs: Any) -> Self:
        """From a file of any kind (CSV, TSV, Parquet, Excel), or a folder that holds one."""
        file = Path(path)
        if not file.is_file():
            folder = need_folder(path)
            found = sorted(p for p in folder.iterdir() if p.suffix.lower() in TABLES)
            if len(found) != 1:
                names = some([p.name for p in found]) or "none"
                raise DataError(f"There are {len(found)} tables in {folder}, and one was expected: {names}.")
            file = found[0]
        is_text_file = file.suffix.lower() not in (*PARQUET, *EXCEL)
        frame = read_table(file, skipinitialspace=True) if is_text_file else read_table(file)
        return cls.from_df(frame, **{"path": file.parent, **kwargs})

    @classmethod
    @checked
    def from_sql(cls, query: str, connection: Any, **kwargs: Any) -> Self:
        """From what a database answers: see `tipoff.data.formats.read_sql`."""
        return cls.from_df(read_sql(query, connection), **kwargs)

    # columns --------------------------------------------------------------------------------

    @property
    def rows(self) -> RowBlock:
        """What makes tensors of the rows."""
        assert self.plan is not None
        return rows_of(self.plan)

    @property
    def classes(self) -> dict[str, list[Any]]:
        return self.rows.classes

    # other rows -----------------------------------------------------------------------------

    @checked
    @names_keywords(*IDLE, "rm_type_tfms")
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
        if with_labels:
            need_columns(frame, self.y_names)
        found = answers(frame, self.plan.targets, self.y_names) if with_labels else []
        return Loader(TableDataset(self.plan, frame, found), bs or max(self.bs, VALID_BS))


def _splitter(
    frame: Any,
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
    if valid_group is not None:
        return GroupSplitter(valid_group, valid_pct, seed)
    if valid_time is not None:
        need_columns(frame, [valid_time], "The table lacks")
        column = frame[valid_time]
        return TimeSplitter(
            read_dates(frame, valid_time, find_formats(column)) if is_text(column) else valid_time, valid_pct
        )
    return RandomSplitter(valid_pct, seed)
