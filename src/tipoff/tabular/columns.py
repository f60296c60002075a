"""What a raw row must have: the columns of a table as they were in training, and how their values are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tipoff.errors import DataError
from tipoff.notes import note
from tipoff.spec import Spec
from tipoff.tabular.values import LARGEST, Key, categories, key, numbers, of_kind, row_name

if TYPE_CHECKING:
    from pandas import DataFrame, Series

MAX_CHOICES = 200  # that a form offers


@dataclass(frozen=True)
class Column(Spec):
    """One column of the raw rows, as it was among the training rows.

    `choices` are the categories, the most frequent first (200 at most); `low` and `high` the range of numbers or dates
    (as text, ISO 8601); `typical` the median or the most frequent; `missing_ok` whether values were missing; `whole`
    whether all numbers were whole.
    """

    name: str
    kind: Literal["category", "number", "date", "flag"] = "number"
    choices: tuple[Key, ...] = ()
    low: float | str | None = None
    high: float | str | None = None
    typical: Key | None = None
    missing_ok: bool = False
    whole: bool = False

    def read(self, frame: DataFrame) -> Any:
        """The values of this column of `frame` as the steps take them; raises `DataError` with row and column."""
        return read_numbers(frame, self.name) if self.kind == "number" else frame[self.name]


def read_numbers(frame: DataFrame, name: str) -> np.ndarray:  # -> float64 (N,), NaN where missing
    """A column as numbers; infinite ones count as missing, which is said."""
    values, bad = numbers(frame[name])
    if bad.any():
        i, n = int(bad.argmax()), int(bad.sum())
        others = int(len(bad) - n - np.isnan(values[~bad]).sum())
        more = f" and {n - 1} more are not either" if n > 1 else ""
        raise DataError(
            f"Column {name}, {row_name(frame, i)}: {frame[name].iloc[i]!r:.60} is not a number{more}; "
            f"{others} others are. Leave the cell empty if it is unknown, or make {name} a category."
        )
    huge = np.abs(values) > LARGEST  # infinite, or so in float32
    if huge.any():
        i, n = int(huge.argmax()), int(huge.sum())
        rows = f"{row_name(frame, i)}" + (f" and {n - 1} more" if n > 1 else "")
        note(f"{name} is infinite in {rows}: taken as missing")
        values = np.where(huge, np.nan, values)
    return values


def number_column(name: str, values: np.ndarray) -> Column:  # float64 (N,)
    """What is to be known of a column of numbers, read by `read_numbers`."""
    there = values[~np.isnan(values)]
    missing = len(there) < len(values)
    if not len(there):
        return Column(name, missing_ok=missing)
    low, high, typical = float(there.min()), float(there.max()), float(np.median(there))
    return Column(
        name,
        low=low,
        high=high,
        typical=typical,
        missing_ok=missing,
        whole=bool((there == there.round()).all()),
    )


def category_column(column: Series) -> Column:
    """What is to be known of a column of categories."""
    codes, values = categories(column)
    keys = of_kind(map(key, values))
    counts = np.bincount(codes[codes >= 0], minlength=len(keys))
    n_of: dict[Key, int] = {}
    for k, n in zip(keys, counts.tolist(), strict=True):
        if k is not None and n:
            n_of[k] = n_of.get(k, 0) + n
    choices = sorted(n_of, key=lambda k: (-n_of[k], str(k)))
    return Column(
        str(column.name),
        "flag" if choices and isinstance(choices[0], bool) else "category",
        tuple(choices[:MAX_CHOICES]),
        typical=choices[0] if choices else None,
        missing_ok=sum(n_of.values()) < len(column),
    )
