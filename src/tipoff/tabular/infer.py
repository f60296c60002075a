"""Which columns of a table are categories, numbers and dates, and which say nothing, where nobody tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipoff.checked import checked
from tipoff.data.frame import row_name
from tipoff.data.numbers import PERCENT, units_of
from tipoff.data.read_numbers import is_text, number_form, numbers
from tipoff.errors import DataError
from tipoff.notes import note
from tipoff.tabular.leaks import find_leaks
from tipoff.tabular.reading import find_formats, undated
from tipoff.tabular.shrink import cont_cat_split

if TYPE_CHECKING:
    from pandas import DataFrame, Series

FREE_TEXT = 0.5  # of the rows have another text: no category
ROWS_A_VALUE = 10  # on average, of whole numbers that are categories
NEARLY = 0.75  # of the values are numbers, or dates: the others are slips


class Kinds(NamedTuple):
    """The columns of a table by what they are; `left_out` says why, `doubts` what is used all the same."""

    cats: list[str]
    conts: list[str]
    dates: list[str]
    left_out: dict[str, str]
    doubts: list[str]

    def __str__(self) -> str:
        named = {"categories": self.cats, "numbers": self.conts, "dates": self.dates}
        used = "; ".join(f"{what}: {', '.join(names)}" for what, names in named.items() if names)
        out = "; ".join(f"{name} ({why})" for name, why in self.left_out.items())
        return used + (f". Left out: {out}" if out else "")


@checked
def infer_columns(frame: DataFrame, y_names: Sequence[str] = (), max_card: int = 20) -> Kinds:
    """The kinds of all columns but those that are predicted.

    Dates are dates, or text that can be read as such; the others go by `cont_cat_split`, and so does text that is a number in
    each row, with more than `max_card` values. Whole numbers of fewer values are numbers too where these hardly repeat, as in a
    small table. Left out is what cannot help: columns that are empty or the same in all rows,
    ids, copies of the answer, and text that is another in most rows.

    >>> import pandas as pd
    >>> print(infer_columns(pd.DataFrame({"age": range(30), "sold": ["2024-05-01", "2024-05-02"] * 15, "x": 1})))
    numbers: age; dates: sold. Left out: x (the same in all rows)
    """
    others = [c for c in frame.columns if c not in y_names]
    left_out: dict[str, str] = {}
    dates: list[str] = []
    for name in others:
        why = _useless(frame[name])
        if why is not None:
            left_out[name] = why
        elif _is_date(frame[name]):
            dates.append(name)
    rest = [c for c in others if c not in left_out and c not in dates]
    decimal = frame.attrs.get("decimal")
    read = {c: made for c in rest if (made := as_numbers(frame[c], max_card, decimal)) is not None}
    in_words = list(read)
    frame = frame.assign(**read)
    leaks = find_leaks(frame, rest, y_names)
    left_out |= {leak.column: _short(leak.kind, y_names) for leak in leaks if leak.kind != "decides"}
    for name in rest:
        if name not in left_out and name not in in_words:
            _say_nearly(frame, name, max_card)
    for name in rest:
        if name not in left_out and is_text(frame[name]) and _is_free_text(frame[name]):
            left_out[name] = f"text, with {frame[name].nunique():,} different values"
    used = [c for c in rest if c not in left_out]
    few_rows = [c for c in used if _is_whole(frame[c]) and _hardly_repeats(frame[c])]
    conts, cats = cont_cat_split(frame[[c for c in used if c not in few_rows]], max_card)
    conts = [c for c in used if c in {*conts, *few_rows}]
    if not (cats or conts or dates):
        why = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        raise DataError(f"The table has no column to learn from{f' ({why})' if why else ''}.")
    return Kinds(cats, conts, dates, left_out, [leak.why for leak in leaks if leak.kind == "decides"])


def _useless(column: Series) -> str | None:
    if column.isna().all():
        return "empty"
    if column.dtype.kind == "m":
        return "durations: make numbers of them, by .dt.days"
    try:
        return "the same in all rows" if column.nunique(dropna=False) == 1 and len(column) > 1 else None
    except TypeError:
        return f"holds a {type(column.dropna().iloc[0]).__name__} in each row"


def _is_date(column: Series) -> bool:
    import pandas as pd

    return pd.api.types.is_datetime64_any_dtype(column.dtype) or bool(find_formats(column, whole=True))


def as_numbers(column: Series, max_card: int = 20, decimal: str | None = None) -> Series | None:
    """A column of text, or of decimals of a database, as numbers; None where it holds none, or whole ones that may be classes.

    >>> import pandas as pd
    >>> as_numbers(pd.Series(["£1,250", "£3.50"])).tolist(), as_numbers(pd.Series(["1", "2"] * 30)) is None
    ([1250.0, 3.5], True)
    """
    import pandas as pd

    if not is_text(column) or not column.notna().any() or (form := number_form(column, decimal)) is None:
        return None
    values, bad = numbers(column, form)
    if bad.any() or np.isnan(values).all():
        return None
    there = values[~np.isnan(values)]
    few = len(np.unique(there)) <= max_card and not _hardly_repeats(column)
    if few and not form.unit and bool((there == there.round()).all()):
        return None
    return pd.Series(values, column.index, name=column.name)


def _is_whole(column: Series) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_integer_dtype(column.dtype))


def _hardly_repeats(column: Series) -> bool:
    """Whether there are so few rows for each value that a category would know little of it; two values always may be one."""
    n = column.nunique()
    return bool(n > 2 and column.count() < ROWS_A_VALUE * n)


def nearly_numbers(column: Series, decimal: str | None = None) -> int | None:
    """Where the first cell of a column of text is that is no number, if nearly all others are.

    >>> import pandas as pd
    >>> nearly_numbers(pd.Series(["1", "2", "old", "4", None, "6"] * 10))
    2
    """
    form = number_form(column, decimal, strict=False)
    return None if form is None else _first(numbers(column, form)[1], column)


def _first(bad: np.ndarray, column: Series) -> int | None:
    n_bad, n = int(bad.sum()), int(column.notna().sum())
    return int(bad.argmax()) if 0 < n_bad <= (1 - NEARLY) * n else None


def _say_nearly(frame: DataFrame, name: str, max_card: int) -> None:
    """A note where a few cells keep a column of text from being one of numbers, or of dates."""
    column = frame[name]
    if not is_text(column) or column.nunique() <= max_card:
        return
    what, at = "numbers", nearly_numbers(column, frame.attrs.get("decimal"))
    if at is None and (formats := find_formats(column)):
        what, at = "dates", _first(undated(column, formats), column)
    if at is not None:
        note(
            f"{name} holds {column.iloc[at]!r:.40} in {row_name(frame, at)}, and nearly all others are {what}: it is not taken as {what}. "
            "Correct such cells, or leave them empty"
        )
    elif (
        len(units := units_of(v for v in column.dropna().unique() if isinstance(v, str))) > 1
        or PERCENT in units
    ):
        note(
            f"{name} looks like numbers, some with {' and some with '.join(units[:3])}: write all in one unit to learn from it as a number"
        )


def _is_free_text(column: Series) -> bool:
    return len(column) >= 50 and column.nunique() > FREE_TEXT * len(column)


def _short(kind: str, y_names: Sequence[str]) -> str:
    return "an id: another in each row" if kind == "id" else f"a copy of {' or '.join(y_names)}"
