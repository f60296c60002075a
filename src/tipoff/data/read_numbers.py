"""Columns of a table as numbers, whatever program wrote them."""

from __future__ import annotations

import math
import numbers as abstract
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from tipoff.data.cells import is_blank
from tipoff.data.numbers import PLAIN, NumberForm, find_form

if TYPE_CHECKING:
    from pandas import Series

LOOKED_AT = 1000  # different cells, before all


def is_text(column: Series) -> bool:
    """Whether a column holds text, or a mixture."""
    import pandas as pd

    return pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype)


def number(value: Any, form: NumberForm = PLAIN) -> float:
    """One value as a number, NaN where there is none; text is read as `form` says. Raises `ValueError` for anything else.

    >>> number("8"), number(True), number("NA"), number("1,5", NumberForm(","))
    (8.0, 1.0, nan, 1.5)
    """
    if isinstance(value, str):
        return form.read(value)
    if is_blank(value):
        return math.nan
    if not isinstance(value, (abstract.Real, np.bool_)) and type(value).__name__ != "Decimal":
        raise ValueError(value)
    try:
        return float(value)
    except OverflowError:
        return math.inf


def numbers(
    column: Series, form: NumberForm = PLAIN
) -> tuple[np.ndarray, np.ndarray]:  # -> float64 (N,), bool (N,)
    """Each value as a number, NaN where there is none, and which values are neither; text is read as `form` says.

    >>> import pandas as pd
    >>> numbers(pd.Series(["8", None, "forty"]))
    (array([ 8., nan, nan]), array([False, False,  True]))
    """
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        values, bad = numbers(pd.Series(column.cat.categories), form)
        codes = column.cat.codes.to_numpy()
        return np.append(values, np.nan)[codes], np.append(bad, False)[codes]
    if pd.api.types.is_bool_dtype(column.dtype) or (
        pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype)
    ):
        return column.to_numpy(dtype=np.float64, na_value=np.nan), np.zeros(len(column), bool)
    if not is_text(column):
        return np.full(len(column), np.nan), column.notna().to_numpy(
            dtype=bool
        )  # dates, durations, complex numbers
    if form == PLAIN and (fast := _cast(column)) is not None:
        return fast, np.zeros(len(column), bool)
    codes, unique = _factorized(column)
    read, bad = np.full(len(unique) + 1, np.nan), np.ones(len(unique) + 1, bool)
    bad[-1] = False  # an empty cell has the code -1
    for i, value in enumerate(unique):
        with suppress(ValueError):
            read[i], bad[i] = number(value, form), False
    return read[codes], bad[codes]


def number_form(column: Series, decimal: str | None = None, *, strict: bool = True) -> NumberForm | None:
    """How the numbers in a column of text are written; None where it holds anything else. Other columns are plain.

    Args:
        column: cells of any kind.
        decimal: what the file has before decimals, where that is known.
        strict: that each cell must be a number; else the form is that of those that are.
    """
    if not is_text(column):
        return PLAIN
    cells = [v for v in _factorized(column)[1] if isinstance(v, str)]
    if not cells:
        return PLAIN
    found = find_form(cells[:LOOKED_AT], decimal or ".", strict=strict)
    if found is None or len(cells) <= LOOKED_AT:
        return found
    return find_form(cells, decimal or ".", strict=strict)


def _factorized(
    column: Series,
) -> tuple[np.ndarray, list[Any]]:  # -> int64 (N,), the values that are numbered
    import pandas as pd

    try:
        codes, unique = pd.factorize(column)
    except TypeError:  # lists
        return np.arange(len(column)), list(column)
    return codes, list(unique)


def _cast(column: Series) -> np.ndarray | None:
    """A column of text as numbers by pyarrow, ten times as fast; None where it is not there, or a cell is no number."""
    if column.dtype == object:
        return None
    try:
        import pyarrow as pa

        made: np.ndarray = pa.array(column).cast(pa.float64()).to_numpy(zero_copy_only=False)
        return made
    except (ImportError, ValueError, TypeError):  # those of pyarrow among them
        return None
