"""Tables that are not text: Parquet, Excel, and what a database answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from tipoff.data.arrow import from_arrow
from tipoff.data.cells import is_blank
from tipoff.data.column_types import LOOKED_AT, settled_frame
from tipoff.data.csv_form import header_at
from tipoff.data.frame import heading
from tipoff.errors import DataError, some
from tipoff.notes import note
from tipoff.optional import need

PARQUET = (".parquet", ".pq")
EXCEL = (".xlsx", ".xlsm")


def read_parquet(path: Path, file: BinaryIO, **options: Any) -> Any:
    """A Parquet file as a data frame; `columns=[...]` reads some columns only."""
    frame = from_arrow(_parquet(path, file).read(**options))
    frame.attrs["table"] = (path.name, 1)
    return frame


def iter_parquet(path: Path, rows: int) -> Iterator[Any]:
    """The same in frames of at most `rows` rows, whose index counts on; the memory does not grow with the file."""
    start = 0
    with path.open("rb") as file:
        # pre_buffer, the default, keeps what was read of the file until its end
        for batch in _parquet(path, file, pre_buffer=False).iter_batches(rows):
            frame = from_arrow(batch).reset_index(drop=True)
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
        options["sheet_name"] = chosen = _first_filled(book)
        note(
            f"{path.name} has {len(book.sheet_names)} sheets; {chosen!r} was read: --sheet NAME chooses another (in Python sheet_name=)",
            once=True,
        )
    sheet = options.get("sheet_name")
    if isinstance(sheet, str) and sheet not in book.sheet_names and sheet.isdecimal() and int(sheet) > 0:
        options["sheet_name"] = int(sheet) - 1
    try:
        # cells keep the kind that they have in the sheet: the text 01234 is no number
        options = {"dtype": object, "keep_default_na": False, "na_values": [""], **options}
        if "header" not in options and "skiprows" not in options:
            options["header"] = _header_row(path, book, options.get("sheet_name", 0))
        frame = pd.read_excel(book, **options)
    except ValueError as e:  # no such sheet
        raise DataError(f"{path}: {e}; its sheets are {', '.join(map(str, book.sheet_names))}.") from None
    frame = frame.dropna(how="all")
    if options.get("header") is not None:
        frame.columns = [heading(c) for c in frame.columns]
    _say_formulas(path, file, options.get("sheet_name", 0), frame)
    frame = settled_frame(frame, path.name)
    frame.attrs["first"] = 1 if options.get("header", 0) is None else int(options.get("header", 0)) + 2
    return frame


def _first_filled(book: Any) -> Any:
    """The name of the first sheet that holds anything."""
    import pandas as pd

    filled = (s for s in book.sheet_names if pd.read_excel(book, s, header=None, nrows=1).size)
    return next(filled, book.sheet_names[0])


def _say_formulas(path: Path, file: BinaryIO, sheet: Any, frame: Any) -> None:
    """A note where columns are empty because their formulas were never calculated."""
    empty = [i for i in range(frame.shape[1]) if frame.iloc[:, i].isna().all()]
    if not empty or not len(frame):
        return
    file.seek(0)
    book = need("openpyxl", f"Reading {path.name}", "tipoff[tables]").load_workbook(file)
    formulas = book[sheet if isinstance(sheet, str) else book.sheetnames[sheet]]
    rows = range(2, min(len(frame), LOOKED_AT) + 3)
    found = [i for i in empty if any(formulas.cell(r, i + 1).data_type == "f" for r in rows)]
    if found:
        names = some(frame.columns[i] for i in found)
        note(
            f"{path.name}: {names} holds formulas that were never calculated, so no values: open the file in a spreadsheet and save it"
        )


def _header_row(path: Path, book: Any, sheet: Any) -> int:
    """The row with the names of the columns, from 0; what is above it is said."""
    import pandas as pd

    head = pd.read_excel(book, sheet, header=None, dtype=object, nrows=LOOKED_AT).to_numpy(object).tolist()
    found = header_at(head)
    if title := next((c for row in head[:found] for c in row if not is_blank(c)), None):
        note(
            f"{path.name}: the header is row {found + 1}; what is above it ({str(title)!r:.60}) was skipped",
            once=True,
        )
    return found


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
        frame = _asked(lambda: pd.read_sql(alchemy.text(query), connection, coerce_float=False))
    elif hasattr(connection, "cursor"):
        cursor = connection.cursor()
        try:
            _asked(lambda: cursor.execute(query))
            names = [column[0] for column in cursor.description or ()]
            frame = pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)
        finally:
            cursor.close()
    else:
        raise DataError(
            f"connection is a {type(connection).__name__}; it is one of sqlite3 or another DB-API, of SQLAlchemy, or a URL."
        )
    if not len(frame.columns):
        raise DataError("The query gives no columns; it must be a SELECT.")
    return settled_frame(frame)


def _asked(ask: Any) -> Any:
    try:
        return ask()
    except Exception as e:  # each database has errors of its own
        raise DataError(f"The database refuses the query: {e}") from e
