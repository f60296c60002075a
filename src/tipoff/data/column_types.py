"""The types of columns: of text, as a CSV holds it, by what is written in all cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tipoff.data.cells import NO_VALUE, is_blank
from tipoff.data.numbers import is_grouped
from tipoff.errors import some
from tipoff.notes import note

if TYPE_CHECKING:
    from pandas import DataFrame, Series

LOOKED_AT = 1000  # cells, before all
NAMED = 6  # columns in a note

_WHOLE = r"[+-]?(?:0|[1-9]\d*)"
_CODE = r"[+-]?0\d+"  # 0123 is no number: without its zero it would be another code
_REAL = r"(?i:[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity))"
_FLAG = r"(?i:true|false)"
_UNCLEAR = rf"{_CODE}|[+-]?\d{{19,}}|.*[xX].*"  # a code, perhaps more than 64 bits, hexadecimal
_GROUPS = r"[+-]?\d{1,3}(?:\.\d{3})*"
_CONTINENTAL = r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?"  # 1.234,50


def typed_frame(frame: DataFrame, decimal: str = ".", name: str = "The table") -> DataFrame:
    """Give each column of text its type, as `typed` does, and say which words were taken for missing values.

    Args:
        frame: columns of text; those of other types stay.
        decimal: what is written between a number and its decimals, a point or a comma.
        name: of the file, for the note.
    """
    return _with(frame, {c: typed(frame[c], decimal) for c in frame.columns if _is_str(frame[c])}, name)


def settled_frame(frame: DataFrame, name: str = "The table") -> DataFrame:
    """Give each column of objects, as Excel, databases and lists of rows have them, the type of its values: see `settled`."""
    made = {c: settled(frame[c]) for c in frame.columns if frame[c].dtype == object}
    return _with(frame, {c: column for c, column in made.items() if column is not frame[c]}, name)


def _with(frame: DataFrame, columns: dict[Any, Series], name: str) -> DataFrame:
    lost = {str(c): words for c, column in columns.items() if (words := _taken_as_missing(frame[c], column))}
    if lost:
        what = some((f"{' and '.join(map(repr, words))} in {c}" for c, words in lost.items()), NAMED)
        note(f"{name}: taken for missing values, as all others there are numbers: {what}", once=True)
    if columns:
        frame = frame.copy(deep=False)
    for c, column in columns.items():
        frame[c] = column
    return frame


def _is_str(column: Series) -> bool:
    import pandas as pd

    return pd.api.types.is_string_dtype(column.dtype) and not isinstance(column.dtype, pd.CategoricalDtype)


def _taken_as_missing(before: Series, after: Series) -> list[str]:
    """The words of a column of text that its type has no value for."""
    if _is_str(after) or not after.isna().any():
        return []
    words = [w.strip() for w in before[after.isna().to_numpy(bool)].unique() if isinstance(w, str)]
    return [w for w in words if w]


def settled(column: Series) -> Series:
    """Give a column of objects the type of its values; one of text, of dates beside text or of other things stays.

    Whole numbers and booleans stay what they are beside missing values. Numbers beside numbers that are stored as text, the
    commonest slip in Excel, are numbers; where some of the text is none, all are text.

    >>> import pandas as pd
    >>> settled(pd.Series([7, None, "8"], dtype=object)).tolist(), settled(pd.Series([7, "007"])).tolist()
    ([7, <NA>, 8], ['7', '007'])
    """
    import pandas as pd

    kind = pd.api.types.infer_dtype(column, skipna=True)
    gaps = bool(column.isna().any())
    try:
        if kind == "empty":
            return column.astype("float64") if len(column) else column
        if kind == "integer":
            return column.astype("Int64") if gaps else column.astype("int64")
        if kind == "boolean":
            return column.astype("boolean") if gaps else column.astype("bool")
        if kind == "decimal" and all(v == v.to_integral_value() for v in column.dropna()):
            whole = [None if is_blank(v) else int(v) for v in column]
            return settled(pd.Series(whole, column.index, dtype=object, name=column.name))
        if kind in ("floating", "mixed-integer-float", "decimal"):
            return column.astype("float64")
        if kind in ("datetime", "datetime64", "date"):
            return pd.to_datetime(column)
    except (OverflowError, TypeError, ValueError, ArithmeticError):  # beyond 64 bits, of several time zones
        return column
    if kind == "string":
        return column.infer_objects()
    if not kind.startswith("mixed") or not all(map(_is_number_or_text, column)):
        return column
    return typed(column.map(_text, na_action="ignore").infer_objects())


def _is_number_or_text(value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return False
    return (
        isinstance(value, (str, int, float, np.number))
        or is_blank(value)
        or type(value).__name__ == "Decimal"
    )


def _text(value: Any) -> str:
    if isinstance(value, (float, np.floating)) and value == value and float(value).is_integer():
        value = int(value)
    return str(value)


def typed(column: Series, decimal: str = ".") -> Series:
    """Give a column of text, as a CSV holds it, the type of its cells: whole numbers, numbers, booleans; else it stays text.

    An empty cell is a missing value. So is a word such as NA or `-` where all other cells are numbers; anywhere else it is a
    word. Whole numbers stay whole beside missing ones. A column with numbers such as 0123 stays text, and so does one of
    whole numbers that 64 bits do not hold.

    Args:
        column: cells as text; NaN where a cell is empty.
        decimal: what is written between a number and its decimals, a point or a comma.

    Returns:
        The column as int64, Int64, float64, bool, boolean or text.

    Example:
        >>> import pandas as pd
        >>> typed(pd.Series(["7", "NA", "9"])).tolist(), typed(pd.Series(["007", "NA", "9"])).tolist()
        ([7, <NA>, 9], ['007', 'NA', '9'])
    """
    import pandas as pd

    text = column.str.strip()
    there = text[text.notna().to_numpy(bool) & text.ne("").to_numpy(bool)]
    if not len(there):
        return pd.Series(np.nan, column.index, dtype="float64", name=column.name)
    head = there.iloc[:LOOKED_AT]
    left = head[~_no_value(head)]
    if len(left) and _kind(left, decimal) is None:
        return _blanks_out(column, text)
    if (values := _cast(there, decimal)) is None:
        there = there[~_no_value(there)]
        if not len(there):
            return _blanks_out(column, text)
        values = _values(there, decimal)
    if values is None:
        return _blanks_out(column, text)
    made = pd.Series(values, there.index, name=column.name)
    if len(made) == len(column):
        return made
    nullable: Any = {"i": "Int64", "b": "boolean"}.get(made.dtype.kind)
    return (made if nullable is None else made.astype(nullable)).reindex(column.index)


def _no_value(text: Series) -> np.ndarray:  # -> bool (N,)
    made: np.ndarray = text.str.lower().isin(NO_VALUE).to_numpy(bool)
    return made


def _blanks_out(column: Series, stripped: Series) -> Series:
    """Text, and nothing where there are only spaces."""
    blank = stripped.eq("").fillna(False).to_numpy(bool)
    return column.mask(blank) if blank.any() else column


def _cast(text: Series, decimal: str) -> np.ndarray | None:  # -> int64 or float64 (N,)
    """Plain numbers by pyarrow, ten times as fast; None where it is not there, or a cell is no number for it."""
    try:
        import pyarrow as pa

        cells = pa.array(text)
        try:
            made: np.ndarray = cells.cast(pa.int64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            made = cells.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except (ImportError, ValueError, TypeError):  # those of pyarrow among them
        return None
    if made.dtype.kind == "f" and (np.isnan(made).any() or (made == np.floor(made)).all()):
        return None  # words such as nan; perhaps whole numbers in another writing
    return None if _any(text, _UNCLEAR) or (decimal == "," and _grouped(text)) else made


def _kind(text: Series, decimal: str) -> str | None:
    """What all cells are; None for words."""
    if not len(text) or _any(text, _CODE):
        return None
    if decimal == "," and _grouped(text):
        return "real"
    if _all(text, _WHOLE):
        return "whole"
    if _all(text, _REAL) or (decimal == "," and _all(text, _CONTINENTAL)):
        return "real"
    return "flag" if _all(text, _FLAG) else None


def _values(text: Series, decimal: str) -> np.ndarray | None:
    """All cells as int64, float64 or bool; None for words, and for whole numbers that 64 bits do not hold."""
    kind = _kind(text, decimal)
    if kind is None:
        return None
    if kind == "flag":
        return text.str.lower().eq("true").to_numpy(bool)
    if decimal == "," and (_grouped(text) or _kind(text, ".") is None):
        text = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        kind = "whole" if _all(text, _WHOLE) else "real"
    try:
        made: np.ndarray = text.to_numpy(object).astype(np.int64 if kind == "whole" else np.float64)
    except OverflowError:
        return None
    return made


def _all(text: Series, pattern: str) -> bool:
    return bool(text.str.fullmatch(pattern).all())


def _any(text: Series, pattern: str) -> bool:
    return bool(text.str.fullmatch(pattern).any())


def _grouped(text: Series) -> bool:
    """Whether points stand between thousands."""
    return _all(text, _GROUPS) and is_grouped(text.str.lstrip("+-"), likely=True)


def decimal_of(frame: DataFrame) -> str:
    """Find whether the numbers in columns of text have a comma or a point before their decimals.

    >>> import pandas as pd
    >>> decimal_of(pd.DataFrame({"price": ["1,5", "-", "2"], "size": ["S", "M", "L"]}))
    ','
    """
    for name in frame.columns:
        text = frame[name].dropna().str.strip()
        text = text[(text != "").to_numpy(bool) & ~_no_value(text)]
        if not len(text):
            continue
        if _all(text, _CONTINENTAL) and bool(text.str.contains(",", regex=False).any()):
            return ","
        if _all(text, _GROUPS) and is_grouped(text.str.lstrip("+-")):
            return ","
    return "."
