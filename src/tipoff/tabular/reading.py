"""Dates in whatever form they are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from tipoff.data.cells import NO_VALUE, is_blank
from tipoff.data.frame import row_name
from tipoff.data.read_numbers import is_text
from tipoff.errors import DataError
from tipoff.notes import note
from tipoff.tabular.months import MONTHS

if TYPE_CHECKING:
    from pandas import DataFrame, Series

ISO = "ISO8601"  # pandas' name for it
_DAYS = ("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%y", "%m/%d/%y",
         "%d/%m/%y", "%d %b %Y", "%d-%b-%Y", "%d. %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_MONTHS = ("%m/%Y", "%b %Y", "%B %Y", "%b-%Y")
DIGITS = "%Y%m%d"  # of whole numbers too
FORMATS = (ISO, *(day + time for day in _DAYS for time in _TIMES), *_MONTHS)
_WORD = re.compile(r"[^\W\d_]+\.?")
_IS_DATE = r"\d.*\D.*\d|[A-Za-z]{3,9}[ -]\d{4}"
NO_DATE = {*NO_VALUE, "0000-00-00", "0000-00-00 00:00:00", "00.00.0000", "00/00/0000"}
SAMPLE = 1000  # values that the forms are found by

# 2024-07-06T12:00:00.5+02:00 is the time on the wall there; the date of a mail begins with the day of the week
_BEHIND = re.compile(r"(:\d\d)(?:[.,]\d+)?\s*(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$", re.IGNORECASE)
_WEEKDAY = re.compile(r"^([^\W\d]{2,10})\.?,?\s+(?=\d)")
_NOT_PLAIN = r":\d\d(?:[.,]\d|\s*(?:Z|[A-Z]{3}|[+-]\d\d))|[A-Za-z]{2}"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _try(text: Series, form: str) -> np.ndarray:  # -> datetime64[s] (N,), NaT where the form does not fit
    import pandas as pd

    read = pd.to_datetime(text, format=form.replace("%B", "%b"), errors="coerce")
    return read.to_numpy().astype("datetime64[s]")


def _plain(column: Series) -> Series:
    """Text as the forms have it: without an offset from UTC, parts of seconds and the day of the week; months in English."""
    text = column.astype(str).str.strip()
    return text.map(_plain_text) if text.str.contains(_NOT_PLAIN, regex=True).any() else text


def _plain_text(text: str) -> str:
    text = _BEHIND.sub(r"\1", text)
    text = _WEEKDAY.sub(lambda word: word[0] if word[1].casefold() in MONTHS else "", text)
    return _WORD.sub(lambda word: MONTHS.get(word[0].casefold(), word[0]), text)


def find_formats(column: Series, whole: bool = False) -> tuple[str, ...]:
    """The forms in which the dates of a column are written, the most frequent first.

    () where none is a date, or with `whole`, where any value is none. Whole numbers such as 20240531 are dates where all are.

    >>> import pandas as pd
    >>> find_formats(pd.Series(["2024-05-31", "31.05.2024", "2024-06-01"]))
    ('ISO8601', '%d.%m.%Y')
    """
    if _are_digits(column):
        return (DIGITS,)
    if not is_text(column):
        return ()
    text = column.dropna()
    if len(text) > SAMPLE:
        text = text.iloc[np.linspace(0, len(text) - 1, SAMPLE).astype(int)]
    text = _plain(text)
    text = text[~text.str.lower().isin({"", *NO_DATE})]
    if _are_seasons(text):
        return ()
    left = text[text.str.contains(_IS_DATE, regex=True)]  # a number alone is no date
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
    """A column as dates, NaT where there is none; text is read by `formats`, and as 2024-05-31, which can mean one day only.

    Where a time has an offset from UTC or a time zone, it is the time on the wall there, as it was written: in one row as in many.
    Raises `DataError`, naming the row, for what is no date.
    """
    import pandas as pd

    column = frame[name]
    if DIGITS in formats and pd.api.types.is_numeric_dtype(column.dtype):
        column = column.astype("Int64").astype(object)
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
        also = "" if ISO in formats else ", or as 2024-05-31"
        hint = f" Dates are written as {forms} here{also}." if forms else ""
        raise DataError(
            f"Column {name}, {row_name(frame, i)}: {column.iloc[i]!r:.40} is no date{more}.{hint} "
            "Leave the cell empty if it is unknown."
        )
    return out


def _are_digits(column: Series) -> bool:
    """Whether a column of whole numbers, or of text of eight digits, is one of dates such as 20240531."""
    import pandas as pd

    if pd.api.types.is_integer_dtype(column.dtype):
        there = column.dropna()
        if not len(there) or there.min() < 19000101 or there.max() > 21001231:
            return False
    elif is_text(column):
        there = column.dropna().head(SAMPLE)
        if (
            not len(there)
            or not there.map(
                lambda v: isinstance(v, str) and len(v.strip()) == 8 and v.strip().isdigit()
            ).all()
        ):
            return False
    else:
        return False
    text = pd.Series(there.unique()).astype(str).str.strip()
    return len(text) > 1 and not bool(np.isnat(_try(text, DIGITS)).any())


def _are_seasons(text: Series) -> bool:
    """Whether 2011-12 means two years, not December: in a column of nothing else."""
    found = text.str.extract(r"^(\d{4})-(\d\d)$")
    if not len(text) or found.isna().any(axis=None):
        return False
    return bool(((found[0].astype(int) + 1) % 100 == found[1].astype(int)).all()) and text.nunique() > 2


def undated(column: Series, formats: tuple[str, ...]) -> np.ndarray:  # -> bool (N,)
    """Which cells of a column of text are neither empty nor dates that are written as `formats` say."""
    return _read_text(column, formats)[1]


def _read_text(column: Series, formats: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The dates, NaT where there is none, and which cells are neither empty nor a date: (N,), (N,)."""
    there = ~column.map(is_blank).to_numpy(dtype=bool)
    out = np.full(len(column), np.datetime64("NaT", "s"))
    if not there.any():
        return out, ~there & False
    text = _plain(column[there])
    there[there] = ~text.str.lower().isin(NO_DATE).to_numpy(bool)
    text = text[~text.str.lower().isin(NO_DATE).to_numpy(bool)]
    read = out[there]
    for form in dict.fromkeys([*formats, ISO]):
        todo = np.isnat(read)
        if form not in formats and formats:  # 2024 alone is no day
            todo &= text.map(lambda t: _DAY.match(t) is not None).to_numpy(bool)
        if todo.any():
            read[todo] = _try(text[todo], form)
    out[there] = read
    return out, np.isnat(out) & there
