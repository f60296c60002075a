"""Ways to find the label of an item: `f(item) -> label`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from tipoff.arguments import said
from tipoff.checked import checked
from tipoff.errors import DataError, UsageError, did_you_mean, some


def parent_label(o: str | Path) -> str:
    """The name of the folder that holds the file.

    >>> parent_label("photos/beagle/12.jpg")
    'beagle'
    """
    if not isinstance(o, (str, PathLike)):  # asked for each item: no decorator
        raise UsageError(f"The item {said(o)} is no path, so no folder says its label: get_y says how labels are read.")
    return Path(o).parent.name


@checked
@dataclass(frozen=True)
class RegexLabeller:
    """The first group of `pat` in the item's path (with forward slashes) or, for a name, in the name.

    `match=True` asks for a match from the beginning. Raises `DataError` where nothing matches.

    >>> RegexLabeller(r"([^/]+)_\\d+.jpg$")("photos/great_dane_12.jpg")
    'great_dane'
    """

    pat: str | re.Pattern[str]
    match: bool = False

    def __call__(self, o: str | Path) -> str:
        text = o.as_posix() if isinstance(o, Path) else str(o)
        found = re.match(self.pat, text) if self.match else re.search(self.pat, text)
        if found is None:
            raise DataError(
                f"The pattern {getattr(self.pat, 'pattern', self.pat)!r} matches nothing in {text!r}."
            )
        if not found.groups():
            raise DataError(
                f"The pattern {getattr(self.pat, 'pattern', self.pat)!r} has no group; put the label's part in "
                "brackets, such as ([^/]+)."
            )
        return str(found.group(1))


def need_label_columns(cols: Any, label_delim: str | None) -> None:
    """Raise `UsageError` where no column is named, or labels would be divided at nothing."""
    if not isinstance(cols, (str, int)) and not len(cols):
        raise UsageError("label_col names no column; the name or position of the labels' column is needed.")
    if label_delim == "":
        raise UsageError("label_delim is ''; the character between two labels of a cell is needed, such as ' ' or ';'.")


class ColReader:
    """Read column `cols` of a row, with `pref` before and `suff` behind it, split by `label_delim`.

    Several columns give a list.
    """

    @checked
    def __init__(
        self,
        cols: str | int | Sequence[str | int],
        pref: str | Path = "",
        suff: str = "",
        label_delim: str | None = None,
    ) -> None:
        need_label_columns(cols, label_delim)
        self.cols = [cols] if isinstance(cols, (str, int)) else list(cols)
        self.pref, self.suff, self.label_delim = pref, suff, label_delim

    def __call__(self, row: Any) -> Any:
        values = [self._one(row, col) for col in self.cols]
        return values[0] if len(values) == 1 else values

    def _one(self, row: Any, col: str | int) -> Any:
        try:
            value = row.iloc[col] if isinstance(col, int) and hasattr(row, "iloc") else row[col]
        except (KeyError, IndexError):
            columns = [str(c) for c in getattr(row, "index", range(len(row)))]
            raise DataError(
                f"There is no column {col!r}; there are {some(columns, 12)}.{did_you_mean(str(col), columns)}"
            ) from None
        if self.label_delim is not None:
            return str(value).split(self.label_delim) if isinstance(value, str) and value else []
        if isinstance(self.pref, Path):
            return self.pref / f"{value}{self.suff}"
        return f"{self.pref}{value}{self.suff}" if self.pref or self.suff else value
