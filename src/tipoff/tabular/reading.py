"""Dates in whatever form they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipoff.data.cells import is_blank
from tipoff.data.frame import row_name
from tipoff.data.read_numbers import is_text
from tipoff.errors import DataError
from tipoff.notes import note

if TYPE_CHECKING:
    from pandas import DataFrame, Series

ISO = "ISO8601"  # pandas' name for it
_DAYS = ("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%y", "%m/%d/%y",
         "%d/%m/%y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
FORMATS = (ISO, *(day + time for day in _DAYS for time in _TIMES))
SAMPLE = 1000  # values that the forms are found by


def _try(text: Series, form: str) -> np.ndarray:  # -> datetime64[s] (N,), NaT where the form does not fit
    import pandas as pd

    try:
        read = pd.to_datetime(text, format=form, errors="coerce")
        read = read.dt.tz_localize(None)
    except (ValueError, AttributeError):  # of several time zones
        read = pd.to_datetime(text, format=form, errors="coerce", utc=True).dt.tz_localize(None)
    return read.to_numpy().astype("datetime64[s]")


def find_formats(column: Series, whole: bool = False) -> tuple[str, ...]:
    """The forms in which the dates of a column are written, the most frequent first.

    () where none is a date, or with `whole`, where any value is none; and for columns that hold no text.

    >>> import pandas as pd
    >>> find_formats(pd.Series(["2024-05-31", "31.05.2024", "2024-06-01"]))
    ('ISO8601', '%d.%m.%Y')
    """
    if not is_text(column):
        return ()
    text = column.dropna()
    if len(text) > SAMPLE:
        text = text.iloc[np.linspace(0, len(text) - 1, SAMPLE).astype(int)]
    text = text.astype(str).str.strip()
    text = text[text != ""]
    left = text[text.str.contains(r"\d.*\D.*\d", regex=True)]  # a number alone is no date
    n_read = 0
    found: list[str] = []
    while len(left):
        read = {form: ~np.isnat(_try(left, form)) for form in FORMATS}
        best = max(read, key=lambda form: int(read[form].sum()))
        if not read[best].any():
            break
        other = best.replace("%m/%d", "%d/%m").replace("%d-%m", "%m-%d")
        if other != best and not found and read[other].all() and read[best].all():
            note(
                f"{column.name}: {left.iloc[0]} was taken as {best.replace('%', '')}; if it is {other.replace('%', '')}, say "
                f"so: Datepart({column.name!r}, format={other!r})"
            )
        found.append(best)
        n_read += int(read[best].sum())
        left = left[~read[best]]
    return () if whole and n_read < len(text) else tuple(found)


def read_dates(frame: DataFrame, name: str, formats: tuple[str, ...]) -> np.ndarray:  # -> datetime64[s] (N,)
    """A column as dates without a time zone, NaT where the cell is empty; text is read by `formats`.

    Raises `DataError`, naming the row, for what is no date.
    """
    import pandas as pd

    column = frame[name]
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        known: np.ndarray = column.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
        return known
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if not is_text(column):
        if column.isna().all():
            return np.full(len(column), np.datetime64("NaT", "s"))
        raise DataError(
            f"The column {name} holds {column.dtype}, which are no dates; make dates of numbers by "
            f"pd.to_datetime(df[{name!r}], unit='s')."
        )
    out, wrong = _read_text(column, formats)
    if wrong.any():
        i, n = int(wrong.argmax()), int(wrong.sum())
        more = f" and {n - 1} more are not either" if n > 1 else ""
        forms = ", ".join(
            "2024-05-31" if f == ISO else pd.Timestamp("2024-05-31").strftime(f) for f in formats
        )
        hint = f" Dates are written as {forms} here." if forms else ""
        raise DataError(
            f"Column {name}, {row_name(frame, i)}: {column.iloc[i]!r:.40} is no date{more}.{hint} "
            "Leave the cell empty if it is unknown."
        )
    return out


def undated(column: Series, formats: tuple[str, ...]) -> np.ndarray:  # -> bool (N,)
    """Which cells of a column of text are neither empty nor dates that are written as `formats` say."""
    return _read_text(column, formats)[1]


def _read_text(column: Series, formats: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The dates, NaT where there is none, and which cells are neither empty nor a date: (N,), (N,)."""
    there = ~column.map(is_blank).to_numpy(dtype=bool)
    out = np.full(len(column), np.datetime64("NaT", "s"))
    for form in formats or (ISO,):
        todo = np.isnat(out) & there
        if todo.any():
            out[todo] = _try(column[todo].astype(str).str.strip(), form)
    return out, np.isnat(out) & there
