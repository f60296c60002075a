"""Ratings as people have them, made fit to learn from; what is changed is said, what cannot be is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tipoff.collab.names import plain
from tipoff.data.cells import is_blank
from tipoff.data.formats import EXCEL, PARQUET
from tipoff.data.frame import heading, row_name
from tipoff.data.numbers import PLAIN
from tipoff.data.read_numbers import is_text, number_form, numbers
from tipoff.data.table import has_header, read_table
from tipoff.errors import DataError, did_you_mean, some
from tipoff.notes import note

if TYPE_CHECKING:
    from pandas import DataFrame, Series

MOST = 0.5  # of the cells
_OUT_OF = re.compile(r"\s*(?:/|out of|von|sur)\s*\d+\s*$", re.IGNORECASE)


def read_ratings(path: str | Path, **options: Any) -> DataFrame:
    """The table in a file; without a line of names, as MovieLens' u.data comes, they are user, item, rating and time.

    `options` go to `read_table`.
    """
    path = Path(path)
    frame: DataFrame = read_table(path, **options)
    if path.suffix.lower() not in (*PARQUET, *EXCEL) and not has_header(frame.columns):
        frame = read_table(path, header=None)
        frame = frame.rename(columns=dict(enumerate(("user", "item", "rating", "time"))))
        note(f"{path.name} has no line of names: its columns are taken for {some(frame.columns, 4)}")
    return frame


def columns_of(frame: DataFrame, names: list[Any], kinds: list[str]) -> list[Any]:
    """The columns that are meant: those named, otherwise the first ones. Raises `DataError` for one that is not there."""
    found = []
    for i, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        if name is None and i < len(frame.columns):
            name = frame.columns[i]
        name = None if name is None else heading(name)
        if name is None or name not in frame.columns:
            wanted = f"the column {name!r}" if name is not None else f"a column of {kind}s"
            raise DataError(
                f"The ratings lack {wanted}; there are {some(frame.columns, 12)}."
                f"{did_you_mean(str(name), map(str, frame.columns))} Pass {kind}_name=."
            )
        found.append(name)
    if len(set(found)) < len(found):
        raise DataError(
            f"The columns {some(found)} must differ; pass user_name=, item_name= and rating_name=."
        )
    return found


def usable(frame: DataFrame, user: Any, item: Any, rating: Any = None) -> np.ndarray:  # -> bool (N,)
    """Which rows can be learned from: those with a user, an item and a rating, the last of each pair.

    Others are counted in a note. Raises `DataError`, naming the row, for a rating that is no number.
    """
    if not len(frame):
        raise DataError("There are no ratings: the table has no rows.")
    keep = np.ones(len(frame), dtype=bool)
    for name in (user, item):
        missing = _blank(frame[name])
        _leave_out(frame, keep, missing, f"no {name}")
    if rating is not None:
        _leave_out(frame, keep, np.isnan(numbers_of(frame, rating)), f"no {rating}")
    again = np.zeros(len(frame), dtype=bool)
    rows = frame.loc[keep, [user, item]]
    again[np.flatnonzero(keep)] = rows.duplicated(keep="last").to_numpy()
    _leave_out(frame, keep, again, f"a {user} and {item} that come again further down (the last one counts)")
    if not keep.any():
        raise DataError(f"No row has a {user}, an {item} and a rating; there is nothing to learn from.")
    return keep


def as_ratings(column: Series[Any], decimal: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Read ratings: numbers in any writing, "4 stars", "4/5", "4 out of 5", or stars.

    Args:
        column: cells of any kind.
        decimal: what the file has before decimals, where that is known.

    Returns:
        Each rating, NaN where there is none, and which cells are neither, each (N,).

    Example:
        >>> import pandas as pd
        >>> as_ratings(pd.Series(["4/5", "3.5/5"]))[0].tolist(), as_ratings(pd.Series(["★★★★☆", "★"]))[0].tolist()
        ([4.0, 3.5], [4.0, 1.0])
    """
    if is_text(column):
        text = column.dropna().astype(str).str.strip()
        text = text[(text != "").to_numpy(bool)]
        if len(text) and text.str.fullmatch(r"[★⭐✭✮]+½?☆*").mean() > MOST:
            return numbers(column.map(_stars, na_action="ignore"))
        of = text.str.extract(r"(?:/|out of|von|sur)\s*(\d+)$", flags=re.IGNORECASE)[0]
        if of.notna().mean() > MOST and of.nunique() == 1:
            column = column.map(lambda v: re.sub(_OUT_OF, "", v) if isinstance(v, str) else v)
    form = number_form(column, decimal) or number_form(column, decimal, strict=False) or PLAIN
    return numbers(column, form)


def _stars(text: Any) -> Any:
    if not isinstance(text, str) or not text.strip() or not set(text.strip()) <= {*"★⭐✭✮½☆"}:
        return text
    return str(sum(c in "★⭐✭✮" for c in text) + 0.5 * text.count("½"))


def numbers_of(frame: DataFrame, rating: Any) -> np.ndarray:  # -> float64 (N,)
    """The ratings; NaN for an empty cell. Raises `DataError`, naming the row, for text and for infinite numbers."""
    column = frame[rating]
    made, wrong = as_ratings(column, frame.attrs.get("decimal"))
    wrong = wrong | np.isinf(made)
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{rating} is {plain(column.iloc[i])!r} in {row_name(frame, i)}; a rating is a finite number. Correct the cell, or "
            "leave it empty: the row is then left out."
            + (f" There are {int(wrong.sum())} such rows." if wrong.sum() > 1 else "")
        )
    return made


def _blank(column: Series[Any]) -> np.ndarray:
    return column.isna().to_numpy(bool) | (column.map(is_blank).to_numpy(bool) if is_text(column) else False)


def _leave_out(frame: DataFrame, keep: np.ndarray, wrong: np.ndarray, why: str) -> None:
    wrong = wrong & keep
    if wrong.any():
        n, i = int(wrong.sum()), int(np.flatnonzero(wrong)[0])
        note(f"{n:,} row{'s' * (n > 1)} left out, with {why}; the first is {row_name(frame, i)}")
        keep &= ~wrong


def need_range(values: np.ndarray, frame: DataFrame, rating: Any) -> None:
    """Refuse ratings that are all the same, and say where one is far from all the others."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        raise DataError(
            f"Every {rating} is {low:g}: there is nothing to predict. Where rows only say what somebody took "
            "(clicks, purchases), leave the column out; in Python, use CollabDataLoaders.from_clicks."
        )
    near, far = np.quantile(values, [0.01, 0.99])
    span = max(far - near, 1e-9)
    odd = (values > far + 3 * span) | (values < near - 3 * span)
    if odd.any() and len(values) >= 100:
        i = int(np.flatnonzero(odd)[0])
        note(
            f"{int(odd.sum()):,} of {len(values):,} ratings lie far outside of {near:g} to {far:g}, such as "
            f"{values[i]:g} in {row_name(frame, i)}; if that is a slip, correct it: it stretches the range of all answers"
        )
