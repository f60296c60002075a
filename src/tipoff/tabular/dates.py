"""Dates: reading them in whatever form they are written, and the parts of a date as columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from tipoff.errors import DataError, UsageError
from tipoff.notes import note
from tipoff.tabular.columns import Column
from tipoff.tabular.frame import as_frame, need_columns
from tipoff.tabular.procs import TabularProc, with_columns
from tipoff.tabular.values import is_blank, row_name

if TYPE_CHECKING:
    from pandas import DataFrame, Series

ISO = "ISO8601"  # pandas' name for it
FORMATS = (ISO, *(f"{day}{time}" for day in ("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%y", "%m/%d/%y",
                                            "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")
                                for time in ("", " %H:%M", " %H:%M:%S")))  # fmt: skip
SAMPLE = 1000  # values that a format is chosen by
DATE_PARTS = ("Year", "Month", "Week", "Day", "Dayofweek", "Dayofyear", "Is_month_end", "Is_month_start",
              "Is_quarter_end", "Is_quarter_start", "Is_year_end", "Is_year_start")  # fmt: skip
TIME_PARTS = ("Hour", "Minute", "Second")
AS_CATEGORY = ("Month", "Dayofweek", "Hour")  # and all that begin with Is_


def is_text(column: Series) -> bool:
    """Whether a column holds text, or a mixture."""
    import pandas as pd

    return pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype)


def _try(text: Series, form: str) -> Series:
    import pandas as pd

    try:
        read = pd.to_datetime(text, format=form, errors="coerce")
    except ValueError:  # of several time zones
        read = pd.to_datetime(text, format=form, errors="coerce", utc=True)
    return read.dt.tz_localize(None)


def find_formats(column: Series) -> tuple[str, ...]:
    """The forms in which the dates of a column of text are written, the most frequent first; () where they are none.

    >>> import pandas as pd
    >>> find_formats(pd.Series(["2024-05-31", "31.05.2024", "2024-06-01"]))
    ('ISO8601', '%d.%m.%Y')
    """
    left = column.dropna()
    if len(left) > SAMPLE:
        left = left.iloc[np.linspace(0, len(left) - 1, SAMPLE).astype(int)]
    left = left.astype(str)[lambda s: s.str.contains(r"\d", regex=True)]
    found: list[str] = []
    while len(left):
        read = {form: _try(left, form).notna() for form in FORMATS}
        best = max(read, key=lambda form: int(read[form].sum()))
        if not read[best].any():
            break
        n = int(read[best].sum())
        if (
            (other := best.replace("%m/%d", "%d/%m")) != best
            and other not in found
            and int(read[other].sum()) == n
        ):
            note(f"{column.name}: {left.iloc[0]} was read with the month first; Datepart({column.name!r}, format={other!r}) "
                 "reads it with the day first", once=True)  # fmt: skip
        found.append(best)
        left = left[~read[best]]
    return tuple(found)


def read_dates(frame: DataFrame, name: str, formats: tuple[str, ...] | None = None) -> Series:
    """A column as dates without a time zone, NaT where it is empty.

    Text is read by `formats`, or those that are found. Raises `DataError`, naming the row, for what is no date.
    """
    import pandas as pd

    column = frame[name]
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.dt.tz_localize(None)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if not is_text(column):
        raise DataError(
            f"The column {name} holds {column.dtype}, which are no dates; turn numbers into dates by pd.to_datetime(df[{name!r}], unit=...)."
        )
    if formats is None:
        formats = find_formats(column)
    text = (
        column.map(lambda v: None if is_blank(v) else str(v))
        if column.dtype == object
        else column.str.strip().replace("", None)
    )
    there = text.notna()
    out = pd.Series(pd.NaT, index=column.index, dtype="datetime64[ns]", name=name)
    for form in formats or (ISO,):
        todo = out.isna() & there
        if not todo.any():
            break
        out[todo] = _try(text[todo], form)
    wrong = (out.isna() & there).to_numpy()
    if wrong.any():
        i, n = int(wrong.argmax()), int(wrong.sum())
        more = f" and {n - 1} more are not either" if n > 1 else ""
        forms = ", ".join(
            "2024-05-31" if f == ISO else pd.Timestamp("2024-05-31").strftime(f) for f in formats
        )
        raise DataError(
            f"Column {name}, {row_name(frame, i)}: {column.iloc[i]!r:.40} is no date{more}; {int(out.notna().sum())} others are"
            f"{f', written as {forms}' if forms else ''}. Leave the cell empty if it is unknown."
        )
    return out


def date_column(frame: DataFrame, name: str) -> Column:
    """What is to be known of a column of dates."""
    dates = read_dates(frame, name)
    there = dates.dropna()
    if not len(there):
        raise DataError(f"The column {name} has no date in any row; leave it out.")
    low, high, typical = (
        iso(v) for v in (there.min(), there.max(), there.sort_values().iloc[len(there) // 2])
    )
    return Column(name, "date", low=low, high=high, typical=typical, missing_ok=len(there) < len(dates))


def iso(date: Any) -> str:
    """A date as text, without the time where that is midnight."""
    return str(date.date()) if date == date.normalize() else str(date)


def parts_of(dates: Series, prefix: str, time: bool = False) -> dict[str, Any]:
    """fastai's columns of a date: `prefix` + Year, Month, Week, ..., and Elapsed, the seconds since 1970."""
    made: dict[str, Any] = {}
    for part in (*DATE_PARTS, *(TIME_PARTS if time else ())):
        found = (
            dates.dt.isocalendar().week.astype("float64")
            if part == "Week"
            else getattr(dates.dt, part.lower())
        )
        made[prefix + part] = found.astype("int32") if part == "Week" and found.notna().all() else found
    seconds = dates.to_numpy().astype("datetime64[s]").astype(np.int64)
    missing = dates.isna().to_numpy()
    made[prefix + "Elapsed"] = np.where(missing, np.nan, seconds) if missing.any() else seconds
    return made


