"""Tables in files: CSV as people save it, from any program and country."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from tipoff.errors import DataError, did_you_mean
from tipoff.notes import note

DELIMITERS = ",;\t|"
BLOCK = 1 << 20  # bytes
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Form(NamedTuple):
    """How the text of a table is written."""

    encoding: str
    delimiter: str


def read_table(
    path: str | Path, delimiter: str | None = None, *, data: bytes | None = None, **options: Any
) -> Any:
    """The file `path` as a pandas data frame; `options` go to `pandas.read_csv`.

    Without `delimiter` it is the one that the first line has most of: a comma, a semicolon (as spreadsheets write in
    half of the world), a tab or a bar. UTF-8 and UTF-16 are told apart; anything else is read as Windows-1252, and that
    is said. `data` is what the file holds, where that is in memory already; `path` is then its name. Raises
    `DataError`, naming the file and the row, for what is no table.
    """
    import pandas as pd

    path = Path(path)
    if data is None and not path.is_file():
        near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(f"There is no file {path}.{did_you_mean(path.name, near)}")
    with path.open("rb") if data is None else BytesIO(data) as file:
        form = form_of(path, file)
        file.seek(0)
        with explained(path):
            return pd.read_csv(file, sep=delimiter or form.delimiter, encoding=form.encoding, **options)


@contextmanager
def explained(path: str | Path) -> Iterator[None]:
    """What pandas says of a CSV that is none, as a `DataError` that names the file and the row."""
    import pandas as pd

    try:
        yield
    except pd.errors.EmptyDataError:
        raise DataError(f"{path} is empty: it has no header and no rows.") from None
    except pd.errors.ParserError as e:
        raise DataError(f"{path} cannot be read as a table: {_plain(str(e))}") from None


def form_of(path: str | Path, file: BinaryIO) -> Form:
    """The encoding and the delimiter of a table, read through once, a piece at a time; `path` is its name."""
    encoding = _encoding(path, file)
    file.seek(0)
    text = TextIOWrapper(file, encoding, errors="replace")
    first = text.readline(BLOCK)
    text.detach()
    return Form(encoding, max(DELIMITERS, key=first.count))


def _encoding(path: str | Path, file: BinaryIO) -> str:
    start = file.read(4)
    for mark, name in _BOMS.items():
        if start.startswith(mark):
            return name
    readers = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8", "cp1252")}
    file.seek(0)
    while readers:
        block = file.read(BLOCK)
        for name in list(readers):
            try:
                readers[name].decode(block, final=not block)
            except UnicodeDecodeError:
                del readers[name]
        if b"\0" in block:
            readers.clear()
        if not block:
            break
    if not readers:
        raise DataError(f"{path} is no text, so it is no CSV; save the table as CSV in UTF-8.")
    if "utf-8" in readers:
        return "utf-8"
    note(f"{Path(path).name} is not UTF-8; it was read as Windows-1252")
    return "cp1252"


def _plain(text: str) -> str:
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", text)
    if found is None:
        return text
    expected, line, saw = found.groups()
    return f"row {line} has {saw} cells, those before it {expected}. A text that holds the delimiter belongs in quotes."
