"""Steps of a table: frozen values that are fitted once to the training rows and applied to any rows, a column at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from tipoff.checked import checked
from tipoff.errors import UsageError, some
from tipoff.notes import note
from tipoff.spec import Spec
from tipoff.tabular.values import NA, Coded, Columns, Key, like, of_kind, small

FARTHEST = 1e6  # standard deviations from the mean


class FillStrategy(StrEnum):
    """What is put where a number is missing, by fastai's names; the words will do."""

    median = "median"
    mode = "mode"
    constant = "constant"


@dataclass(frozen=True)
class TabularProc(Spec):
    """A step: `setup` fits it to the training rows, `apply` changes any rows. Steps run by their `order`.

    Rows come as a dict of columns: numbers as float64 with NaN for none, dates as datetime64, categories as `Coded`. A step
    of your own is a frozen dataclass with these methods; its fields are what a model file keeps.

    >>> class Ratio(TabularProc):
    ...     def setup(self, columns, cats, conts):
    ...         return self, cats, [*conts, "bmi"]
    ...     def apply(self, columns):
    ...         return {**columns, "bmi": columns["weight"] / columns["height"] ** 2}
    """

    order: ClassVar[int] = 0

    def setup(self, columns: Columns, cats: list[str], conts: list[str]) -> tuple[Self, list[str], list[str]]:
        """The fitted step, and the names of the categories and of the numbers after it."""
        return self, cats, conts

    def apply(self, columns: Columns) -> Columns:
        """Changed rows; neither `columns` nor its arrays are changed."""
        raise NotImplementedError

    def undo(self, columns: Columns) -> Columns:
        """Rows as they were before `apply`, as far as that is known: to be looked at."""
        return columns


def array(columns: Columns, name: str) -> np.ndarray:
    """A column of numbers, dates or codes."""
    values = columns[name]
    assert isinstance(values, np.ndarray)
    return values


def need_alike(step: TabularProc, *fields: str) -> None:
    """Raise `UsageError` unless what a step knows of its columns is known of each."""
    lengths = {f: len(getattr(step, f)) for f in fields}
    if len(set(lengths.values())) > 1:
        known = ", ".join(f"{n} {f}" for f, n in lengths.items())
        raise UsageError(f"{type(step).__name__} has {known}; there must be as many of each.")


@checked
@dataclass(frozen=True)
class FillMissing(TabularProc):
    """Put a number where one is missing, and say so in a category `NAME_na`.

    `fill_strategy` is "median", "mode" or "constant" (then `fill_vals` has the number of each column, 0 where it is not
    named). With `add_col`, columns in which training rows lack numbers get a `NAME_na`. A number that is missing where
    none was missing in training is filled too, and that is said.
    """

    fill_strategy: str = "median"
    add_col: bool = True
    fill_vals: Any = None
    names: tuple[str, ...] = ()
    fills: tuple[float, ...] = ()
    flags: tuple[str | None, ...] = ()

    def __post_init__(self) -> None:
        if self.fill_strategy not in list(FillStrategy):
            raise UsageError(
                f"fill_strategy is {self.fill_strategy!r}; it is one of {', '.join(FillStrategy)}."
            )
        need_alike(self, "names", "fills", "flags")
        object.__setattr__(self, "fill_strategy", str(self.fill_strategy))
        if isinstance(self.fill_vals, Mapping):
            object.__setattr__(self, "fill_vals", tuple((k, float(v)) for k, v in self.fill_vals.items()))

    def setup(self, columns: Columns, cats: list[str], conts: list[str]) -> tuple[Self, list[str], list[str]]:
        fills, flags = [], []
        for name in conts:
            values = array(columns, name)
            there = values[~np.isnan(values)]
            fills.append(self._fill(name, there))
            flags.append(self._flag(name, columns) if self.add_col and len(there) < len(values) else None)
        fitted = self.replace(names=tuple(conts), fills=tuple(fills), flags=tuple(flags))
        return fitted, cats + [f for f in flags if f is not None], conts

    @staticmethod
    def _flag(name: str, columns: Columns) -> str:
        flag = f"{name}_na"
        while flag in columns:
            flag += "_"
        return flag

    def _fill(self, name: str, there: np.ndarray) -> float:
        if self.fill_strategy == "constant":
            return float(dict(self.fill_vals or ()).get(name, 0.0))
        if not len(there):
            note(f"{name} has no value in any training row: it is taken as 0")
            return 0.0
        if self.fill_strategy == "median":
            return float(np.median(there))
        values, counts = np.unique(there, return_counts=True)
        return float(values[counts.argmax()])

    def apply(self, columns: Columns) -> Columns:
        made = dict(columns)
        for name, fill, flag in zip(self.names, self.fills, self.flags, strict=True):
            values = array(columns, name)
            missing = np.isnan(values)
            n = int(missing.sum())
            if n:
                made[name] = np.where(missing, fill, values)
            if flag is not None:
                made[flag] = small(missing)
            elif n and self.add_col:
                rows = "a row" if n == 1 else f"{n} rows"
                note(f"{name} is missing in {rows}, as in none of the training rows: taken as {fill:g}")
        return made

    def undo(self, columns: Columns) -> Columns:
        made = dict(columns)
        for name, flag in zip(self.names, self.flags, strict=True):
            if flag is not None and flag in made:
                made[name] = np.where(made.pop(flag) == True, np.nan, array(columns, name))  # noqa: E712
        return made


