"""The names of users or items and their codes; code 0 is whoever is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

NA = "#na#"  # fastai's name of code 0


class Names(list[Any]):
    """Names by their code, `#na#` first; `o2i` gives the code of a name.

    >>> names = Names(["Alien", "Fargo"])
    >>> names[1], names.o2i["Fargo"], names.code("Heat")
    ('Alien', 2, 0)
    """

    def __init__(self, names: Iterable[Any]) -> None:
        super().__init__([NA, *names])

    @cached_property
    def o2i(self) -> dict[Any, int]:
        return {name: i for i, name in enumerate(self)}

    @cached_property
    def _by_text(self) -> dict[str, int]:
        return {str(name): i for i, name in enumerate(self) if i}

    def code(self, name: Any) -> int:
        """The code of a name, 0 where it is not known; 8, "8", 8.0 and "8.0" are the same, and "08" is another."""
        name = plain(name)
        try:
            found = self.o2i.get(name)
        except TypeError:  # a list cannot be a name
            return 0
        if found is not None:
            return found
        text = str(name).strip()
        return self._by_text.get(text, 0) or self._by_text.get(re.sub(r"^([1-9]\d*)\.0+$", r"\1", text), 0)

    def codes(self, names: Any) -> np.ndarray:  # -> int64 (N,)
        """The codes of a whole column."""
        import pandas as pd

        column = pd.Series(names)
        codes, unique = pd.factorize(column, use_na_sentinel=True)
        table = np.array([*(self.code(name) for name in unique), 0], dtype=np.int64)
        return table[codes]  # a missing name is -1: the last of the table


def plain(name: Any) -> Any:
    """A name as JSON can hold it: numbers of NumPy as Python's, whole ones without a fraction, dates as text.

    >>> plain(np.float64(3.0)), plain("3")
    (3, '3')
    """
    if isinstance(name, np.generic):
        name = name.item()
    if isinstance(name, float) and name.is_integer():
        return int(name)
    return name if isinstance(name, (str, int, float, bool)) else str(name)


def vocabulary(*columns: Any) -> tuple[Any, ...]:
    """All names in columns, sorted, each once; none for missing values."""
    import pandas as pd

    found = {plain(n) for c in columns for n in pd.Series(c).dropna().unique()}
    return tuple(sorted(found, key=lambda n: (isinstance(n, str), n)))


def pairs_of(values: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Two columns from a list of pairs."""
    return [v[0] for v in values], [v[1] for v in values]
