"""Tables in files: CSV as people save it, from any program and country; Parquet and Excel by their endings."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from tipoff.arguments import need_whole
from tipoff.data.column_types import LOOKED_AT, decimal_of, typed_frame
from tipoff.data.csv_form import Form, form_of, is_number
from tipoff.data.formats import EXCEL, PARQUET, iter_parquet, read_excel, read_parquet
from tipoff.data.other_formats import need_table
from tipoff.errors import DataError, UsageError, did_you_mean, some
from tipoff.notes import note

TYPING = ("dtype", "converters", "decimal", "thousands", "na_values", "keep_default_na")  # options of pandas


def read_table(
    path: str | Path, delimiter: str | None = None, *, data: bytes | None = None, **options: Any
) -> Any:
    """Read the file `path` as a pandas data frame.

    Files that end in .parquet or .xlsx are read as such, all others as CSV: in UTF-8, UTF-16 or, which is said, Windows-1252, with
    any delimiter, decimal commas (with semicolons, as spreadsheets write in half of the world) and title lines above the
    header. An empty cell is a missing value; a word such as NA or None is one only among numbers. Numbers with leading zeros
    stay text, and whole numbers stay whole beside missing ones.

    Args:
        path: the file, or its name.
        delimiter: between cells of a CSV; None: it is found.
        data: what the file holds, where that is in memory already.
        **options: of pandas' reader. Those that say how cells are read, such as `dtype`, replace the rules above.

    Returns:
        The frame. `frame.attrs["table"]` is the name of the file and the number of its first row, as a spreadsheet counts;
        `frame.attrs["decimal"]` what a CSV has before decimals.

    Raises:
        DataError: naming the file and the row, for what is no table.

    Example:
        >>> read_table("t.csv", data=b"zip;price\\n01234;1,50\\nNA;2\\n").to_dict("list")
        {'zip': ['01234', 'NA'], 'price': [1.5, 2.0]}
    """
    path = Path(path)
    _need_options(delimiter, options)
    if data is None:
        need_file(path)
    else:
        need_table(path)
    with path.open("rb") if data is None else BytesIO(data) as file:
        if path.suffix.lower() in PARQUET:
            return read_parquet(path, file, **options)
        if path.suffix.lower() in EXCEL:
            frame = read_excel(path, file, **options)
            return tidy(frame, path, frame.attrs["first"])
        headless = "header" in options and options["header"] is None
        form = _form(path, file, delimiter, options)
        frame = next(_read(path, file, form, options))
    frame = tidy(frame, path, 1 if headless else form.skip + 2, () if headless else form.header)
    return frame if {*TYPING} & {*options} else _typed(frame, form, path)


def _need_options(delimiter: str | None, options: dict[str, Any]) -> None:
    if delimiter is not None and len(delimiter) != 1:
        raise UsageError(f"delimiter is {delimiter!r}; one character is needed, such as ';' or a tab.")
    header = options.get("header", "infer")
    if header is not None and header != "infer":
        need_whole("header", header, at_least=0)
    need_whole("quoting", options.get("quoting", 0), at_least=0, at_most=3)


def iter_table(
    path: str | Path, rows: int = 100_000, delimiter: str | None = None, *, data: bytes | None = None
) -> Iterator[Any]:
    """Read the file `path` as data frames of at most `rows` rows each, so that a file of any size takes little memory.

    The cells of a CSV stay text, for what a column holds must not depend on the part of it that is looked at: "01234" keeps
    its zero, and "1,5" its comma. The index counts through the whole file. An Excel file is read at once.

    Args:
        path: the file, or its name.
        rows: of a frame, at most.
        delimiter: between cells of a CSV; None: it is found.
        data: what a CSV holds, where that is in memory already.
    """
    path = Path(path)
    if data is None:
        need_file(path)
    else:
        need_table(path)
    if path.suffix.lower() in PARQUET:
        yield from iter_parquet(path, rows)
    elif path.suffix.lower() in EXCEL:
        frame = read_table(path)
        for start in range(0, len(frame), rows):
            yield frame.iloc[start : start + rows]
    else:
        with path.open("rb") if data is None else BytesIO(data) as file:
            form = form_of(path, file, delimiter)
            chunks = _read(path, file, form, {"chunksize": rows})
            first = next(chunks, None)
            decimal = "." if first is None else _decimal(first, form)
            for chunk in chain([] if first is None else [first], chunks):
                made = tidy(chunk, path, form.skip + 2, form.header)
                made.attrs["decimal"] = decimal
                yield made


def _form(path: Path, file: BinaryIO, delimiter: str | None, options: dict[str, Any]) -> Form:
    """How a CSV is written; what `options` say of header and quotation marks stands."""
    form = form_of(path, file, delimiter)
    if {"skiprows", "header"} & {*options} and options.get("header", 0) not in (0, "infer"):
        form = form._replace(skip=0)
    return form._replace(delimiter=options.pop("sep", form.delimiter))


def _read(path: Path, file: BinaryIO, form: Form, options: dict[str, Any]) -> Iterator[Any]:
    """The rows as text, missing where a cell is empty: at once, or in chunks of `chunksize` rows."""
    import pandas as pd

    asked = {
        "sep": form.delimiter, "encoding": form.encoding, "skiprows": form.skip, "quoting": form.quoting, "dtype": str,
        "keep_default_na": False, "na_values": [""], "skipinitialspace": True, "low_memory": False, **options,
    }  # fmt: skip
    if {"decimal", "thousands", "converters"} & {*options} and "dtype" not in options:
        del asked["dtype"]
    with explained(path):
        made = pd.read_csv(file, **asked)
        for frame in made if "chunksize" in options else [made]:
            yield (
                _without_marks(frame)
                if form.quoting == csv.QUOTE_NONE and not options.get("quoting")
                else frame
            )


def _without_marks(frame: Any) -> Any:
    """Cells of a table whose marks say nothing, without those around a whole cell."""

    def bare(text: Any) -> Any:
        return re.sub(r'^"([^"]*)"$', r"\\1", text) if isinstance(text, str) else text

    return frame.map(bare).rename(columns=bare)


def _decimal(frame: Any, form: Form) -> str:
    return "." if form.delimiter == "," else decimal_of(frame.iloc[:LOOKED_AT])


def _typed(frame: Any, form: Form, path: Path) -> Any:
    decimal = _decimal(frame, form)
    made = typed_frame(frame, decimal, path.name)
    made.attrs = {**frame.attrs, "decimal": decimal}
    return made


def has_header(cells: Any) -> bool:
    """Whether a first line with these cells names columns: names are no numbers.

    >>> has_header(["user", "item"]), has_header(["196", "242", "3", "881250949"])
    (True, False)
    """
    return not all(is_number(str(c)) for c in cells)


def need_file(path: Path) -> Path:
    """`path` as an existing file that may be a table, or a `DataError` with the nearest names, or with what to do."""
    if not path.is_file():
        near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(f"There is no file {path}.{did_you_mean(path.name, near)}")
    need_table(path)
    return path


def tidy(frame: Any, path: Path, first: int, header: tuple[str, ...] = ()) -> Any:
    """Without columns that have neither name nor values, as a comma at the end of each line makes them."""
    empty = [c for c in frame.columns if str(c).startswith("Unnamed: ") and frame[c].isna().all()]
    if empty:
        frame = frame.drop(columns=empty)
    if twice := sorted(name for name, n in Counter(header).items() if name and n > 1):
        note(
            f"{path.name} has two columns called {some(map(repr, twice))}; the second is now {twice[0] + '.1'!r}",
            once=True,
        )
    frame.attrs["table"] = (path.name, first)
    return frame


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


def _plain(text: str) -> str:
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", text)
    if found is None:
        return text
    expected, line, saw = found.groups()
    return f"row {line} has {saw} cells, those before it {expected}. A text that holds the delimiter belongs in quotes."
