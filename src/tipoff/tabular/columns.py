"""What a raw row must have: the columns of a table as they were in training, and how their values are read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tipoff.data.cells import note_words
from tipoff.data.frame import row_name
from tipoff.data.numbers import PLAIN, NumberForm
from tipoff.data.read_numbers import LOOKED_AT, is_text, number, number_form, numbers
from tipoff.errors import DataError, UsageError
from tipoff.notes import note
from tipoff.spec import Spec
from tipoff.tabular.reading import find_formats, read_dates
from tipoff.tabular.values import Coded, Key, coded, iso, key, not_a_category, of_kind

if TYPE_CHECKING:
    from pandas import DataFrame

MAX_CHOICES = 200  # that a form offers
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Column(Spec):
    """One column of the raw rows, as it was among the training rows.

    `choices` are the categories, the most frequent first (200 at most); `low` and `high` the range of numbers, or of dates
    as text; `typical` the median or the most frequent; `missing_ok` whether values were missing; `whole` whether all numbers
    were whole; `formats` how dates are written, `form` how numbers are, in text.
    """

    name: str
    kind: Literal["category", "number", "date", "flag"] = "number"
    choices: tuple[Key, ...] = ()
    low: float | str | None = None
    high: float | str | None = None
    typical: Key | None = None
    missing_ok: bool = False
    whole: bool = False
    formats: tuple[str, ...] = ()
    form: NumberForm | None = None

    def __post_init__(self) -> None:
        low, high = self.low, self.high
        if self.kind == "date":
            fine = isinstance(low, str) and isinstance(high, str) and low <= high
        else:
            fine = isinstance(low, (int, float)) and isinstance(high, (int, float)) and low <= high
        if not (fine or (low is None and high is None)):
            raise UsageError(
                f"The column {self.name!r:.60} of kind {self.kind} cannot go from {short(low)} to {short(high)}."
            )

    def read(self, frame: DataFrame) -> np.ndarray | Coded:
        """This column of `frame` as the steps take it. Raises `DataError`, naming row and column."""
        form = (self.form or PLAIN).in_file(frame.attrs.get("decimal"))
        if self.kind == "number":
            return read_numbers(
                frame, self.name, f"Leave the cell empty if it is unknown{self._range()}.", form
            )
        if self.kind == "date":
            return read_dates(frame, self.name, self.formats)
        values = coded(frame[self.name])
        return values._replace(keys=[self._known(k, form) for k in values.keys])

    def read_one(self, value: Any) -> np.ndarray | Coded:
        """The same for the value of a single row, without the cost of a frame."""
        if self.kind == "number":
            try:
                found = number(value, self.form or PLAIN)
            except ValueError:
                raise DataError(
                    f"Column {self.name}: {value!r:.60} is not a number{self._range()}."
                ) from None
            return np.array([_finite(self.name, found)])
        if self.kind == "date":
            import pandas as pd

            return read_dates(pd.DataFrame({self.name: [value]}), self.name, self.formats)
        try:
            return Coded(np.zeros(1, np.int64), [self._known(key(value), self.form or PLAIN)])
        except TypeError:
            raise DataError(not_a_category(self.name, value)) from None

    def _known(self, value: Key | None, form: NumberForm) -> Key | None:
        """A category as training had it: where these are numbers, text that is one too is a number."""
        is_of_numbers = self.choices and isinstance(self.choices[0], (int, float)) and self.kind == "category"
        if not (is_of_numbers and isinstance(value, str)):
            return value
        with suppress(ValueError):
            return key(number(value, form))
        return value

    def _range(self) -> str:
        return "" if self.low is None else f"; in training it was between {self.low:g} and {self.high:g}"


def _finite(name: str, value: float) -> float:
    if abs(value) <= LARGEST or value != value:
        return value
    note(f"{name} is infinite: taken as missing")
    return np.nan


def form_of(frame: DataFrame, name: str) -> NumberForm:
    """How the numbers of a column are written, slips among them left aside; plain where nothing is known.

    What is not plain is said with an example.
    """
    decimal = frame.attrs.get("decimal")
    if not is_text(frame[name]):
        return PLAIN.in_file(decimal)
    found = number_form(frame[name], decimal) or number_form(frame[name], decimal, strict=False) or PLAIN
    if found != PLAIN:
        cells = [v for v in frame[name].dropna().head(LOOKED_AT) if isinstance(v, str) and v.strip()]
        longest = max(cells, key=len, default="")
        with suppress(ValueError):
            note(f"{name} is read as numbers: {longest.strip()} as {found.read(longest):g}", once=True)
    return found


def read_numbers(
    frame: DataFrame, name: str, hint: str = "", form: NumberForm = PLAIN
) -> np.ndarray:  # -> float64 (N,), NaN where missing
    """A column as numbers; infinite ones, and those beyond float32, count as missing, which is said.

    Raises `DataError`, naming the row, for what is no number; `hint` says what to do then.
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(frame[name].dtype):
        raise DataError(f"Column {name} holds dates, not numbers. Add Datepart({name!r}) to procs.")
    values, bad = numbers(frame[name], form)
    if bad.any():
        i, n = int(bad.argmax()), int(bad.sum())
        others = int(len(bad) - n - np.isnan(values[~bad]).sum())
        more = f" and {n - 1} more are not either" if n > 1 else ""
        rest = f"; {others} others are" if others else ""
        hint = hint or f"Leave the cell empty if it is unknown, or make {name} a category."
        raise DataError(
            f"Column {name}, {row_name(frame, i)}: {frame[name].iloc[i]!r:.60} is not a number{more}{rest}. {hint}"
        )
    huge = np.abs(values) > LARGEST
    if huge.any():
        i, n = int(huge.argmax()), int(huge.sum())
        rows = row_name(frame, i) + (f" and {n - 1} more" if n > 1 else "")
        note(f"{name} is infinite in {rows}: taken as missing")
        values = np.where(huge, np.nan, values)
    return values


