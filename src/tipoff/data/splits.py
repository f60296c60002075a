"""Ways to divide items into training and validation positions: `f(items) -> (train, valid)`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tipoff.data.split_column import parts_of
from tipoff.errors import DataError, UsageError, did_you_mean, some
from tipoff.notes import note

Split = tuple[list[int], list[int]]
Splitter = Callable[[Any], Split]  # of a list of items, or a data frame

ORDERS = 20  # of groups that are tried
CLOSE = 0.02  # to the share that was asked for


def _complement(n: int, valid: Iterable[int]) -> Split:
    chosen = np.unique(np.fromiter((int(i) for i in valid), np.int64))
    outside = chosen[(chosen < 0) | (chosen >= n)]
    if len(outside):
        raise UsageError(f"valid_idx has {outside[0]}, but there are {n} items, numbered from 0 to {n - 1}.")
    inside = np.zeros(n, bool)
    inside[chosen] = True
    return np.flatnonzero(~inside).tolist(), chosen.tolist()


def RandomSplitter(valid_pct: float = 0.2, seed: int | None = None) -> Splitter:
    """Choose `valid_pct` of the items at random, the same ones as fastai with the same seed.

    At least one item is chosen and at least one is left.
    """
    if not 0 < valid_pct < 1:
        raise UsageError(
            f"valid_pct is a share between 0 and 1, not {valid_pct}; 0.2 keeps a fifth for checking."
        )

    def split(items: Sequence[Any]) -> Split:
        n = len(items)
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        order = torch.randperm(n, generator=generator).tolist()
        cut = max(1, int(valid_pct * n))
        return order[cut:], order[:cut]

    return split


def StratifiedSplitter(
    labels: Sequence[Any] | Callable[[Any], Any], valid_pct: float = 0.2, seed: int = 42
) -> Splitter:
    """Choose `valid_pct` of each class at random, at least one of every class that has two."""

    def split(items: Sequence[Any]) -> Split:
        of_class: dict[Any, list[int]] = {}
        for i, item in enumerate(items):
            of_class.setdefault(labels(item) if callable(labels) else labels[i], []).append(i)
        generator = torch.Generator().manual_seed(seed)
        valid: list[int] = []
        for label in sorted(of_class, key=str):
            positions = of_class[label]
            order = torch.randperm(len(positions), generator=generator).tolist()
            n = round(len(positions) * valid_pct)
            valid += [positions[i] for i in order[: min(max(1, n), len(positions) - 1)]]
        return _complement(len(items), valid)

    return split


def TrainTestSplitter(
    test_size: float = 0.2,
    random_state: int | None = None,
    stratify: Sequence[Any] | None = None,
    train_size: float | None = None,
    shuffle: bool = True,
) -> Splitter:
    """scikit-learn's `train_test_split`."""

    def split(items: Sequence[Any]) -> Split:
        from sklearn.model_selection import train_test_split

        train, valid = train_test_split(
            range(len(items)),
            test_size=test_size,
            train_size=train_size,
            random_state=random_state,
            stratify=stratify,
            shuffle=shuffle,
        )
        return list(train), list(valid)

    return split


def IndexSplitter(valid_idx: Iterable[int]) -> Splitter:
    """The given positions are for validation."""
    chosen = list(valid_idx)
    return lambda items: _complement(len(items), chosen)


def MaskSplitter(mask: Sequence[bool]) -> Splitter:
    """Items whose mask is true are for validation."""
    return IndexSplitter(i for i, m in enumerate(mask) if m)


def EndSplitter(valid_pct: float = 0.2, valid_last: bool = True) -> Splitter:
    """The last share (or the first) is for validation; for data in the order of time."""

    def split(items: Sequence[Any]) -> Split:
        n = len(items)
        cut = max(1, int(valid_pct * n))
        order = list(range(n))
        return (order[:-cut], order[-cut:]) if valid_last else (order[cut:], order[:cut])

    return split


def GroupSplitter(
    groups: str | Sequence[Any] | np.ndarray, valid_pct: float = 0.2, seed: int | None = None
) -> Splitter:
    """About `valid_pct` of the items, so that no group is on both sides: the same patient, the same shop.

    `groups` has the group of each item, or names a column of a data frame. Groups are chosen at random so that the share is
    met as nearly as they allow; where it is not, that is noted. Items without a group are for training, which is noted too.

    >>> train, valid = GroupSplitter(["anna", "anna", "ben", "ben", "cleo"], 0.4, seed=1)(range(5))
    >>> valid in ([0, 1], [2, 3])
    True
    """

    def split(items: Any) -> Split:
        import pandas as pd

        codes, names = pd.factorize(np.asarray(_column(items, groups, "GroupSplitter")))
        if len(names) < 2:
            raise DataError(f"There is {len(names) or 'no'} group; at least two are needed, one to check on.")
        what = groups if isinstance(groups, str) else "a group"
        sizes = np.bincount(codes[codes >= 0], minlength=len(names))
        chosen = _groups_near(sizes, valid_pct * len(codes), seed)
        missing, n = int((codes < 0).sum()), len(codes)
        got = sizes[chosen].sum() / n
        if not 0.5 < got / valid_pct < 1.5 and missing < n / 2:
            note(
                f"{got:.0%} of the rows are for validation, not {valid_pct:.0%}: the groups of {what} allow no nearer share. "
                f"The largest, {names[sizes.argmax()]}, has {sizes.max():,} of {n:,} rows"
            )
        if missing:
            merged = ". If cells are merged, or only the first row of a block is filled, fill them down" * (
                missing > n / 4
            )
            note(f"{missing:,} of {n:,} rows without {what} are used for training{merged}")
        return _complement(len(codes), np.flatnonzero(np.isin(codes, chosen)))

    return split


