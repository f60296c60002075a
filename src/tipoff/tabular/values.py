"""The values of a column as the steps take them, whatever program wrote them: numbers, and categories with their keys."""

from __future__ import annotations

import datetime
import math
import numbers as abstract
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipoff.data.cells import is_blank
from tipoff.data.read_numbers import number
from tipoff.errors import DataError

if TYPE_CHECKING:
    from pandas import Series

Key = str | int | float | bool
NA = "#na#"  # fastai's name of code 0: missing or unknown
_YES, _NO = {"true", "yes", "t", "y", "1"}, {"false", "no", "f", "n", "0"}


class Coded(NamedTuple):
    """A column of categories: `codes` (N,) number the `keys`; -1 is no value, and so is a key that is None.

    `ordered` says that the order of the keys means something.
    """

    codes: np.ndarray
    keys: list[Key | None]
    ordered: bool = False


# name -> float64 (N,) with NaN for no number, datetime64[s] (N,) with NaT, bool (N,), or categories
Columns = dict[str, "np.ndarray | Coded"]


def key(value: Any) -> Key | None:
    """The form that a category is kept and compared in: text, a number or a truth value; None for an empty cell.

    >>> key(8.0), key(np.int8(8)), key("8"), key(datetime.date(2024, 5, 1)), key(float("nan"))
    (8, 8, '8', '2024-05-01', None)
    """
    if is_blank(value):
        return None
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, abstract.Integral) and abs(int(value)) < 2**63:
        return int(value)
    if isinstance(value, abstract.Real) or type(value).__name__ == "Decimal":
        # a float32 by its shortest decimals: 0.1 read as float32 is the 0.1 of a CSV
        real = float(str(value)) if isinstance(value, np.floating) else number(value)
        if not math.isfinite(real):
            return None
        return int(real) if real.is_integer() and abs(real) < 2**63 else real
    if isinstance(value, (datetime.datetime, np.datetime64)):
        import pandas as pd

        return iso(pd.Timestamp(value))
    if isinstance(value, (list, dict, set)) or not isinstance(value, Hashable):
        raise TypeError(value)
    return str(value)


def iso(date: Any) -> str:
    """A pandas timestamp as text, without the time where that is midnight."""
    return str(date.date()) if date == date.normalize() else str(date)


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
    if value in ("True", "False"):
        return int(value == "True")
    if isinstance(value, str):
        try:
            return key(number(value))
        except ValueError:
            return None
    return int(value) if isinstance(value, bool) else value


def coded(column: Series) -> Coded:
    """A column as categories. Raises `DataError` for values that are none, such as lists."""
    import pandas as pd

    try:
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes = column.cat.codes.to_numpy(dtype=np.int64)
            there = np.bincount(codes + 1, minlength=len(column.cat.categories) + 1)[1:] > 0
            # those that do not occur have no key: nothing could be learned of them
            keys = [key(v) if n else None for v, n in zip(column.cat.categories, there, strict=True)]
            return Coded(codes, keys, bool(column.cat.ordered))
        if column.dtype == object and pd.api.types.infer_dtype(column) not in ("boolean", "string"):
            # pandas takes True and 1 for the same; beside other values they are not
            column = column.map(lambda v: str(v) if isinstance(v, (bool, np.bool_)) else v)
        found, values = pd.factorize(column)
        return Coded(np.asarray(found, dtype=np.int64), [key(v) for v in values])
    except TypeError:
        wrong = next(v for v in column if isinstance(v, (list, dict, set)) or not isinstance(v, Hashable))
        raise DataError(not_a_category(str(column.name), wrong)) from None


def small(values: np.ndarray) -> Coded:
    """Truth values, or whole numbers from 0 to some dozens (NaN: no value), as categories."""
    if values.dtype == bool:
        return Coded(values.astype(np.int64), [False, True])
    codes = np.where(np.isnan(values), -1, values).astype(np.int64)
    return Coded(codes, list(range(int(codes.max(initial=0)) + 1)))


def not_a_category(name: str, value: Any) -> str:
    """The sentence for a list or the like among the categories."""
    return f"Column {name} holds {value!r:.60}, a {type(value).__name__}; a category is text, a number or a truth value."