def prefix_of(field_name: str) -> str:
    """What the names of the parts of a date begin with: the column's own, without "date" at the end."""
    return re.sub("[Dd]ate$", "", field_name)


def add_datepart(
    df: Any, field_name: str, prefix: str | None = None, drop: bool = True, time: bool = False
) -> DataFrame:
    """Add columns with the parts of the date in `field_name`: Year, Month, Week, ..., Is_year_start, Elapsed (seconds).

    With `time`, also Hour, Minute and Second; with `drop`, without the column itself. A pandas frame is changed in
    place, as in fastai, and returned. `Datepart` is the same as a step, which is kept in the model file.

    >>> import pandas as pd
    >>> add_datepart(pd.DataFrame({"saledate": ["2024-05-31"]}), "saledate").saleDayofweek.tolist()
    [4]
    """
    frame = as_frame(df)
    need_columns(frame, [field_name], "The table lacks")
    dates = read_dates(frame, field_name)
    frame[field_name] = dates
    for name, values in parts_of(dates, prefix_of(field_name) if prefix is None else prefix, time).items():
        frame[name] = values
    if drop:
        frame.drop(columns=field_name, inplace=True)
    return frame


@dataclass(frozen=True)
class Datepart(TabularProc):
    """The parts of the date in `column` in its place, as `add_datepart` names them.

    Months, days of the week, hours and the Is_ parts become categories, the others numbers. Parts that are the same in all
    training rows are left out. `time` adds hour, minute and second (None: where there are times); `format` is how dates are
    written, as in strptime, where that is not found out.
    """

    order: ClassVar[int] = -1

    column: str
    prefix: str | None = None
    time: bool | None = None
    format: str | None = None
    formats: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    def setup(self, df: DataFrame, cats: list[str], conts: list[str]) -> tuple[Self, list[str], list[str]]:
        need_columns(df, [self.column], "The table lacks")
        text = is_text(df[self.column])
        formats = ((self.format,) if self.format else find_formats(df[self.column])) if text else (ISO,)
        dates = read_dates(df, self.column, formats)
        time = (
            bool((dates.dropna() != dates.dropna().dt.normalize()).any()) if self.time is None else self.time
        )
        prefix = prefix_of(self.column) if self.prefix is None else self.prefix
        made = parts_of(dates, prefix, time)
        if taken := sorted(set(made) & set(df.columns)):
            raise UsageError(
                f"The table has a column {taken[0]!r} already; pass Datepart({self.column!r}, prefix=...)."
            )
        parts = tuple(p for p, values in made.items() if len(set(np.asarray(values).tolist())) > 1)
        of_cats = [
            p for p in parts if (name := p.removeprefix(prefix)).startswith("Is_") or name in AS_CATEGORY
        ]
        fitted = self.replace(prefix=prefix, time=time, formats=formats, parts=parts)
        return fitted, cats + of_cats, conts + [p for p in parts if p not in of_cats]

    def apply(self, df: DataFrame) -> DataFrame:
        assert self.prefix is not None
        made = parts_of(read_dates(df, self.column, self.formats), self.prefix, bool(self.time))
        return with_columns(
            df,
            {
                p: np.asarray(made[p]) if p.startswith(f"{self.prefix}Is_") else np.asarray(made[p], float)
                for p in self.parts
            },
        )
