"""Rows of any kind as a pandas data frame, whose columns have the types of their values."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipoff.data.arrow import from_arrow, without_arrow
from tipoff.data.column_types import settled_frame
from tipoff.errors import DataError, did_you_mean, some
from tipoff.optional import need

if TYPE_CHECKING:
    from pandas import DataFrame


def as_frame(rows: Any) -> DataFrame:
    """Make a data frame of one of pandas, polars or pyarrow, of one row (a dict, a Series), or of a list of rows.

    The names of the columns become text. A frame of pandas is not copied where it is fine.

    Raises:
        DataError: for columns of the same name, and for what is no table.

    Example:
        >>> as_frame({"age": 39, "job": "nurse"}).shape
        (1, 2)
    """
    need("pandas", "A table", "tipoff[train]")
    import pandas as pd

    if isinstance(rows, pd.DataFrame):
        frame = without_arrow(rows)
    elif isinstance(rows, pd.Series):
        frame = of_rows([rows.to_dict()])
        frame.index = pd.Index([rows.name if rows.name is not None else 0])
    elif isinstance(rows, Mapping):
        frame = of_rows([rows])
    elif (
        hasattr(rows, "to_arrow") or hasattr(rows, "collect") or hasattr(rows, "to_pandas")
    ):  # polars, pyarrow
        need("pyarrow", "Reading a polars table", "tipoff[tables]")
        rows = rows.collect() if hasattr(rows, "collect") else rows
        frame = from_arrow(rows.to_arrow() if hasattr(rows, "to_arrow") else rows)
    elif isinstance(rows, Sequence) and not isinstance(rows, str) and len(rows):
        made = [r.to_dict() if isinstance(r, pd.Series) else r for r in rows]
        if not all(isinstance(r, Mapping) for r in made):
            raise DataError(f"{rows[0]!r:.60} is no row; a row is a dict of column names and values.")
        frame = of_rows(made)
    elif isinstance(rows, (str, Path)):
        raise DataError(
            f"{str(rows)!r} is the name of a file: read it by TabularDataLoaders.from_path, or read_table."
        )
    else:
        raise DataError(f"{rows!r:.60} is no table; rows come as a data frame, a dict, or a list of dicts.")
    if not all(isinstance(c, str) for c in frame.columns):
        frame = frame.set_axis([heading(c) for c in frame.columns], axis=1)
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()].tolist()
        raise DataError(f"Two columns are called {twice[0]!r}; rename one of them.")
    return frame


def of_rows(rows: Sequence[Mapping[Any, Any]]) -> DataFrame:
    """Make a data frame of dicts, without a detour of whole numbers over floats where some rows lack them.

    >>> of_rows([{"id": 76561197960265729}, {"id": None}])["id"].tolist()
    [76561197960265729, <NA>]
    """
    import pandas as pd

    return settled_frame(pd.DataFrame([dict(r) for r in rows], dtype=object))


def heading(name: Any) -> str:
    """Write the name of a column as text: 2018 for the number, 2024-05-01 for the date.

    >>> heading(2018.0), heading(datetime.datetime(2024, 5, 1)), heading("age")
    ('2018', '2024-05-01', 'age')
    """
    if isinstance(name, float) and name.is_integer():
        return str(int(name))
    if isinstance(name, datetime.datetime) and name.time() == datetime.time():
        return str(name.date())
    return str(name)


def row_name(frame: DataFrame, i: int) -> str:
    """What a person calls row `i`: the line of the file that was read, or the label in the index."""
    source, label = frame.attrs.get("table"), frame.index[i]
    if source is not None and isinstance(label, numbers.Integral):
        name, first = source
        return f"row {int(label) + first} of {name}"
    return f"row {label}"


def need_columns(have: DataFrame | Sequence[str], names: Sequence[str], what: str = "The rows lack") -> None:
    """Raise `DataError` unless all `names` are columns of a frame, or in a list of them."""
    there = list(getattr(have, "columns", have))
    known = set(there)
    if missing := [n for n in names if n not in known]:
        raise DataError(
            f"{what} the column{'s' * (len(missing) > 1)} {some(map(repr, missing))}; there are "
            f"{some(there, 12)}.{did_you_mean(str(missing[0]), map(str, there))}"
        )
