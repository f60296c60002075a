"""Steps of a table: frozen values that are fitted once to the training rows and applied to whole frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from tipoff.errors import UsageError, some
from tipoff.notes import note
from tipoff.spec import Spec
from tipoff.tabular.values import NA, Key, categories, key, like, of_kind, row_name

if TYPE_CHECKING:
    from pandas import DataFrame, Series

STRATEGIES = ("median", "mode", "constant")


@dataclass(frozen=True)
class TabularProc(Spec):
    """A step: `setup` fits it to the training rows, `apply` changes any rows. Steps run by their `order`.

    A step of your own is a frozen dataclass with these two methods; its fields are what a model file keeps.
    """

    order: ClassVar[int] = 0

    def setup(self, df: DataFrame, cats: list[str], conts: list[str]) -> tuple[Self, list[str], list[str]]:
        """The fitted step, and the names of the categories and of the numbers after it."""
        return self, cats, conts

    def apply(self, df: DataFrame) -> DataFrame:
        """Changed rows; `df` itself stays as it is."""
        raise NotImplementedError

    def undo(self, df: DataFrame) -> DataFrame:
        """Rows as they were before `apply`, as far as that is known: to be looked at."""
        return df


def with_columns(df: DataFrame, columns: Mapping[str, Any]) -> DataFrame:
    """A frame with some columns changed or added; the others are shared, not copied."""
    import pandas as pd

    kept = {name: df[name] for name in df.columns}
    made = pd.DataFrame({**kept, **columns}, index=df.index, copy=False)
    made.attrs = df.attrs
    return made


@dataclass(frozen=True)
class FillMissing(TabularProc):
    """Put a number where one is missing, and say so in a category `NAME_na`.

    `fill_strategy` is "median", "mode" or "constant" (`fill_vals`: pairs of name and number, or a dict; 0 else). With
    `add_col`, columns in which training rows lack numbers get a `NAME_na`. A number that is missing where none was
    missing in training is filled too, and said.
    """

    fill_strategy: str = "median"
    add_col: bool = True
    fill_vals: Any = None
    names: tuple[str, ...] = ()
    fills: tuple[float, ...] = ()
    flags: tuple[str | None, ...] = ()

    def __post_init__(self) -> None:
        if self.fill_strategy not in STRATEGIES:
            raise UsageError(
                f"fill_strategy is {self.fill_strategy!r}; it is one of {', '.join(STRATEGIES)}."
            )
        if isinstance(self.fill_vals, Mapping):
            object.__setattr__(self, "fill_vals", tuple((k, float(v)) for k, v in self.fill_vals.items()))

    def setup(self, df: DataFrame, cats: list[str], conts: list[str]) -> tuple[Self, list[str], list[str]]:
        flags = [self._flag(name, df) if self.add_col and df[name].isna().any() else None for name in conts]
        fills = tuple(self._fill(df[name]) for name in conts)
        fitted = self.replace(names=tuple(conts), fills=fills, flags=tuple(flags))
        return fitted, cats + [f for f in flags if f is not None], conts

    def _flag(self, name: str, df: DataFrame) -> str:
        flag = f"{name}_na"
        while flag in df.columns:
            flag += "_"
        return flag

    def _fill(self, column: Series) -> float:
        if self.fill_strategy == "constant":
            return float(dict(self.fill_vals or ()).get(column.name, 0.0))
        there = column.dropna()
        if not len(there):
            note(f"{column.name} has no value in any training row: it is taken as 0")
            return 0.0
        return float(there.median() if self.fill_strategy == "median" else there.value_counts().idxmax())

    def apply(self, df: DataFrame) -> DataFrame:
        made: dict[str, Any] = {}
        for name, fill, flag in zip(self.names, self.fills, self.flags, strict=True):
            values = df[name].to_numpy()
            missing = np.isnan(values)
            n = int(missing.sum())
            if flag is not None:
                made[flag] = missing
            elif n and self.add_col:
                rows = f"{row_name(df, int(missing.argmax()))}" + (f" and {n - 1} more" if n > 1 else "")
                note(f"{name} is missing in {rows}, as in no training row: taken as {fill:g}")
            if n:
                made[name] = np.where(missing, fill, values)
        return with_columns(df, made) if made else df

    def undo(self, df: DataFrame) -> DataFrame:
        made = {
            name: df[name].where(df[flag] != True)  # noqa: E712  # codes of unknown rows are no truth values
            for name, flag in zip(self.names, self.flags, strict=True)
            if flag is not None and flag in df.columns and name in df.columns
        }
        return with_columns(df, made) if made else df


@dataclass(frozen=True)
class Categorify(TabularProc):
    """Number the categories of each column: 0 is missing or unknown, then those of the training rows in order.

    The order is that of the alphabet, of the numbers, or of a pandas categorical. Values are compared as text in a column
    of text and as numbers in a column of numbers, so 8, 8.0 and "8" are the same.
    """

    order: ClassVar[int] = 1

    names: tuple[str, ...] = ()
    vocabs: tuple[tuple[Key, ...], ...] = ()

    def setup(self, df: DataFrame, cats: list[str], conts: list[str]) -> tuple[Self, list[str], list[str]]:
        return self.replace(names=tuple(cats), vocabs=tuple(vocab(df[name]) for name in cats)), cats, conts

    @cached_property
    def _tables(self) -> dict[str, dict[Key, int]]:
        return {
            n: {v: i + 1 for i, v in enumerate(voc)} for n, voc in zip(self.names, self.vocabs, strict=True)
        }

    def apply(self, df: DataFrame) -> DataFrame:
        return with_columns(
            df, {n: self._codes(df[n], voc) for n, voc in zip(self.names, self.vocabs, strict=True)}
        )

    def _codes(self, column: Series, voc: tuple[Key, ...]) -> np.ndarray:  # -> long (N,)
        at = self._tables[str(column.name)]
        codes, values = categories(column)
        table = np.zeros(len(values) + 1, np.int64)  # the last is that of -1, missing
        unknown: list[Any] = []
        for i, value in enumerate(values):
            found = key(value)
            table[i] = at.get(like(found, voc), 0)  # type: ignore[arg-type]  # None is in no vocabulary
            if not table[i] and found is not None and str(found).strip():
                unknown.append(found)
        if unknown:
            note(f"{column.name} {some(map(repr, unknown), 3)} was not in training: taken as unknown")
        return table[codes]

    def undo(self, df: DataFrame) -> DataFrame:
        words = {
            n: np.array([NA, *voc], dtype=object) for n, voc in zip(self.names, self.vocabs, strict=True)
        }
        return with_columns(
            df, {n: w[df[n].to_numpy(dtype=np.int64)] for n, w in words.items() if n in df.columns}
        )

    def __getitem__(self, name: str) -> list[Key]:
        """The classes of a column, as fastai's `categorify["state"]`."""
        return [NA, *self.vocabs[self.names.index(name)]]