def _groups_near(sizes: np.ndarray, wanted: float, seed: int | None) -> list[int]:
    """Groups whose sizes sum up to nearly `wanted`, not all of them: the best of some random orders."""
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    best: list[int] = []
    best_off = np.inf
    for _ in range(ORDERS):
        total, chosen = 0, list[int]()
        for group in torch.randperm(len(sizes), generator=generator).tolist():
            if abs(total + sizes[group] - wanted) < abs(total - wanted) and len(chosen) < len(sizes) - 1:
                total += sizes[group]
                chosen.append(group)
        if not chosen:  # each is more than twice too large
            total, chosen = sizes.min(), [int(sizes.argmin())]
        if abs(total - wanted) < best_off:
            best, best_off = chosen, abs(total - wanted)
        if best_off <= CLOSE * wanted:
            break
    return best


def TimeSplitter(times: str | Sequence[Any] | np.ndarray, valid_pct: float = 0.2) -> Splitter:
    """The newest `valid_pct` of the items are for validation; those of one moment stay together.

    `times` has the time of each item, numbers or dates, or names a column of a data frame. Items without a time are for
    training, which is noted.

    >>> TimeSplitter([2021, 2024, 2022, 2024, 2023], 0.4)(range(5))
    ([0, 2, 4], [1, 3])
    """

    def split(items: Any) -> Split:
        import pandas as pd

        column = pd.Series(np.asarray(_column(items, times, "TimeSplitter")))
        if not (
            pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype)
        ):
            column = pd.to_datetime(column, errors="coerce", format="ISO8601")
        known = column.dropna().sort_values()
        if known.nunique() < 2:
            raise DataError(
                "All items are of one time, or their times cannot be read; a split by time needs two or more."
            )
        first = known.iloc[-max(1, round(valid_pct * len(column)))] if len(known) else None
        if first == known.iloc[0]:
            first = known[known > first].iloc[0]
        chosen = (column >= first).to_numpy()
        what = times if isinstance(times, str) else "a time"
        if not 0.5 < chosen.mean() / valid_pct < 1.5:
            note(
                f"{chosen.mean():.0%} of the rows are for validation, not {valid_pct:.0%}: those of one moment stay together"
            )
        if missing := len(column) - len(known):
            note(f"{missing:,} of {len(column):,} rows without {what} are used for training")
        return _complement(len(column), np.flatnonzero(chosen))

    return split


def _column(items: Any, column: Any, what: str) -> Any:
    """The values of a column of a data frame by its name, or one value an item."""
    if not isinstance(column, str):
        if len(column) != len(items):
            raise UsageError(f"{what} got {len(column)} values for {len(items)} items.")
        return column
    columns = getattr(items, "columns", None)
    if columns is None:
        raise UsageError(f"{what} by a column needs a data frame, and got a {type(items).__name__}.")
    if column not in columns:
        raise DataError(
            f"There is no column {column!r}; there are {some(columns, 12)}.{did_you_mean(column, map(str, columns))}"
        )
    return items[column]


def FuncSplitter(func: Callable[[Any], bool]) -> Splitter:
    """Items for which `func` is true are for validation."""
    return lambda items: _complement(len(items), (i for i, o in enumerate(items) if func(o)))


def FileSplitter(fname: str | Path) -> Splitter:
    """Files whose names are listed in `fname`, one a line, are for validation."""
    names = set(Path(fname).read_text().split("\n"))
    return FuncSplitter(lambda item: Path(item).name in names)


def GrandparentSplitter(
    train_name: str | Sequence[str] = "train", valid_name: str | Sequence[str] = "valid"
) -> Splitter:
    """Split by the name of the folder above the class folder: `train/cat/1.jpg`, `valid/cat/2.jpg`.

    Raises `DataError` when one of the two names is the folder of nothing.
    """

    def split(items: Sequence[Any]) -> Split:
        above = [Path(o).parent.parent.name for o in items]

        def of(names: str | Sequence[str]) -> list[int]:
            wanted = {names} if isinstance(names, str) else set(names)
            found = [i for i, name in enumerate(above) if name in wanted]
            if not found:
                there = sorted(set(above))
                raise DataError(
                    f"No item lies in a folder below {' or '.join(sorted(wanted))}/; the folders two levels up are "
                    f"called {some(there)}.{did_you_mean(min(wanted), there)} Pass train= and valid= with their "
                    "names, or valid_pct=0.2 to split at random."
                )
            return found

        train, valid = of(train_name), of(valid_name)
        if left := len(items) - len(train) - len(valid):
            note(f"{left} items lie neither below {train_name}/ nor below {valid_name}/ and were left out")
        return train, valid

    return split


def ColSplitter(col: str | int = "is_valid", on: Any = None) -> Splitter:
    """Rows of a data frame are for validation where its column `col` says so, or equals `on`.

    The column holds true and false (in whatever form), or words such as train, valid and test. Where it has rows for
    validation and others for testing, the latter are left out; rows without a value are for training. Raises `DataError`
    where it holds anything else, or leaves one of the parts empty.

    >>> import pandas as pd
    >>> ColSplitter("split")(pd.DataFrame({"split": ["train", "Train", "val", "test"]}))
    ([0, 1], [2])
    """

    def split(items: Any) -> Split:
        values = items.iloc[:, col] if isinstance(col, int) else _column(items, col, "ColSplitter")
        if on is not None:
            return _complement(len(items), np.flatnonzero((values == on).to_numpy(bool, na_value=False)))
        train, valid = parts_of(values, str(values.name))
        return np.flatnonzero(train).tolist(), np.flatnonzero(valid).tolist()

    return split
