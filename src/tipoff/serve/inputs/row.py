"""Rows of a table as input: a CSV file, or JSON."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipoff.data.csv_form import DELIMITERS
from tipoff.data.formats import EXCEL, PARQUET
from tipoff.data.table import iter_table
from tipoff.errors import DataError
from tipoff.serve.upload import UNNAMED

if TYPE_CHECKING:
    from pandas import DataFrame

MAX_ROWS = 200_000
MAX_COLUMNS = 10_000
MAX_ALIKE = 100  # columns of one name
MAX_CELLS = (
    10_000_000  # of rows in JSON that do not share their columns, which could be many more than were sent
)
MAX_CELL = 10_000  # characters


def decode(data: bytes, name: str) -> tuple[DataFrame, bool]:
    """The rows in `data`, every value as it was written, and whether they came as JSON.

    Raises `DataError` with a sentence that names the file, or the row and the column.
    """
    if data.lstrip()[:1] in (b"{", b"[") and not name.lower().endswith((".csv", ".tsv")):
        return _from_json(data, "The body" if name == UNNAMED else name), True
    if Path(name).suffix.lower() in (*PARQUET, *EXCEL):
        raise DataError(f"{name} is not read here; save it as CSV, or use tipoff predict.")
    _check_header(data.partition(b"\n")[0], name)
    frame = next(iter_table(name, rows=MAX_ROWS + 1, data=data), None)
    if frame is None or frame.empty:
        if name == UNNAMED:
            raise DataError(
                "The body is neither a row in JSON (an object, or a list of objects) nor a CSV with rows below its header."
            )
        raise DataError(f"{name} has a header and no rows.")
    if len(frame) > MAX_ROWS:
        raise DataError(
            f"{name} has more than {MAX_ROWS:,} rows; use tipoff predict for a table of any size."
        )
    return frame, False


def _check_header(line: bytes, name: str) -> None:
    mark = max(DELIMITERS, key=lambda m: line.count(m.encode()))
    if line.count(mark.encode()) >= MAX_COLUMNS:
        raise DataError(f"{name} has more than {MAX_COLUMNS:,} columns.")
    again = Counter(cell for cell in line.split(mark.encode()) if cell.strip())
    cell, n = again.most_common(1)[0] if again else (b"", 0)
    if n > MAX_ALIKE:  # each is given a name of its own, by going through those before it
        raise DataError(
            f"{name} has {n:,} columns called {cell[:40].decode('utf-8', 'replace')!r}; their names must differ."
        )


def _from_json(data: bytes, name: str) -> DataFrame:
    import pandas as pd

    try:
        said = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as e:
        why = "it is nested too deeply" if isinstance(e, RecursionError) else str(e)
        raise DataError(f"{name} is not JSON: {why}.") from None
    rows = said if isinstance(said, list) else [said]
    if not rows:
        raise DataError(f"{name} holds no rows: send an object, or a list of objects.")
    for i, row in enumerate(rows, 1):
        _check(row, i)
    n_columns = len({column for row in rows for column in row})
    if n_columns > MAX_COLUMNS or n_columns * len(rows) > MAX_CELLS:
        raise DataError(
            f"{name} holds {len(rows):,} rows of {n_columns:,} different columns; that is too many."
        )
    frame = pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1), dtype=object)
    return frame.where(frame.notna(), None)


def _check(row: Any, number: int) -> None:
    if not isinstance(row, dict):
        raise DataError(f"Row {number} is {row!r:.60}; a row is an object of column names and values.")
    for column, value in row.items():
        if not _is_text(column) or (isinstance(value, str) and not _is_text(value)):
            raise DataError(
                f"Column {column!a:.60}, row {number}: that is no valid text (half of a surrogate pair)."
            )
        if not (value is None or isinstance(value, (str, int, float))):
            raise DataError(
                f"Column {column}, row {number}: {value!r:.60} is no value; it takes text, a number, true, false or null."
            )
        if (isinstance(value, str) and len(value) > MAX_CELL) or (
            isinstance(value, int) and abs(value) >= 2**63
        ):
            raise DataError(f"Column {column}, row {number}: the value is too long.")


def _is_text(value: str) -> bool:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return False
    return True


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")