def vocab(column: Series) -> tuple[Key, ...]:
    """The categories of a column that occur, in order."""
    import pandas as pd

    _, values = categories(column)
    keys = dict.fromkeys(k for k in of_kind(map(key, values)) if k is not None)
    ordered = isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered
    return tuple(keys) if ordered else tuple(sorted(keys))  # type: ignore[type-var]  # all of one kind


@dataclass(frozen=True)
class Normalize(TabularProc):
    """Numbers to mean 0 and standard deviation 1 over the training rows; a constant column becomes 0."""

    order: ClassVar[int] = 2

    names: tuple[str, ...] = ()
    means: tuple[float, ...] = ()
    stds: tuple[float, ...] = ()

    def setup(self, df: DataFrame, cats: list[str], conts: list[str]) -> tuple[Self, list[str], list[str]]:
        means, stds = [], []
        for name in conts:
            values = df[name].to_numpy(dtype=np.float64)
            there = values[~np.isnan(values)]
            mean, std = (float(there.mean()), float(there.std())) if len(there) else (0.0, 1.0)
            means.append(mean)
            stds.append(std if std > 1e-12 * np.abs(there).max(initial=0.0) else 1.0)
        return self.replace(names=tuple(conts), means=tuple(means), stds=tuple(stds)), cats, conts

    def apply(self, df: DataFrame) -> DataFrame:
        stats = zip(self.names, self.means, self.stds, strict=True)
        return with_columns(
            df, {n: (df[n].to_numpy(dtype=np.float64) - mean) / std for n, mean, std in stats}
        )

    def undo(self, df: DataFrame) -> DataFrame:
        stats = zip(self.names, self.means, self.stds, strict=True)
        return with_columns(df, {n: df[n] * std + mean for n, mean, std in stats if n in df.columns})


def as_procs(procs: Any) -> tuple[TabularProc, ...]:
    """Classes and instances of steps as instances, by their order."""
    made = []
    for proc in [procs] if isinstance(procs, (type, TabularProc)) else procs:
        step = proc() if isinstance(proc, type) else proc
        if not isinstance(step, TabularProc):
            raise UsageError(
                f"procs holds {proc!r:.60}, which is no step; it takes Categorify, FillMissing, Normalize, Datepart(...) "
                "or TabularProcs of your own."
            )
        made.append(step)
    if twice := {type(s).__name__ for s in made if sum(type(o) is type(s) for o in made) > 1} - {"Datepart"}:
        raise UsageError(f"procs holds {some(twice)} twice.")
    return tuple(sorted(made, key=lambda s: s.order))
