"""`tipoff predict` with a model of texts: which of the arguments are tables, and which texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tipoff.data.formats import EXCEL, PARQUET
from tipoff.errors import DataError, UsageError
from tipoff.notes import listening
from tipoff.text.files import TEXT_EXTENSIONS, get_text_files, read_text

Answer = TypeVar("Answer")

TABLES = (".csv", ".tsv", *PARQUET, *EXCEL)


def are_tables(paths: Sequence[Path]) -> bool:
    """Whether these are tables. Raises `UsageError` where only some of them are."""
    n = sum(p.suffix.lower() in TABLES for p in paths)
    if 0 < n < len(paths):
        raise UsageError("Tables and text files are answered in calls of their own.")
    return n > 0


def without_empty(answers: Iterable[tuple[Path, Answer]]) -> Iterator[tuple[Path, Answer | DataError]]:
    """The answers for text files, and for a file without a text the reason why there is none."""
    for path, got in answers:
        if isinstance(got, DataError):
            yield path, got
            continue
        with listening(lambda _: None):  # what is to be noted of the file was noted when it was read
            is_empty = not read_text(path).strip()
        yield path, DataError(f"{path} holds no text.") if is_empty else got


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
