"""Tables in files: CSV as people save it, from any program and country; Parquet and Excel by their endings."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from tipoff.data.formats import EXCEL, PARQUET, iter_parquet, read_excel, read_parquet
from tipoff.data.other_formats import need_table
from tipoff.errors import DataError, did_you_mean, some
from tipoff.notes import note

DELIMITERS = ",;\t|"
BLOCK = 1 << 20  # bytes
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Form(NamedTuple):
    """How the text of a table is written; `header` are the cells of its first line."""

    encoding: str
    delimiter: str
    header: tuple[str, ...] = ()


def read_table(
    path: str | Path, delimiter: str | None = None, *, data: bytes | None = None, **options: Any
) -> Any:
    """The file `path` as a pandas data frame; `options` go to pandas' reader.

    Files that end in .parquet or .xlsx are read as such, all others as CSV. Without `delimiter` it is the one that the first
    line has most of: a comma, a semicolon (as spreadsheets write in half of the world, with decimal commas), a tab or a
    bar. UTF-8 and UTF-16 are told apart; anything else is read as Windows-1252, and that is said. `data` is what the
    file holds, where that is in memory already; `path` is then its name. `frame.attrs["table"]` is the name of the file
    and the number of its first row, as a spreadsheet counts. Raises `DataError`, naming the file and the row, for what is no
    table.
    """
    import pandas as pd

    path = Path(path)
    if data is None:
        need_file(path)
    with path.open("rb") if data is None else BytesIO(data) as file:
        if path.suffix.lower() in PARQUET:
            return read_parquet(path, file, **options)
        if path.suffix.lower() in EXCEL:
            return tidy(read_excel(path, file, **options), path, 2)
        form = form_of(path, file)
        file.seek(0)
        options = {
            "sep": delimiter or form.delimiter,
            "encoding": form.encoding,
            "low_memory": False,
            **options,
        }
        with explained(path):
            if "dtype" not in options and options["sep"] != "," and "decimal" not in options:
                options["decimal"] = _decimal(file, options)
            frame = pd.read_csv(file, **options)
    headless = "header" in options and options["header"] is None
    return tidy(frame, path, 1 if headless else 2, () if headless else form.header)


def iter_table(
    path: str | Path, rows: int = 100_000, delimiter: str | None = None, *, data: bytes | None = None
) -> Iterator[Any]:
    """The file `path` as data frames of at most `rows` rows each, so that a file of any size takes little memory.

    The cells of a CSV stay text, for what a column holds must not depend on the part of it that is looked at: "01234" keeps
    its zero. The index counts through the whole file. An Excel file is read at once. `data` is what a CSV holds, where that
    is in memory already; `path` is then its name.
    """
    import pandas as pd

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
            form = form_of(path, file)
            file.seek(0)
            options: dict[str, Any] = {"sep": delimiter or form.delimiter, "encoding": form.encoding}
            with explained(path):
                comma = options["sep"] != "," and _decimal(file, options) == ","
                for chunk in pd.read_csv(file, chunksize=rows, dtype=str, skipinitialspace=True, **options):
                    made = tidy(chunk, path, 2, form.header)
                    yield made.apply(_with_points) if comma else made


def has_header(cells: Any) -> bool:
    """Whether a first line with these cells names columns: names are no numbers.

    >>> has_header(["user", "item"]), has_header(["196", "242", "3", "881250949"])
    (True, False)
    """
    return not all(_is_number(str(c)) for c in cells)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


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


_COMMA = r"\s*[+-]?\d+,\d+\s*"
_NUMBER = r"\s*[+-]?\d+(,\d+)?\s*"


def _decimal(file: BinaryIO, options: dict[str, Any], n: int = 1000) -> str:
    """Whether numbers are written with a comma or a point, by the first rows; leaves the file at its start."""
    import pandas as pd

    known = {k: v for k, v in options.items() if k in ("sep", "encoding", "quoting", "header")}
    head = pd.read_csv(file, nrows=n, dtype=str, **known)
    file.seek(0)
    for name in head.columns:
        cells = head[name].dropna()
        if cells.str.fullmatch(_NUMBER).all() and cells.str.fullmatch(_COMMA).any():
            return ","
    return "."


def _with_points(column: Any) -> Any:
    """Numbers of a column of text with a point instead of a decimal comma; other text stays."""
    commas = column.str.fullmatch(_COMMA).fillna(False).astype(bool)
    return column.where(~commas, column.str.replace(",", ".")) if commas.any() else column


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
    delimiter = max(DELIMITERS, key=first.count)
    return Form(encoding, delimiter, tuple(next(csv.reader([first.strip("\r\n")], delimiter=delimiter), ())))


def _encoding(path: str | Path, file: BinaryIO) -> str:
    start = file.read(4)
    for mark, name in _BOMS.items():
        if start.startswith(mark):
            return name
    for name in ("utf-8", "cp1252"):
        file.seek(0)
        if _reads_as(name, file):
            if name != "utf-8":
                note(f"{Path(path).name} is not UTF-8; it was read as Windows-1252")
            return name
    file.seek(0)
    zero = f" (a zero byte in row {row})" if (row := _row_of_zero(file)) else ""
    raise DataError(f"{path} is no text, so it is no CSV{zero}; save the table as CSV in UTF-8.")


def _row_of_zero(file: BinaryIO) -> int | None:
    """The line of the first zero byte, from 1; None where there is none."""
    line = 1
    while block := file.read(BLOCK):
        if (at := block.find(b"\0")) >= 0:
            return line + block.count(b"\n", 0, at)
        line += block.count(b"\n")
    return None


def _reads_as(encoding: str, file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while block := file.read(BLOCK):
            if b"\0" in block:
                return False
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _plain(text: str) -> str:
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", text)
    if found is None:
        return text
    expected, line, saw = found.groups()
    return f"row {line} has {saw} cells, those before it {expected}. A text that holds the delimiter belongs in quotes."
