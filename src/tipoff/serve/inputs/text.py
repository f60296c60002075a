"""Texts as input: JSON, a text file, or a table with a column of texts."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipoff.data.table import iter_table
from tipoff.errors import DataError
from tipoff.serve.upload import UNNAMED

if TYPE_CHECKING:
    from pandas import DataFrame

MAX_TEXTS = 10_000
MAX_LONG = 1_000_000  # characters of a text
TABLES = (".csv", ".tsv")
COLUMN = "text"


def decode(data: bytes, name: str) -> DataFrame:
    """The texts in `data` as rows: a text has the column `text`, a table the columns that it came with.

    Raises `DataError` with a sentence that names what is wrong.
    """
    if Path(name).suffix.lower() in TABLES:
        return _from_table(data, name)
    if name == UNNAMED and data.lstrip()[:1] in (b"{", b"[", b'"'):
        return _from_json(data)
    frame = _frame([_checked(_decoded(data, name), name)])
    if name != UNNAMED:
        frame.attrs["table"] = (name, 0)
    return frame


def _decoded(data: bytes, name: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise DataError(f"{name} is no text: it holds zero bytes.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _from_json(data: bytes) -> DataFrame:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as e:
        why = "it is nested too deeply" if isinstance(e, RecursionError) else str(e)
        raise DataError(f'The body is not JSON: {why}. Ask with {{"text": "..."}}.') from None
    rows = said if isinstance(said, list) else [said]
    if not 0 < len(rows) <= MAX_TEXTS:
        raise DataError(f"The body holds {len(rows):,} texts; it takes 1 to {MAX_TEXTS:,} at once.")
    where = [f"Text {i}" if len(rows) > 1 else "The text" for i in range(1, len(rows) + 1)]
    return _frame([_checked(_text(row, w), w) for row, w in zip(rows, where, strict=True)])


def _text(row: Any, where: str) -> str:
    text = row.get(COLUMN) if isinstance(row, dict) else row
    if isinstance(row, dict) and (unknown := set(row) - {COLUMN}):
        raise DataError(f'{where} has {sorted(unknown)[0]!r:.60}; a text is {{"text": "..."}}, or a string.')
    if text is None:
        raise DataError(f'{where} is missing; a text is {{"text": "..."}}, or a string.')
    if not isinstance(text, str):
        raise DataError(f'{where} is {text!r:.60}; a text is {{"text": "..."}}, or a string.')
    return text


def _checked(text: str, where: str) -> str:
    if not text.strip():
        raise DataError(f"{where} is empty.")
    if len(text) > MAX_LONG:
        raise DataError(
            f"{where} has {len(text):,} characters; up to {MAX_LONG:,} are read. Send a part of it."
        )
    return text.encode("utf-8", "replace").decode()  # half of a surrogate pair can be written in JSON


def _frame(texts: list[str]) -> DataFrame:
    import pandas as pd

    return pd.DataFrame({COLUMN: texts}, index=pd.RangeIndex(1, len(texts) + 1), dtype=object)


def _from_table(data: bytes, name: str) -> DataFrame:
    frame: DataFrame | None = next(iter_table(name, rows=MAX_TEXTS + 1, data=data), None)
    if frame is None or frame.empty:
        raise DataError(f"{name} has a header and no rows.")
    if len(frame) > MAX_TEXTS:
        raise DataError(
            f"{name} has more than {MAX_TEXTS:,} rows; use tipoff predict for a table of any size."
        )
    return frame
