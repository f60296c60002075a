"""What is known of users or items beside the ratings, as numbers: one row a user, or an item."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from tipoff.collab.names import Names, plain
from tipoff.data.cells import is_blank
from tipoff.errors import DataError, did_you_mean, some
from tipoff.notes import note
from tipoff.spec import Spec

if TYPE_CHECKING:
    from pandas import DataFrame, Series

MAX_CHOICES = 200
RARE = 2  # a choice that fewer rows have says nothing


@dataclass(frozen=True)
class Feature(Spec):
    """One column: a number (standardised), one of `choices`, or several of them.

    Where it is missing, it counts as the average: 0 for a number, the `shares` of the choices.
    """

    name: str
    how: Literal["number", "choice", "labels"]
    choices: tuple[Any, ...] = ()
    shares: tuple[float, ...] = ()
    mean: float = 0.0
    std: float = 1.0

    @property
    def size(self) -> int:
        return 1 if self.how == "number" else len(self.choices)

    def encode(self, values: Sequence[Any]) -> Tensor:  # -> float (N, size)
        """A whole column. A choice that was never seen is zeros."""
        out = torch.zeros(len(values), self.size)
        at = {c: i for i, c in enumerate(self.choices)}
        for i, v in enumerate(values):
            if is_blank(v):
                out[i] = torch.tensor(self.shares) if self.shares else 0.0
            elif self.how == "number":
                number = _number(v)
                out[i, 0] = (number - self.mean) / self.std if math.isfinite(number) else 0.0
            else:
                for label in self.labels(v):
                    if label in at:
                        out[i, at[label]] = 1.0
        return out

    def labels(self, value: Any) -> list[Any]:
        """The choices that a cell names."""
        return _labels(value) if self.how == "labels" else [plain(value)]


@dataclass(frozen=True)
class Features(Spec):
    """Some columns of a table of users, or of items, as one row of numbers each."""

    columns: tuple[Feature, ...]

    @property
    def size(self) -> int:
        return sum(c.size for c in self.columns)

    def encode(self, frame: Any) -> Tensor:  # -> float (N, size)
        """The rows of a data frame; a column that it lacks counts as missing."""
        n = len(frame)
        parts = [c.encode(list(frame[c.name]) if c.name in frame else [None] * n) for c in self.columns]
        return torch.cat(parts, 1)

    def by_code(self, frame: DataFrame, key: str, names: Names) -> Tensor:  # -> float (len(names), size)
        """The rows in the order of the codes; whoever has none, code 0 too, counts as the average."""
        rows = self.encode(frame)
        out = rows.mean(0).repeat(len(names), 1)
        out[torch.from_numpy(names.codes(frame[key]))] = rows
        out[0] = rows.mean(0)
        return out

    def encode_row(self, row: Mapping[str, Any]) -> Tensor:  # -> float (size,)
        """What is known of one: `{"age": 30, "sex": "F"}`. Raises `DataError` for a name that is no column."""
        known = [c.name for c in self.columns]
        if unknown := [k for k in row if k not in known]:
            raise DataError(
                f"There is no feature {unknown[0]!r}; there are {some(known, 12)}.{did_you_mean(str(unknown[0]), known)}"
            )
        return torch.cat([c.encode([row.get(c.name)])[0] for c in self.columns])


def fit_features(frame: DataFrame, key: str, whose: str) -> Features:
    """The columns of a table of users or items, beside that of their names, `key`, as features.

    Columns of as many values as rows say nothing (ids, titles, addresses) and are left out with a note. A text such as
    "Comedy|Drama" is several labels. Raises `DataError` where `key` is missing, or names somebody twice.
    """
    if key not in frame.columns:
        raise DataError(
            f"The table of {whose} features lacks the column {key!r}; there are {some(frame.columns, 12)}."
            f"{did_you_mean(key, map(str, frame.columns))}"
        )
    twice = frame[key][frame[key].duplicated()]
    if len(twice):
        raise DataError(
            f"The table of {whose} features has {twice.iloc[0]!r} twice (row {twice.index[0]}); one row each is needed."
        )
    made = {str(c): _fit(frame[c], str(c)) for c in frame.columns if c != key}
    left_out = [name for name, feature in made.items() if feature is None]
    if left_out:
        note(f"{whose} features left out, for they say nothing that is shared: {some(left_out)}")
    columns = tuple(f for f in made.values() if f is not None)
    if not columns:
        raise DataError(f"The table of {whose} features has no column that is shared by several rows.")
    return Features(columns)


def _fit(column: Series[Any], name: str) -> Feature | None:
    present = [v for v in column if not is_blank(v)]
    numbers = [_number(v) for v in present]
    if present and all(map(math.isfinite, numbers)):
        mean = sum(numbers) / len(numbers)
        std = math.sqrt(sum((v - mean) ** 2 for v in numbers) / len(numbers))
        return Feature(name, "number", mean=mean, std=std) if std else None
    several = any(isinstance(v, (list, tuple, set)) or (isinstance(v, str) and "|" in v) for v in present)
    made = Feature(name, "labels" if several else "choice")
    counts = Counter(label for v in present for label in made.labels(v))
    choices = sorted((c for c, n in counts.most_common(MAX_CHOICES) if n >= RARE), key=str)
    if not choices or sum(counts[c] for c in choices) < len(present) / 2:
        return None
    shares = tuple(counts[c] / len(present) for c in choices)
    return made.replace(choices=tuple(choices), shares=shares)


def _labels(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split("|")]
    return [plain(v) for v in value] if isinstance(value, (list, tuple, set)) else [plain(value)]


def _number(value: Any) -> float:
    if isinstance(value, str):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
