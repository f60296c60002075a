"""The parts of a date as columns: fastai's `add_datepart`, and the same as a step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from tipoff.checked import checked
from tipoff.data.frame import as_frame, need_columns
from tipoff.errors import DataError, UsageError
from tipoff.notes import note
from tipoff.tabular.procs import TabularProc
from tipoff.tabular.reading import find_formats, read_dates
from tipoff.tabular.values import Columns, small

if TYPE_CHECKING:
    from pandas import DataFrame

AS_CATEGORY = ("Month", "Dayofweek", "Hour")  # and all that begin with Is_
DAY = 86_400  # seconds


def date_parts(dates: np.ndarray, time: bool = False) -> dict[str, np.ndarray]:  # datetime64 (N,)
    """Year, Month, Week (ISO 8601), Day, Dayofweek (Monday is 0), ..., Elapsed (seconds since 1970), in fastai's order.

    Whole numbers, or floats with NaN where dates are missing; Is_ parts are false there.

    >>> parts = date_parts(np.array(["2024-12-31"], "datetime64[D]"))
    >>> [parts[p].item() for p in ("Year", "Month", "Week", "Dayofweek", "Dayofyear", "Is_year_end")]
    [2024, 12, 1, 1, 366, True]
    """
    missing = np.isnat(dates)
    known = np.where(missing, np.datetime64(0, "s"), dates.astype("datetime64[s]"))
    days, months, years = (known.astype(f"datetime64[{unit}]") for unit in "DMY")
    one = np.timedelta64(1, "D")
    year, month = years.astype(int) + 1970, months.astype(int) % 12 + 1
    day = (days - months.astype("datetime64[D]")).astype(int) + 1
    weekday = (days.astype(int) + 3) % 7
    thursday = days + (3 - weekday) * one  # the week is that of its Thursday, in that day's year
    week = (thursday - thursday.astype("datetime64[Y]").astype("datetime64[D]")).astype(int) // 7 + 1
    first, last = day == 1, (days + one).astype("datetime64[M]") > months
    made = {
        "Year": year,
        "Month": month,
        "Week": week,
        "Day": day,
        "Dayofweek": weekday,
        "Dayofyear": (days - years.astype("datetime64[D]")).astype(int) + 1,
        "Is_month_end": last,
        "Is_month_start": first,
        "Is_quarter_end": last & (month % 3 == 0),
        "Is_quarter_start": first & (month % 3 == 1),
        "Is_year_end": last & (month == 12),
        "Is_year_start": first & (month == 1),
    }
    second = known.astype(int)
    if time:
        made |= {"Hour": second % DAY // 3600, "Minute": second % 3600 // 60, "Second": second % 60}
    made["Elapsed"] = second
    if not missing.any():
        return made
    return {k: v & ~missing if v.dtype == bool else np.where(missing, np.nan, v) for k, v in made.items()}


def prefix_of(field_name: str) -> str:
    """What the names of the parts of a date begin with: the column's own, without "date" at the end."""
    return re.sub("[Dd]ate$", "", field_name)


@checked
def add_datepart(
    df: Any, field_name: str, prefix: str | None = None, drop: bool = True, time: bool = False
) -> DataFrame:
    """Add columns with the parts of the date in `field_name`: Year, Month, Week, ..., Is_year_start, Elapsed (seconds).

    With `time`, also Hour, Minute and Second; with `drop`, without the column itself. A pandas frame is changed in
    place, as in fastai, and returned. `Datepart` is the same as a step, which the model file keeps.

    >>> import pandas as pd
    >>> add_datepart(pd.DataFrame({"saledate": ["2024-05-31"]}), "saledate").saleDayofweek.tolist()
    [4]
    """
    frame = as_frame(df)
    need_columns(frame, [field_name], "The table lacks")
    dates = read_dates(frame, field_name, find_formats(frame[field_name]))
    prefix = prefix_of(field_name) if prefix is None else prefix
    if drop:
        del frame[field_name]
    else:
        frame[field_name] = dates
    for part, values in date_parts(dates, time).items():
        frame[prefix + part] = (
            values.astype(np.int32) if values.dtype == int and part != "Elapsed" else values
        )
    return frame


@dataclass(frozen=True)
class Datepart(TabularProc):
    """The parts of the date in `column` in its place, as `add_datepart` names them.

    Months, days of the week, hours and the Is_ parts become categories, the others numbers. Parts that are the same in all
    training rows are left out. `time` adds hour, minute and second (None: where there are times); `format` says how dates
    are written, as in strptime, where that is not plain.
    """

    order: ClassVar[int] = -1

    column: str
    prefix: str | None = None
    time: bool | None = None
    format: str | None = None
    parts: tuple[str, ...] = ()

    def setup(self, columns: Columns, cats: list[str], conts: list[str]) -> tuple[Self, list[str], list[str]]:
        dates = columns[self.column]
        assert isinstance(dates, np.ndarray)
        there = dates[~np.isnat(dates)]
        time = bool((there != there.astype("datetime64[D]")).any()) if self.time is None else self.time
        made = date_parts(there, time)
        parts = tuple(p for p, values in made.items() if (values != values[0]).any())
        prefix = self._free_prefix(parts, columns)
        if not parts:
            raise DataError(f"All dates in the column {self.column} are the same; leave it out.")
        fitted = self.replace(prefix=prefix, time=time, parts=parts)
        of_cats = [p for p in parts if p in AS_CATEGORY or p.startswith("Is_")]
        of_conts = [p for p in parts if p not in of_cats]
        return fitted, cats + [prefix + p for p in of_cats], conts + [prefix + p for p in of_conts]

    def _free_prefix(self, parts: Sequence[str], columns: Columns) -> str:
        """What the names of the parts begin with: as asked, else fastai's, or one that is not taken, which is said."""

        def taken(prefix: str) -> list[str]:
            return [prefix + p for p in parts if prefix + p in columns]

        prefix = prefix_of(self.column) if self.prefix is None else self.prefix
        if not (names := taken(prefix)):
            return prefix
        if self.prefix is not None:
            raise UsageError(
                f"The table has a column {names[0]!r} already; pass Datepart({self.column!r}, prefix=...)."
            )
        free = next(p for n in count() if not taken(p := f"{self.column}_" * (n + 1)))
        note(
            f"the table has a column {names[0]} already: the parts of {self.column} are called {free}{parts[0]} and so on"
        )
        return free

    def apply(self, columns: Columns) -> Columns:
        dates, prefix = columns[self.column], self.prefix or ""
        assert isinstance(dates, np.ndarray)
        found = date_parts(dates, bool(self.time))
        made: Columns = {name: v for name, v in columns.items() if name != self.column}
        for part in self.parts:
            values = found[part]
            as_category = part in AS_CATEGORY or part.startswith("Is_")
            made[prefix + part] = small(values) if as_category else values.astype(np.float64)
        return made

    def undo(self, columns: Columns) -> Columns:
        elapsed = columns.get(f"{self.prefix}Elapsed")
        if not isinstance(elapsed, np.ndarray):
            return columns
        unit = 60 if self.time else DAY  # float32 keeps no more
        seconds = np.where(np.isnan(elapsed), 0, elapsed)
        dates = ((seconds / unit).round() * unit).astype(np.int64).astype("datetime64[s]")
        dates[np.isnan(elapsed)] = np.datetime64("NaT", "s")
        parts = {f"{self.prefix}{p}" for p in self.parts}
        return {**{n: v for n, v in columns.items() if n not in parts}, self.column: dates}
