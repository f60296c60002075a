"""How the text of a table is written: its encoding, its delimiter, where its header is, and whether its quotation marks close."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tipoff.data.cells import is_blank
from tipoff.data.quotes import find_unclosed, is_plain
from tipoff.errors import DataError
from tipoff.notes import note

DELIMITERS = ",;\t|"
BLOCK = 1 << 20  # bytes
HEAD = 1 << 16  # characters by which delimiter and header are found
MOST_TITLES = 20  # lines above the header
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # the first line that Excel writes


class Form(NamedTuple):
    """How the text of a table is written.

    `header` are the cells of the line with the names, `skip` how many lines are above it, `quoting` is that of Python's csv.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...] = ()
    skip: int = 0
    quoting: int = csv.QUOTE_MINIMAL


def form_of(path: str | Path, file: BinaryIO, delimiter: str | None = None) -> Form:
    """Find how a table is written; the file is read through a piece at a time.

    Args:
        path: its name, for messages.
        file: the file, at any place; it is left at its start.
        delimiter: between cells; None: the one that divides the lines evenly.

    Raises:
        DataError: naming the line, for what is no text, and for a quotation mark that is not closed.
    """
    encoding = _encoding(path, file)
    with _lines(file, encoding) as lines:
        head = "".join(_within(lines, HEAD))
    marked = _SEP.fullmatch(head.partition("\n")[0])
    above = 1 if marked else 0
    delimiter = delimiter or (marked[1] if marked else best_delimiter(head))
    rows = list(_records(head, delimiter))[above:]
    titles = header_at([cells for _, cells in rows])
    skip = rows[titles][0] if titles < len(rows) else above
    header = tuple(rows[titles][1]) if titles < len(rows) else ()
    if first := next((c for _, cells in rows[:titles] for c in cells if c.strip()), None):
        note(
            f"{Path(path).name}: the header is row {skip + 1}; what is above it ({first.strip()!r:.60}) was skipped",
            once=True,
        )
    form = Form(encoding, delimiter, header, skip)
    return form._replace(quoting=_quoting(path, file, form)) if len(header) > 1 else form


def best_delimiter(head: str) -> str:
    """Find what divides the lines of a table into cells: what most lines have equally often, and most of.

    >>> best_delimiter("size (w,h);price (EUR,net)\\n3,5;7\\n"), best_delimiter("a,b\\nx;y,2\\n")
    (';', ',')
    """

    def evenness(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(cells) for _, cells in _records(head, delimiter) if cells)
        if not widths:
            return 0.0, 1
        width, n = max(widths.items(), key=lambda w: (w[1], w[0]))
        return (n / widths.total() if width > 1 else 0.0), width

    first = head.partition("\n")[0]
    return max(DELIMITERS, key=lambda d: (*evenness(d), first.count(d)))


def header_at(rows: Sequence[Sequence[object]]) -> int:
    """Find the position of the header among the first rows: behind titles, which have one cell where the others have several.

    >>> header_at([["Report of May"], [], ["name", "age"], ["ann", "7"]]), header_at([["name", "age"], ["ann", "7"]])
    (2, 0)
    """
    widths = Counter(len(r) for r in rows if len(_filled(r)) > 1)
    if not widths:
        return 0
    width = widths.most_common(1)[0][0]
    for i, row in enumerate(rows[: MOST_TITLES + 1]):
        if len(_filled(row)) > 1 and not (str(row[0]).startswith("#") and len(row) != width):
            return i if _is_header(row, width) else 0
        if _filled(row) and is_blank(row[0]):
            return 0  # a column without a name comes first
    return 0


def _filled(row: Sequence[object]) -> list[str]:
    return [str(c).strip() for c in row if not is_blank(c)]


def _is_header(row: Sequence[object], width: int) -> bool:
    """Whether a row below titles can name columns: each of them, by different names, and not by numbers alone."""
    cells = _filled(row)
    n_numbers = sum(is_number(c) for c in cells)
    return (
        len(cells) == len(set(cells))
        and len(row) >= width
        and (not n_numbers or len(cells) > max(2, n_numbers))
    )


def is_number(text: str) -> bool:
    """Return whether Python reads text as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _records(head: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The lines above each record, and its cells; without a last one that the head may have cut."""
    reader = csv.reader(head.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True)
    above = 0
    try:
        for cells in reader:
            if reader.line_num == above + 1 or len(head) < HEAD:
                yield above, cells
            above = reader.line_num
    except csv.Error:  # a cell of more than 131,072 characters
        return


def _within(lines: TextIOWrapper, size: int) -> Iterator[str]:
    """Whole lines of about `size` characters together, at least one."""
    while size > 0 and (line := lines.readline(BLOCK)):
        size -= len(line)
        yield line


@contextmanager
def _lines(file: BinaryIO, encoding: str) -> Iterator[TextIOWrapper]:
    file.seek(0)
    text = TextIOWrapper(file, encoding, errors="replace")
    try:
        yield text
    finally:
        text.detach()
        file.seek(0)


def _quoting(path: str | Path, file: BinaryIO, form: Form) -> int:
    """Whether quotation marks mean anything; not where they do not close, and the rows can be read without them."""
    width = len(form.header)
    with _lines(file, form.encoding) as lines:
        unclosed = find_unclosed(lines, form.delimiter, width)
    if unclosed is None:
        return csv.QUOTE_MINIMAL
    name, what = Path(path).name, f"row {unclosed.line}: a quotation mark opens a text and is not closed"
    with _lines(file, form.encoding) as lines:
        plain = is_plain(islice(lines, form.skip, None), form.delimiter, width)
    if not plain:
        raise DataError(
            f'{path}, {what}: "{unclosed.text:.40}. Close it there; a mark within a text is written twice, as "".'
        )
    note(
        f"{name}, {what} ({unclosed.text:.40}); each line was read as one row, with such marks as part of the text",
        once=True,
    )
    return csv.QUOTE_NONE


def _encoding(path: str | Path, file: BinaryIO) -> str:
    file.seek(0)
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
