"""Texts in files, in whatever encoding they were written."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tipoff.checked import checked
from tipoff.data.items import get_files
from tipoff.data.store import pool
from tipoff.errors import DataError
from tipoff.notes import note
from tipoff.text.rules import without_lone

TEXT_EXTENSIONS = (".txt", ".text", ".md")
GROUP = 512  # texts that are read and numbered at a time
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@checked
def get_text_files(
    path: str | Path, recurse: bool = True, folders: Sequence[str] | None = None
) -> list[Path]:
    """All files below `path` that end in .txt, sorted."""
    return get_files(path, [".txt"], recurse, folders)


def read_text(path: str | Path) -> str:
    """What a file says: UTF-8, UTF-16 with its mark, else Windows-1252, which is said.

    Raises `DataError` for a file that is not there or is no text.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise DataError(f"{path} cannot be read: {e.strerror or e}.") from None
    encoding = next((name for mark, name in _BOMS.items() if raw.startswith(mark)), "utf-8")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        if b"\0" in raw:
            raise DataError(f"{path} is no text: it holds zero bytes.") from None
    note(f"{path.name} is not UTF-8; it was read as Windows-1252")
    return raw.decode("cp1252", "replace")


def text_of(value: Any) -> str:
    """A raw value as text: a string, a file, bytes; nothing for an empty cell."""
    if isinstance(value, str):
        return without_lone(value)
    if isinstance(value, Path):
        return read_text(value)
    if value is None or value != value or type(value).__name__ == "NAType":
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def grouped(
    values: Sequence[Any], bad: dict[int, str] | None = None, size: int = GROUP
) -> Iterator[list[str]]:
    """The texts of raw values, some at a time, so that files are read as they are needed.

    Where `bad` is given, a file that cannot be read is an empty text, and its position and the reason go there.
    """
    for start in range(0, len(values), size):
        group = values[start : start + size]
        if not any(isinstance(v, Path) for v in group):
            yield list(map(text_of, group))
            continue
        texts: list[str] = []
        for i, got in enumerate(pool().map(_attempt, group), start):
            if isinstance(got, DataError):
                if bad is None:
                    raise got
                bad[i] = str(got)
            texts.append("" if isinstance(got, DataError) else got)
        yield texts


def _attempt(value: Any) -> str | DataError:
    try:
        return text_of(value)
    except DataError as e:
        return e