def number_column(name: str, values: np.ndarray, form: NumberForm = PLAIN) -> Column:  # float64 (N,)
    """What is to be known of a column of numbers."""
    there = values[~np.isnan(values)]
    missing = len(there) < len(values)
    kept = None if form == PLAIN else form
    if not len(there):
        return Column(name, missing_ok=missing, form=kept)
    low, high, typical = float(there.min()), float(there.max()), float(np.median(there))
    whole = bool((there == there.round()).all())
    return Column(name, low=low, high=high, typical=typical, missing_ok=missing, whole=whole, form=kept)


def category_column(name: str, values: Coded, form: NumberForm = PLAIN) -> Column:
    """What is to be known of a column of categories; those that differ only in spelling are said."""
    keys = of_kind(values.keys)
    note_words(keys, f"in {name},")
    seen: dict[str, Key] = {}
    for k in keys:
        first = seen.setdefault(k.strip().casefold(), k) if isinstance(k, str) else k
        if first != k:
            note(f"{name} has {first!r} and {k!r}, which differ only in spelling: they are two categories")
            break
    counts = np.bincount(values.codes[values.codes >= 0], minlength=len(keys))
    n_of: dict[Key, int] = {}
    for k, n in zip(keys, counts.tolist(), strict=True):
        if k is not None:
            n_of[k] = n_of.get(k, 0) + n
    choices = sorted(n_of, key=lambda k: (-n_of[k], str(k)))
    kind: Literal["category", "flag"] = "flag" if choices and isinstance(choices[0], bool) else "category"
    missing = sum(n_of.values()) < len(values.codes)
    first = choices[0] if choices else None
    return Column(
        name,
        kind,
        tuple(choices[:MAX_CHOICES]),
        typical=first,
        missing_ok=missing,
        form=None if form == PLAIN else form,
    )


def date_column(frame: DataFrame, name: str, formats: tuple[str, ...] = ()) -> Column:
    """What is to be known of a column of dates, written as `formats` say or as is found out."""
    import pandas as pd

    formats = formats or find_formats(frame[name])
    dates = read_dates(frame, name, formats)
    there = np.sort(dates[~np.isnat(dates)])
    if not len(there):
        raise DataError(f"The column {name} has no date in any row; leave it out.")
    low, typical, high = (iso(pd.Timestamp(there[i])) for i in (0, len(there) // 2, -1))
    missing = len(there) < len(dates)
    return Column(name, "date", low=low, high=high, typical=typical, missing_ok=missing, formats=formats)
