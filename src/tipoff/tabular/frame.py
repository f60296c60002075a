"""Rows of any kind as a pandas data frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipoff.errors import DataError, did_you_mean, some
from tipoff.optional import need

if TYPE_CHECKING:
    from pandas import DataFrame


def as_frame(rows: Any) -> DataFrame:
    """A data frame from one of pandas, polars or pyarrow, from one row (a dict, a Series), or a list of rows.

    Raises `DataError` for columns of the same name, and for what is no table.

    >>> as_frame({"age": 39, "job": "nurse"}).shape
    (1, 2)
    """
    need("pandas", "A table", "tipoff[train]")
    import pandas as pd

    if isinstance(rows, pd.DataFrame):
        frame = rows
    elif isinstance(rows, pd.Series):
        frame = pd.DataFrame([rows.to_dict()], index=[rows.name if rows.name is not None else 0])
    elif isinstance(rows, Mapping):
        frame = pd.DataFrame([dict(rows)])
    elif hasattr(rows, "to_pandas") or hasattr(rows, "collect"):  # polars, pyarrow
        need("pyarrow", "Reading a polars table", "tipoff[tables]")
        frame = (rows.collect() if hasattr(rows, "collect") else rows).to_pandas()
    elif isinstance(rows, Sequence) and not isinstance(rows, str) and len(rows):
        frame = pd.DataFrame([r.to_dict() if isinstance(r, pd.Series) else r for r in rows])
        if not all(isinstance(r, (Mapping, pd.Series)) for r in rows):
            raise DataError(f"{rows[0]!r:.60} is no row; a row is a dict of column names and values.")
    elif isinstance(rows, (str, Path)):
        raise DataError(
            f"{str(rows)!r} is the name of a file: read it by TabularDataLoaders.from_path, or read_table."
        )
    else:
        raise DataError(f"{rows!r:.60} is no table; rows come as a data frame, a dict, or a list of dicts.")
    if not all(isinstance(c, str) for c in frame.columns):
        frame = frame.set_axis([str(c) for c in frame.columns], axis=1)
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()].tolist()
        raise DataError(f"Two columns are called {twice[0]!r}; rename one of them.")
    return frame


def need_columns(have: DataFrame | Sequence[str], names: Sequence[str], what: str = "The rows lack") -> None:
    """Raise `DataError` unless all `names` are columns of a frame, or in a list of them."""
    there = list(getattr(have, "columns", have))
    known = set(there)
    if missing := [n for n in names if n not in known]:
        raise DataError(
            f"{what} the column{'s' * (len(missing) > 1)} {some(map(repr, missing))}; there are "
            f"{some(there, 12)}.{did_you_mean(missing[0], map(str, there))}"
        )
