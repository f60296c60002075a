"""Answers as an Excel file, a row at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from tipoff.errors import DataError
from tipoff.optional import need

MOST_ROWS = 1_048_575  # of a sheet, below its header
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,12})?")  # that loses nothing as a number; 0123 is a code


class Workbook:
    """One sheet: the header once, then rows."""

    def __init__(self, raw: Any) -> None:
        openpyxl: Any = need("openpyxl", "Writing Excel files", "tipoff[tables]")
        self.raw, self.book, self.n = raw, openpyxl.Workbook(write_only=True), 0
        self.sheet = self.book.create_sheet("predictions")

    def write(self, answered: Any) -> None:
        """Append the rows of an `Answered`. Raises `DataError` where they are more than a sheet holds."""
        frame = answered.table()
        if not self.n:
            self.sheet.append(self._cells(frame.columns))
        self.n += len(frame)
        if self.n > MOST_ROWS:
            raise DataError(
                f"An Excel sheet holds {MOST_ROWS:,} rows below its header, and there are more: write .csv or .parquet."
            )
        for row in frame.astype(object).itertuples(index=False, name=None):
            self.sheet.append(self._cells(row))

    def close(self) -> None:
        """Write the file."""
        self.book.save(self.raw)

    def _cells(self, values: Iterable[Any]) -> list[Any]:
        return [self._cell(v) for v in values]

    def _cell(self, value: Any) -> Any:
        from openpyxl.cell import WriteOnlyCell

        made = _value(value)
        if not isinstance(made, str):
            return made
        cell = WriteOnlyCell(self.sheet, re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", made)[:32_767])
        cell.data_type = "s"  # a text that begins with = is no formula
        return cell


def _value(value: Any) -> Any:
    """A value that Excel has: nothing for none, a number for text that is one, other things as text.

    >>> [_value(v) for v in ("12.5", "0123", float("nan"), "a", 3)]
    [12.5, '0123', None, 'a', 3]
    """
    import pandas as pd

    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    value = value.item() if hasattr(value, "item") and not isinstance(value, str) else value
    if isinstance(value, str):
        return (float(value) if "." in value else int(value)) if _NUMBER.fullmatch(value) else value
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo else value.replace(tzinfo=None)
    return value if isinstance(value, (bool, int, float, date, time)) else str(value)
