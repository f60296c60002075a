"""Tables in files: CSV as people save it, from any program and country."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Any

from tipoff.errors import DataError, did_you_mean
from tipoff.notes import note

DELIMITERS = ",;\t|"
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_table(path: str | Path, delimiter: str | None = None, **options: Any) -> Any:
    """The file `path` as a pandas data frame; `options` go to `pandas.read_csv`.

    Without `delimiter` it is the one that the first line has most of: a comma, a semicolon (as spreadsheets write in
    half of the world), a tab or a bar. UTF-8 and UTF-16 are told apart; anything else is read as Windows-1252, and that
    is said. Raises `DataError`, naming the file and the row, for what is no table.
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(f"There is no file {path}.{did_you_mean(path.name, near)}")
    data = path.read_bytes()
    encoding = _encoding(path, data)
    first = data.decode(encoding, errors="replace").partition("\n")[0]
    if delimiter is None:
        delimiter = max(DELIMITERS, key=first.count)
    try:
        return pd.read_csv(path, sep=delimiter, encoding=encoding, **options)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path} is empty: it has no header and no rows.") from None
    except pd.errors.ParserError as e:
        raise DataError(f"{path} cannot be read as a table: {_plain(str(e))}") from None


def _encoding(path: Path, data: bytes) -> str:
    for mark, name in _BOMS.items():
        if data.startswith(mark):
            return name
    if b"\0" in data:
        raise DataError(f"{path} is no text, so it is no CSV; save the table as CSV in UTF-8.")
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        raise DataError(f"{path} is no text, so it is no CSV; save the table as CSV in UTF-8.") from None
    note(f"{path.name} is not UTF-8; it was read as Windows-1252")
    return "cp1252"


def _plain(text: str) -> str:
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", text)
    if found is None:
        return text
    expected, line, saw = found.groups()
    return f"row {line} has {saw} cells, those before it {expected}. A text that holds the delimiter belongs in quotes."
