"""Quotation marks in a CSV that are opened and never closed, which swallow the rows after them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

FEW = 3  # rows that look like rows of the table within one text are no chance


class Unclosed(NamedTuple):
    """A quotation mark that is not closed: its line, from 1, and the text behind it."""

    line: int
    text: str


def find_unclosed(lines: Iterable[str], delimiter: str, width: int) -> Unclosed | None:
    """Find the first quotation mark that opens a text and does not close it.

    A text may hold line breaks, so what counts is what comes of it: the file ends within the text, letters follow the mark that
    ends it, or what it holds are rows of the table.

    Args:
        lines: of the file, with their ends.
        delimiter: between cells.
        width: how many cells a row has.

    Example:
        >>> find_unclosed(["a,b\\n", '1,"x\\n', "2,y\\n", '3,"z\\n'], ",", 2)
        Unclosed(line=2, text='x')
        >>> find_unclosed(["a,b\\n", '1,"x\\n', 'y"\\n', "3,z\\n"], ",", 2) is None
        True
    """
    opened: Unclosed | None = None
    like_rows: list[bool] = []
    for number, line in enumerate(lines, 1):
        n = line.count('"')
        if opened is None and n % 2 == 0:
            continue
        if opened is not None and not n:
            like_rows.append(line.count(delimiter) == width - 1)
            continue
        at, follows = _scan(line, delimiter, opened is not None)
        if opened is not None and (follows or _are_rows(like_rows, delimiter)):
            return opened
        if opened is None or at != 0:  # not still within the same text
            opened, like_rows = None if at is None else Unclosed(number, line[at:].strip()), []
    return opened


def _are_rows(like_rows: list[bool], delimiter: str) -> bool:
    return len(like_rows) >= (1 if delimiter == "\t" else FEW) and all(like_rows)


def _scan(line: str, delimiter: str, inside: bool) -> tuple[int | None, bool]:
    """Where a text begins that is still open at the end of the line, 0 for the one it began in; whether letters follow a mark."""
    at: int | None = 0 if inside else None
    i, follows = 0, False
    while i < len(line):
        if at is None:
            while line[i : i + 1] == " ":
                i += 1
            if line[i : i + 1] == '"':
                at = i = i + 1
                continue
            i = line.find(delimiter, i)
            if i < 0:
                break
            i += 1
            continue
        i = line.find('"', i)
        if i < 0:
            break
        if line[i + 1 : i + 2] == '"':
            i += 2
            continue
        follows = follows or (at == 0 and line[i + 1 : i + 2] not in (delimiter, "\n", "\r", "", " "))
        at, i = None, i + 1
    return at, follows


def is_plain(lines: Iterable[str], delimiter: str, width: int) -> bool:
    """Return whether each line has `width` cells by its delimiters alone, so that no mark is needed to read it.

    Example:
        >>> is_plain(["a,b", '1,"x', ""], ",", 2), is_plain(["a,b", '1,"x, y"'], ",", 2)
        (True, False)
    """
    return all(line.count(delimiter) == width - 1 for line in lines if line.strip())
