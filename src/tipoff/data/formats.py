"""Tables that are not text: Parquet, Excel, and what a database answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from tipoff.errors import DataError
from tipoff.notes import note
from tipoff.optional import need

PARQUET = (".parquet", ".pq")
EXCEL = (".xlsx", ".xlsm")


def read_parquet(path: Path, file: BinaryIO, **options: Any) -> Any:
    """A Parquet file as a data frame; `columns=[...]` reads some columns only."""
    frame = _parquet(path, file).read(**options).to_pandas()
    frame.attrs["table"] = (path.name, 1)
    return frame


def iter_parquet(path: Path, rows: int) -> Iterator[Any]:
    """The same in frames of at most `rows` rows, whose index counts on; the memory does not grow with the file."""
    start = 0
    with path.open("rb") as file:
        # pre_buffer, the default, keeps what was read of the file until its end
        for batch in _parquet(path, file, pre_buffer=False).iter_batches(rows):
            frame = batch.to_pandas().reset_index(drop=True)
            frame.index += start
            frame.attrs["table"] = (path.name, 1)
            yield frame
            start += len(frame)


def _parquet(path: Path, file: BinaryIO, **options: Any) -> Any:
    parquet = need("pyarrow.parquet", f"Reading {path.name}", "tipoff[tables]")
    from pyarrow import ArrowException

    try:
        return parquet.ParquetFile(file, **options)
    except (ArrowException, OSError) as e:
        raise DataError(f"{path} is no Parquet file, or is damaged: {e}") from None


def read_excel(path: Path, file: BinaryIO, **options: Any) -> Any:
    """The first sheet of an Excel file as a data frame, or the one that `sheet_name` says; empty rows are left out.

    A sheet is chosen by its name, or by its number: as pandas counts, or as text from 1.
    """
    import pandas as pd

    need("openpyxl", f"Reading {path.name}", "tipoff[tables]")
    try:
        book = pd.ExcelFile(file, engine="openpyxl")
    except Exception as e:  # zip, XML and key errors, whichever part is broken
        raise DataError(f"{path} is no Excel file, is damaged, or is protected by a password: {e}") from None
    if len(book.sheet_names) > 1 and "sheet_name" not in options:
        note(
            f"{path.name} has {len(book.sheet_names)} sheets; {book.sheet_names[0]!r} was read: --sheet NAME chooses another (in Python sheet_name=)"
        )
    sheet = options.get("sheet_name")
    if isinstance(sheet, str) and sheet not in book.sheet_names and sheet.isdecimal() and int(sheet) > 0:
        options["sheet_name"] = int(sheet) - 1
    try:
        # cells keep the kind that they have in the sheet: the text 01234 is no number
        frame = pd.read_excel(book, **{"dtype": object, **options}).infer_objects()
    except ValueError as e:  # no such sheet
        raise DataError(f"{path}: {e}; its sheets are {', '.join(map(str, book.sheet_names))}.") from None
    return frame.dropna(how="all")


def read_sql(query: str, connection: Any) -> Any:
    """What a database answers to `query`, as a data frame.

    `connection` is one of Python's DB-API (sqlite3, psycopg, ...), an engine or a connection of SQLAlchemy, or its URL.

    >>> import sqlite3
    >>> read_sql("SELECT 1 AS a, 'x' AS b", sqlite3.connect(":memory:")).to_dict("records")
    [{'a': 1, 'b': 'x'}]
    """
    import pandas as pd

    if isinstance(connection, str) or type(connection).__module__.startswith("sqlalchemy"):
        alchemy = need("sqlalchemy", "A query by SQLAlchemy", "sqlalchemy")
        if isinstance(connection, str):
            connection = alchemy.create_engine(connection)
        frame = _asked(lambda: pd.read_sql(alchemy.text(query), connection))
    elif hasattr(connection, "cursor"):
        cursor = connection.cursor()
        try:
            _asked(lambda: cursor.execute(query))
            names = [column[0] for column in cursor.description or ()]
            frame = pd.DataFrame.from_records(cursor.fetchall(), columns=names, coerce_float=True)
        finally:
            cursor.close()
    else:
        raise DataError(
            f"connection is a {type(connection).__name__}; it is one of sqlite3 or another DB-API, of SQLAlchemy, or a URL."
        )
    if not len(frame.columns):
        raise DataError("The query gives no columns; it must be a SELECT.")
    return frame


def _asked(ask: Any) -> Any:
    try:
        return ask()
    except Exception as e:  # each database has errors of its own
        raise DataError(f"The database refuses the query: {e}") from e
