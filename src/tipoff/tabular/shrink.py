"""Which columns are numbers and which categories, by fastai's rule, and smaller types for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tipoff.checked import checked
from tipoff.data.frame import as_frame


@checked
def cont_cat_split(
    df: Any, max_card: int = 20, dep_var: str | Sequence[str] | None = None
) -> tuple[list[str], list[str]]:
    """(numbers, categories): columns of floats, and of whole numbers with more than `max_card` values; and the others.

    >>> import pandas as pd
    >>> cont_cat_split(pd.DataFrame({"age": range(30), "rooms": [1, 2, 3] * 10, "city": ["Rome"] * 30}))
    (['age'], ['rooms', 'city'])
    """
    import pandas as pd

    frame = as_frame(df)
    deps = set([dep_var] if isinstance(dep_var, str) else dep_var or ())
    conts: list[str] = []
    cats: list[str] = []
    for name in frame.columns:
        if name in deps:
            continue
        kind = frame[name].dtype
        many = pd.api.types.is_integer_dtype(kind) and len(frame[name].unique()) > max_card
        (conts if many or pd.api.types.is_float_dtype(kind) else cats).append(name)
    return conts, cats


@checked
def df_shrink_dtypes(
    df: Any, skip: Sequence[str] = (), obj2cat: bool = True, int2uint: bool = False
) -> dict[str, Any]:
    """The smaller type that each column could have; text becomes categories unless `obj2cat` is False.

    >>> import pandas as pd
    >>> df_shrink_dtypes(pd.DataFrame({"n": [1, 300], "x": [0.5, 1.5]}))
    {'n': dtype('int16'), 'x': dtype('float32')}
    """
    import pandas as pd

    made: dict[str, Any] = {}
    for name, old in as_frame(df).dtypes.items():
        column = df[name]
        if name in skip or not isinstance(old, (np.dtype, pd.StringDtype)) or old.kind in "bM":
            continue
        if isinstance(old, pd.StringDtype) or old.kind == "O":
            if obj2cat:
                made[str(name)] = "category"
            continue
        kind = {"i": "int", "u": "uint", "f": "float"}.get(old.kind)
        if kind is None:
            continue
        if kind == "int" and int2uint and column.min() >= 0:
            kind = "uint"
        low, high = column.min(), column.max()
        for bits in (32, 64) if kind == "float" else (8, 16, 32, 64):
            new = np.dtype(f"{kind}{bits}")
            info: Any = np.finfo(new) if kind == "float" else np.iinfo(new)
            if info.min <= low and high <= info.max:
                if new != old:
                    made[str(name)] = new
                break
    return made


@checked
def df_shrink(df: Any, skip: Sequence[str] = (), obj2cat: bool = True, int2uint: bool = False) -> Any:
    """`df` with the types of `df_shrink_dtypes`: the same values in less memory."""
    frame = as_frame(df)
    return frame.astype(df_shrink_dtypes(frame, skip, obj2cat, int2uint))