@checked
@dataclass(frozen=True)
class Categorify(TabularProc):
    """Number the categories of each column: 0 is missing or unknown, then those of the training rows in order.

    The order is that of the alphabet, of numbers, or of an ordered pandas categorical. Values are compared as text in a
    column of text and as numbers in a column of numbers, so 8, 8.0 and "8" are the same.
    """

    order: ClassVar[int] = 1

    names: tuple[str, ...] = ()
    vocabs: tuple[tuple[Key, ...], ...] = ()

    def __post_init__(self) -> None:
        need_alike(self, "names", "vocabs")

    def setup(self, columns: Columns, cats: list[str], conts: list[str]) -> tuple[Self, list[str], list[str]]:
        vocabs = []
        for name in cats:
            values = columns[name]
            assert isinstance(values, Coded)
            keys = dict.fromkeys(k for k in of_kind(values.keys) if k is not None)
            vocabs.append(tuple(keys) if values.ordered else tuple(sorted(keys)))
        return self.replace(names=tuple(cats), vocabs=tuple(vocabs)), cats, conts

    @cached_property
    def _tables(self) -> tuple[dict[Key | None, int], ...]:
        return tuple({k: i + 1 for i, k in enumerate(vocab)} for vocab in self.vocabs)

    def apply(self, columns: Columns) -> Columns:
        made = dict(columns)
        for name, vocab, number_of in zip(self.names, self.vocabs, self._tables, strict=True):
            values = columns[name]
            assert isinstance(values, Coded)
            numbers = [number_of.get(like(k, vocab), 0) for k in values.keys]
            made[name] = np.array([*numbers, 0])[values.codes]  # the last is that of -1, no value
            if new := [k for k, n in zip(values.keys, numbers, strict=True) if not n and k is not None]:
                note(f"{name} {some(map(repr, new), 3)} was not in training: taken as unknown")
        return made

    def undo(self, columns: Columns) -> Columns:
        made = dict(columns)
        for name, vocab in zip(self.names, self.vocabs, strict=True):
            words = np.array([NA, *vocab], dtype=object)
            made[name] = words[array(columns, name)]
        return made

    def __getitem__(self, name: str) -> list[Key]:
        """The classes of a column, by their codes."""
        return [NA, *self.vocabs[self.names.index(name)]]


@checked
@dataclass(frozen=True)
class Normalize(TabularProc):
    """Numbers to mean 0 and standard deviation 1 over the training rows; a constant column becomes 0."""

    order: ClassVar[int] = 2

    names: tuple[str, ...] = ()
    means: tuple[float, ...] = ()
    stds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        need_alike(self, "names", "means", "stds")

    def setup(self, columns: Columns, cats: list[str], conts: list[str]) -> tuple[Self, list[str], list[str]]:
        means, stds = [], []
        for name in conts:
            values = array(columns, name)
            there = values[~np.isnan(values)]
            mean, std = (float(there.mean()), float(there.std())) if len(there) else (0.0, 1.0)
            means.append(mean)
            stds.append(std if std > 1e-12 * np.abs(there).max(initial=0.0) else 1.0)
        return self.replace(names=tuple(conts), means=tuple(means), stds=tuple(stds)), cats, conts

    def apply(self, columns: Columns) -> Columns:
        made = dict(columns)
        for name, mean, std in zip(self.names, self.means, self.stds, strict=True):
            # a cell of 1e300 must not make the answer NaN; training rows are never so far out
            made[name] = ((array(columns, name) - mean) / std).clip(-FARTHEST, FARTHEST)
        return made

    def undo(self, columns: Columns) -> Columns:
        stats = zip(self.names, self.means, self.stds, strict=True)
        return {**columns, **{n: array(columns, n) * std + mean for n, mean, std in stats}}


Procs = type | TabularProc | Sequence[type | TabularProc] | None


def as_procs(procs: Any) -> tuple[TabularProc, ...]:
    """Classes and instances of steps as instances, in their order."""
    made = []
    for proc in [procs] if isinstance(procs, (type, TabularProc)) else procs:
        step = proc() if isinstance(proc, type) else proc
        if not isinstance(step, TabularProc):
            raise UsageError(
                f"procs holds {proc!r:.60}, which is no step; it takes Categorify, FillMissing, Normalize, "
                "Datepart(...), or a TabularProc of your own."
            )
        made.append(step)
    return tuple(sorted(made, key=lambda s: s.order))
