"""The values of a column as the steps take them, whatever program wrote them: numbers, and keys of categories."""

from __future__ import annotations

import datetime
import math
import numbers as abstract
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tipoff.errors import DataError

if TYPE_CHECKING:
    from pandas import DataFrame, Series

Key = str | int | float | bool
NA = "#na#"  # fastai's name of code 0: missing or unknown
LARGEST = float(np.finfo(np.float32).max)
_YES, _NO = {"true", "yes", "t", "y", "1"}, {"false", "no", "f", "n", "0"}


def row_name(frame: DataFrame, i: int) -> str:
    """What a person calls row `i`: the line of the file that was read, or the label in the index."""
    source = frame.attrs.get("table")
    label = frame.index[i]
    if source is not None and isinstance(label, abstract.Integral):
        name, first = source
        return f"row {int(label) + first} of {name}"  # type: ignore[call-overload]
    return f"row {label}"


def numbers(column: Series) -> tuple[np.ndarray, np.ndarray]:  # -> float64 (N,), bool (N,)
    """Each value as a number, NaN where it is missing, and which values are neither.

    >>> import pandas as pd
    >>> numbers(pd.Series(["8", None, "forty"]))
    (array([ 8., nan, nan]), array([False, False,  True]))
    """
    import pandas as pd

    kinds = pd.api.types
    if isinstance(column.dtype, pd.CategoricalDtype):
        values, bad = numbers(pd.Series(column.cat.categories))
        codes = column.cat.codes.to_numpy()
        return np.append(values, np.nan)[codes], np.append(bad, False)[codes]
    if kinds.is_bool_dtype(column.dtype) or (
        kinds.is_numeric_dtype(column.dtype) and not kinds.is_complex_dtype(column.dtype)
    ):
        plain = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return plain, np.zeros(len(column), bool)
    there = column.notna().to_numpy(dtype=bool)
    if not (kinds.is_object_dtype(column.dtype) or kinds.is_string_dtype(column.dtype)):
        return np.full(len(column), np.nan), there  # dates, durations, complex numbers
    read = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.isnan(read) & there
    for i in np.flatnonzero(bad):
        bad[i] = not is_blank(column.iloc[i])
    return read, bad


def is_blank(value: Any) -> bool:
    """Whether a value is an empty cell: nothing, NaN, or text of spaces.

    >>> [is_blank(v) for v in (None, float("nan"), " ", 0, False)]
    [True, True, True, False, False]
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    if isinstance(value, float):
        return value != value
    return type(value).__name__ in {"NAType", "NaTType"}


def key(value: Any) -> Key | None:
    """The form that a category is kept and compared in: text, a number or a truth value; None for no value.

    >>> key(8.0), key(np.int8(8)), key("8"), key(datetime.date(2024, 5, 1)), key(float("nan"))
    (8, 8, '8', '2024-05-01', None)
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if is_blank(value):
        return None
    if isinstance(value, abstract.Integral) and abs(int(value)) < 2**63:
        return int(value)
    if isinstance(value, abstract.Real) or type(value).__name__ == "Decimal":
        # a float32 by its shortest decimals: 0.1 read as float32 is the 0.1 of a CSV
        number = float(str(value)) if isinstance(value, np.floating) else float(value)
        if not math.isfinite(number):
            return None
        return int(number) if number.is_integer() and abs(number) < 2**63 else number
    if isinstance(value, (datetime.datetime, np.datetime64)):
        import pandas as pd

        value = pd.Timestamp(value)
        return str(value.date()) if value == value.normalize() else str(value)
    return str(value)


def of_kind(found: Iterable[Key | None]) -> list[Key | None]:
    """Keys of one kind: all truth values, all numbers, or else all text.

    >>> of_kind([1, 2.5, None]), of_kind([1, "a"])
    ([1, 2.5, None], ['1', 'a'])
    """
    keys = list(found)
    kinds = {
        "flag" if isinstance(k, bool) else "text" if isinstance(k, str) else "number"
        for k in keys
        if k is not None
    }
    return keys if kinds in ({"flag"}, {"number"}) else [None if k is None else str(k) for k in keys]


def like(value: Key | None, vocab: Sequence[Key]) -> Key | None:
    """`value` in the kind of the keys of `vocab`, so that 8, 8.0 and "8" are the same; None where it cannot be.

    >>> like("8", (8, 9)), like(8, ("8", "x")), like("yes", (False, True)), like("x", (8, 9))
    (8, '8', True, None)
    """
    if value is None or not vocab:
        return value
    first = vocab[0]
    if isinstance(first, str):
        return str(value)
    if isinstance(first, bool):
        text = str(value).strip().lower()
        return True if text in _YES else False if text in _NO else None
    if isinstance(value, str):
        try:
            return key(float(value))
        except ValueError:
            return None
    return int(value) if isinstance(value, bool) else value


def categories(column: Series) -> tuple[np.ndarray, list[Any]]:  # -> codes (N,), the values they stand for
    """A number for each value of a column, -1 where it is missing, and the values; None for one that does not occur."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy(dtype=np.int64)
        there = np.bincount(codes + 1, minlength=len(column.cat.categories) + 1)[1:] > 0
        return codes, [v if used else None for v, used in zip(column.cat.categories, there, strict=True)]
    try:
        codes, values = pd.factorize(column, use_na_sentinel=True)
    except TypeError:
        wrong = next(v for v in column if not isinstance(v, Hashable) or isinstance(v, (list, dict, set)))
        raise DataError(
            f"The column {column.name!r} holds {wrong!r:.60}, a {type(wrong).__name__}; a category is text, a number or "
            "a truth value."
        ) from None
    return np.asarray(codes, dtype=np.int64), list(values)
