"""Tables read for the command line: the sheet that was asked for, and text without the spaces before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tipoff.data.formats import EXCEL, PARQUET
from tipoff.data.table import read_table
from tipoff.errors import UsageError


def read(path: Path, sheet: str | None = None, **options: Any) -> Any:
    """The file as a data frame. Raises `UsageError` for a sheet of a file that has none."""
    return read_table(path, **options, **sheet_of(path, sheet))


def sheet_of(path: Path, sheet: str | None) -> dict[str, Any]:
    """The option of `read_table` for the sheet of an Excel file."""
    if sheet is None:
        return {}
    if path.suffix.lower() not in EXCEL:
        raise UsageError(f"--sheet is for Excel files; {path.name} has no sheets.")
    return {"sheet_name": sheet}


def is_of_text(path: Path) -> bool:
    """Whether the cells of the table are text in the file, as in a CSV."""
    return path.suffix.lower() not in (*PARQUET, *EXCEL)
