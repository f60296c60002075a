"""`tipoff predict` with a model of texts: which of the arguments are tables, and which texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tipoff.data.formats import EXCEL, PARQUET
from tipoff.errors import DataError, UsageError
from tipoff.text.files import TEXT_EXTENSIONS, get_text_files

TABLES = (".csv", ".tsv", *PARQUET, *EXCEL)


def are_tables(paths: Sequence[Path]) -> bool:
    """Whether these are tables. Raises `UsageError` where only some of them are."""
    n = sum(p.suffix.lower() in TABLES for p in paths)
    if 0 < n < len(paths):
        raise UsageError("Tables and text files are answered in calls of their own.")
    return n > 0


def texts_in(paths: Sequence[Path]) -> list[Path]:
    """The text files, and those in the folders, among `paths`."""
    found = [f for p in paths for f in (get_text_files(p) if p.is_dir() else [p])]
    if not found:
        raise DataError(f"There are no files that end in .txt in {paths[0]}.")
    if odd := [f for f in found if f.exists() and f.suffix.lower() not in TEXT_EXTENSIONS]:
        raise UsageError(
            f"{odd[0]} is neither a text file ({', '.join(TEXT_EXTENSIONS)}) nor a table ({', '.join(TABLES)})."
        )
    return found
