"""`tipoff predict` with a model of texts: which of the arguments are tables, and which texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tipoff.cli.ask import Item
from tipoff.data.formats import EXCEL, PARQUET
from tipoff.errors import DataError, UsageError
from tipoff.notes import listening, note
from tipoff.text.files import TEXT_EXTENSIONS, get_text_files, read_text

Answer = TypeVar("Answer")

_NAME = re.compile(r"\S+\.\w{2,5}|\S*[/\\]\S*")
TABLES = (".csv", ".tsv", ".tab", *PARQUET, *EXCEL)  # a .txt is a text


def text_or_file(given: str) -> Item:
    """A file or folder by its name; what is none, and does not look like one, is a text itself."""
    if not given.strip():
        raise DataError("The text is empty.")
    path = Path(given)
    try:
        is_there = path.exists()
    except OSError:  # a name that is too long is no name
        is_there = False
    is_name = path.suffix.lower() in (*TEXT_EXTENSIONS, *TABLES) or _NAME.fullmatch(given)
    if is_there or is_name:
        return path
    if len(given.split()) == 1:
        note(
            f"there is no file {given}: it is read as a text; a text of several words stands in quotation marks"
        )
    return given


def are_tables(items: Sequence[Item]) -> bool:
    """Whether these are tables. Raises `UsageError` where only some of them are."""
    n = sum(isinstance(i, Path) and i.suffix.lower() in TABLES for i in items)
    if 0 < n < len(items):
        raise UsageError("Tables and texts are answered in calls of their own.")
    return n > 0


def without_empty(answers: Iterable[tuple[Item, Answer]]) -> Iterator[tuple[Item, Answer | DataError]]:
    """The answers for texts and text files, and for a file without a text the reason why there is none."""
    for path, got in answers:
        if isinstance(got, DataError) or isinstance(path, str):
            yield path, got
            continue
        with listening(lambda _: None):  # what is to be noted of the file was noted when it was read
            is_empty = not read_text(path).strip()
        yield path, DataError(f"{path} holds no text.") if is_empty else got


def texts_in(items: Sequence[Item]) -> list[Item]:
    """The texts, the text files, and those in the folders, among `items`."""
    found: list[Item] = []
    for item in items:
        found += get_text_files(item) if isinstance(item, Path) and item.is_dir() else [item]
    if not found:
        raise DataError(f"There are no files that end in .txt in {items[0]}.")
    files = [f for f in found if isinstance(f, Path) and f.exists()]
    if odd := [f for f in files if f.suffix.lower() not in TEXT_EXTENSIONS]:
        raise UsageError(
            f"{odd[0]} is neither a text file ({', '.join(TEXT_EXTENSIONS)}) nor a table ({', '.join(TABLES)})."
        )
    return found
