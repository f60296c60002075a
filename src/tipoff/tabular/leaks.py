"""Columns that give the answer away, or nothing but the row: ids, copies of the target, columns that decide it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from tipoff.checked import checked
from tipoff.data.frame import need_columns

if TYPE_CHECKING:
    from pandas import DataFrame, Series

MIN_ROWS = 50  # with fewer, anything may be so by chance
LOOKED_AT = 50_000  # rows
ID_NAME = re.compile(r"(?i:(^|[ _.-])(id|key|uuid|guid|index|no|nr|number))$|[a-z]I[dD]$|^Unnamed: 0$")
ROWS_A_VALUE = 5  # on average, of a column that decides


class Leak(NamedTuple):
    """A column that should rather be left out, and why, in words."""

    column: str
    kind: Literal["id", "copy", "decides"]
    why: str


@checked
def find_leaks(frame: DataFrame, names: Iterable[str], y_names: Sequence[str] = ()) -> list[Leak]:
    """Those of the columns `names` that leak, looked for in up to 50,000 rows.

    An id is text that is another in each row, or a whole number that counts them, or is called an id. A copy goes one to one with the answer, or rises and falls
    strictly with it; a column decides where each of its values goes with one answer only, though it has few.

    >>> import pandas as pd
    >>> df = pd.DataFrame({"no": range(60), "rich": [0, 1] * 30, "salary": ["low", "high"] * 30})
    >>> [(leak.column, leak.kind) for leak in find_leaks(df, ["no", "rich"], ["salary"])]
    [('no', 'id'), ('rich', 'copy')]
    """
    if len(frame) < MIN_ROWS:
        return []
    part = frame
    if len(frame) > LOOKED_AT:
        part = frame.iloc[np.linspace(0, len(frame) - 1, LOOKED_AT).astype(int)]
    need_columns(frame, [*y_names, *names])
    found: list[Leak] = []
    for name in names:
        if part[name].is_unique and _is_id(frame[name]):
            why = f"{name} is another in each row, as an id is: it says nothing of new rows"
            found.append(Leak(name, "id", why))
            continue
        for y in y_names:
            leak = _gives_away(part[name], part[y])
            if leak is not None:
                found.append(leak)
                break
    return found


def _is_id(column: Series) -> bool:
    import pandas as pd

    whole = pd.api.types.is_integer_dtype(column.dtype)
    if not whole and pd.api.types.infer_dtype(column) != "string":
        return False
    if column.isna().any() or not column.is_unique:
        return False
    if not whole:
        return True
    # whole numbers may all differ by chance, as prices do: an id numbers the rows, or is called one
    return int(column.max()) - int(column.min()) < 2 * len(column) or bool(ID_NAME.search(str(column.name)))


def _gives_away(column: Series, target: Series) -> Leak | None:
    import pandas as pd

    try:
        x, y = (pd.factorize(c, use_na_sentinel=False)[0].astype(np.int64) for c in (column, target))
    except TypeError:  # lists
        return None
    n, n_x, n_y = len(x), int(x.max()) + 1, int(y.max()) + 1
    n_pairs = len(np.unique(x * n_y + y))
    if n_x == n_y == n_pairs and 1 < n_x <= n / ROWS_A_VALUE:
        why = f"{column.name} goes one to one with {target.name}: it is the answer in other words"
    elif _rise_together(column, target):
        why = f"{column.name} rises and falls with {target.name} exactly: it is the answer in other numbers"
    elif n_x == n_pairs and 1 < n_y < n_x <= n / ROWS_A_VALUE:
        why = (
            f"each value of {column.name} goes with one value of {target.name}: the answer can be read off it"
        )
        return Leak(str(column.name), "decides", why)
    else:
        return None
    return Leak(str(column.name), "copy", why)


def _rise_together(column: Series, target: Series) -> bool:
    """Whether the order of two columns of many numbers is the same, or the reverse."""
    import pandas as pd

    if not all(pd.api.types.is_numeric_dtype(c.dtype) and c.nunique() > 20 for c in (column, target)):
        return False
    both = pd.DataFrame({"x": column, "y": target}).dropna()
    return len(both) >= MIN_ROWS and abs(float(both.x.rank().corr(both.y.rank()))) > 1 - 1e-9
