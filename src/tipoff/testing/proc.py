"""The contract of the steps of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from tipoff.spec import Catalog
from tipoff.testing.promise import promise, same, twin
from tipoff.testing.spec import check_spec


def check_proc(
    proc: Any, columns: dict[str, Any], cats: list[str], conts: list[str], catalog: Catalog | None = None
) -> None:
    """A step of a table, tried on training rows as columns. Promises:

    - before and after `setup` it keeps the promises of `check_spec`, and `setup` changes neither it nor its arguments;
    - the columns it names are there after `apply`, and as long as before;
    - `apply` does not change the columns it is given, and gives a row the same alone as among others;
    - `undo` of that gives the numbers back that it was given, but for those that were missing.

    Raises `AssertionError` for a broken promise.

    >>> import numpy as np
    >>> from tipoff.tabular import Normalize
    >>> check_proc(Normalize(), {"age": np.array([20.0, 30.0, 70.0])}, [], ["age"])
    """
    called, before, given = type(proc).__name__, repr(proc), twin(columns)
    named = ([*cats], [*conts])
    check_spec(proc, catalog)
    fitted, cats_after, conts_after = proc.setup(columns, cats, conts)
    promise(
        repr(proc) == before, f"{called}.setup changes the step; return a changed copy: self.replace(...)."
    )
    promise(([*cats], [*conts]) == named, f"{called}.setup changes the lists of names; return new ones.")
    check_spec(fitted, catalog)

    made = fitted.apply(columns)
    promise(same(columns, given), f"{called}.apply changes the columns it is given.")
    n = _length(next(iter(columns.values())))
    for name in (*cats_after, *conts_after):
        promise(name in made, f"{called}.setup names the column {name!r}, which apply does not give.")
        promise(
            _length(made[name]) == n,
            f"{called}.apply gives {_length(made[name])} values of {name} for {n} rows.",
        )
    for i in range(n):
        alone = fitted.apply({name: _take(v, i) for name, v in columns.items()})
        for name in (*cats_after, *conts_after):
            promise(
                _says(alone[name], 0, made[name], i),
                f"{called}.apply gives row {i} another {name} alone than among others.",
            )
    back = fitted.undo(made)
    for name in conts:
        known = ~np.isnan(columns[name])
        promise(
            name not in back or np.allclose(back[name][known], columns[name][known], 1e-9, 1e-9),
            f"{called}.undo gives other numbers in {name} than there were.",
        )


def _is_coded(values: Any) -> bool:
    return hasattr(values, "codes")


def _length(values: Any) -> int:
    return len(values.codes if _is_coded(values) else values)


def _take(values: Any, i: int) -> Any:
    return values._replace(codes=values.codes[i : i + 1]) if _is_coded(values) else values[i : i + 1]


def _says(a: Any, i: int, b: Any, j: int) -> bool:
    """Whether row `i` of one column says what row `j` of another does."""
    if not _is_coded(a):
        return same(a[i : i + 1], b[j : j + 1], 1e-12)
    first, second = (None if v.codes[k] < 0 else v.keys[int(v.codes[k])] for v, k in ((a, i), (b, j)))
    return bool(first == second)
