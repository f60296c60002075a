"""Days since and until events, as new columns: fastai's `add_elapsed_times`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tipoff.checked import checked
from tipoff.data.frame import as_frame, need_columns
from tipoff.tabular.reading import find_formats, read_dates

if TYPE_CHECKING:
    from pandas import DataFrame

ROWS = 7  # that are added up


@checked
def add_elapsed_times(
    df: Any, field_names: str | Sequence[str], date_field: str, base_field: str, *, known: Any = None
) -> DataFrame:
    """A copy of `df` with the time to events of each row, among the rows of the same `base_field` (a shop, a patient).

    `field_names` are columns that are true where an event is: a holiday, a promotion. For each there are `AfterNAME`, the
    days since the last event; `BeforeNAME`, the days to the next, zero or negative; both 0 where there is none; `NAME_bw`
    and `NAME_fw`, the number of events in the seven rows up to this one and from this one on.

    `known` are other rows that count as well, and are not given back: beside rows to predict, those of before, and
    the calendar of events to come. Raises `DataError` for a missing column, and for what is no date.

    >>> import pandas as pd
    >>> df = pd.DataFrame({"day": ["2024-05-01", "2024-05-04", "2024-05-06"], "shop": 1, "sale": [0, 1, 0]})
    >>> add_elapsed_times(df, ["sale"], "day", "shop")[["Aftersale", "Beforesale", "sale_bw"]].values.tolist()
    [[0.0, -3.0, 0.0], [0.0, 0.0, 1.0], [2.0, 0.0, 1.0]]
    """
    import pandas as pd

    names = [field_names] if isinstance(field_names, str) else list(field_names)
    frame = as_frame(df).copy()
    need_columns(frame, [*names, date_field, base_field], "The table lacks")
    if known is not None:
        return _beside(frame, as_frame(known), names, date_field, base_field)
    dates = read_dates(frame, date_field, find_formats(frame[date_field]))
    frame[date_field] = dates
    frame[names] = frame[names].astype(bool)
    groups = pd.factorize(frame[base_field], use_na_sentinel=False)[0]
    made: dict[str, np.ndarray] = {}
    forth, back = np.lexsort((dates, groups)), np.lexsort((-dates.astype(np.int64), groups))
    for prefix, order in (("After", forth), ("Before", back)):
        for name in names:
            made[prefix + name] = _days(frame[name].to_numpy(), dates, groups, order)
    for suffix, order in (("_bw", forth), ("_fw", back)):
        for name in names:
            made[name + suffix] = _events(frame[name].to_numpy(), groups, order)
    return frame.assign(**made)


def _beside(
    frame: DataFrame, known: DataFrame, names: list[str], date_field: str, base_field: str
) -> DataFrame:
    """`frame` with its new columns, made among its rows and those that are known."""
    import pandas as pd

    columns = [*names, date_field, base_field]
    need_columns(known, columns, "The known rows lack")
    parts = []
    for part in (known[columns], frame):  # each may write its dates in its own way
        dates = read_dates(part, date_field, find_formats(part[date_field]))
        parts.append(part.assign(**{date_field: dates}))
    both = add_elapsed_times(pd.concat(parts, ignore_index=True), names, date_field, base_field)
    made = both.iloc[len(known) :][[*frame.columns, *(c for c in both.columns if c not in frame.columns)]]
    return made.set_axis(frame.index, axis=0)


def _starts(groups: np.ndarray) -> np.ndarray:  # (N,), in order
    """For each row, where the rows of its group begin."""
    first = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    return np.repeat(first, np.diff(np.r_[first, len(groups)]))


def _days(events: np.ndarray, dates: np.ndarray, groups: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Days from the last event in `order` to each row, 0 where there was none."""
    at = np.arange(len(order))
    last = np.maximum.accumulate(np.where(events[order], at, -1))
    known = last >= _starts(groups[order])
    day = dates[order]
    days: np.ndarray = (day - day[last]).astype("timedelta64[D]").astype(np.int64)
    days[~known | np.isnat(day) | np.isnat(day[last])] = 0
    out = np.empty_like(days)
    out[order] = days
    return out


def _events(events: np.ndarray, groups: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The number of events in the last seven rows of the group in `order`."""
    total = np.r_[0, np.cumsum(events[order])]
    at = np.arange(len(order))
    out = np.empty(len(order))
    out[order] = total[at + 1] - total[np.maximum(at + 1 - ROWS, _starts(groups[order]))]
    return out
