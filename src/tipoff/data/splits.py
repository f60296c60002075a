"""Ways to divide items into training and validation positions: `f(items) -> (train, valid)`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tipoff.arguments import said
from tipoff.checked import checked
from tipoff.data.items import rows_of
from tipoff.data.split_column import parts_of
from tipoff.errors import DataError, UsageError, did_you_mean, some
from tipoff.notes import note

Split = tuple[list[int], list[int]]
Splitter = Callable[[Any], Split]  # of a list of items, or a data frame

ORDERS = 20  # of groups that are tried
CLOSE = 0.02  # to the share that was asked for


def as_split(parts: Any, n: int) -> Split:
    """What a splitter of the user's gave for `n` items, as training and validation positions.

    Raises `UsageError` where these are no positions of the items, or where there are more than two parts.

    >>> as_split(([0, 1], np.array([2])), 3)
    ([0, 1], [2])
    """
    found = tuple(parts) if isinstance(parts, Iterable) else ()
    if len(found) != 2 or not all(isinstance(part, Iterable) for part in found):
        raise UsageError(
            f"The splitter gave {len(found) or 'no'} parts; it must give two, positions for training and for validation. "
            "For a test set use dls.test_dl(items, with_labels=True)."
        )
    train, valid = ([_position(i) for i in part] for part in found)
    outside = [i for i in (*train, *valid) if not 0 <= i < n]
    if outside:
        raise UsageError(
            f"The splitter gave the position {outside[0]}; {n} items have positions from 0 to {n - 1}."
        )
    if both := sorted({*train} & {*valid}):
        note(f"{len(both):,} items are for training and for validation too: the results will flatter")
    return train, valid


def _position(value: Any) -> int:
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        return operator.index(value)
    except (TypeError, ValueError):  # a tensor of floats has an index, which fails
        raise UsageError(
            f"A split is made of positions, whole numbers, and holds {value!r}. Of true and false make it by "
            "MaskSplitter(mask), with true for validation."
        ) from None


def _need_share(valid_pct: float) -> None:
    if not 0 < valid_pct < 1:
        raise UsageError(
            f"valid_pct is a share between 0 and 1, not {valid_pct}; 0.2 keeps a fifth for checking."
        )


def _complement(n: int, valid: Iterable[int]) -> Split:
    chosen = np.unique(np.fromiter((int(i) for i in valid), np.int64))
    outside = chosen[(chosen < 0) | (chosen >= n)]
    if len(outside):
        raise UsageError(f"valid_idx has {outside[0]}, but there are {n} items, numbered from 0 to {n - 1}.")
    inside = np.zeros(n, bool)
    inside[chosen] = True
    return np.flatnonzero(~inside).tolist(), chosen.tolist()


@checked
def RandomSplitter(valid_pct: float = 0.2, seed: int | None = None) -> Splitter:
    """Choose `valid_pct` of the items at random, the same ones as fastai with the same seed.

    At least one item is chosen and at least one is left.
    """
    _need_share(valid_pct)

    def split(items: Sequence[Any]) -> Split:
        n = len(items)
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        order = torch.randperm(n, generator=generator).tolist()
        cut = max(1, int(valid_pct * n))
        return order[cut:], order[:cut]

    return split


def RandomSubsetSplitter(train_sz: float, valid_sz: float, seed: int | None = None) -> Splitter:
    """Choose the shares `train_sz` and `valid_sz` of the items at random, to try things on less data.

    The items are those that fastai chooses with the same seed; others are not used.

    Raises:
        UsageError: A share is not above 0, or both are more than 1.

    Example:
        >>> train, valid = RandomSubsetSplitter(0.3, 0.2, seed=42)(range(10))
        >>> len(train), len(valid)
        (3, 2)
    """
    if not (train_sz > 0 and valid_sz > 0 and train_sz + valid_sz <= 1):
        raise UsageError(
            f"train_sz is {train_sz} and valid_sz {valid_sz}; both are shares above 0, and together at most 1."
        )

    def split(items: Sequence[Any]) -> Split:
        n = len(items)
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        order = torch.randperm(n, generator=generator).tolist()
        n_train, n_valid = max(1, int(n * train_sz)), max(1, int(n * valid_sz))
        return order[:n_train], order[n_train : n_train + n_valid]

    return split


@checked
def StratifiedSplitter(
    labels: str | Sequence[Any] | Callable[[Any], Any], valid_pct: float = 0.2, seed: int = 42
) -> Splitter:
    """Choose `valid_pct` of each class at random, at least one of every class that has two.

    `labels` has the class of each item, names a column of a data frame, or is a function of one item.

    >>> train, valid = StratifiedSplitter(["a", "a", "b", "b"], 0.5)(range(4))
    >>> len(valid), len({i // 2 for i in valid})
    (2, 2)
    """
    _need_share(valid_pct)

    def split(items: Any) -> Split:
        found = (
            [labels(o) for o in rows_of(items)]
            if callable(labels)
            else list(_column(items, labels, "StratifiedSplitter"))
        )
        of_class: dict[Any, list[int]] = {}
        for i, label in enumerate(found):
            of_class.setdefault(label, []).append(i)
        generator = torch.Generator().manual_seed(seed)
        valid: list[int] = []
        for label in sorted(of_class, key=str):
            positions = of_class[label]
            order = torch.randperm(len(positions), generator=generator).tolist()
            n = round(len(positions) * valid_pct)
            valid += [positions[i] for i in order[: min(max(1, n), len(positions) - 1)]]
        return _complement(len(items), valid)

    return split


@checked
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

        try:
            train, valid = train_test_split(
                range(len(items)),
                test_size=test_size,
                train_size=train_size,
                random_state=random_state,
                stratify=stratify,
                shuffle=shuffle,
            )
        except (ValueError, TypeError) as e:
            raise UsageError(f"TrainTestSplitter cannot split {len(items)} items so: {e}") from None
        return list(train), list(valid)

    return split


@checked
def IndexSplitter(valid_idx: Iterable[Any]) -> Splitter:
    """The given positions are for validation, counted from 0."""
    chosen = [_position(i) for i in valid_idx]
    return lambda items: _complement(len(items), chosen)


@checked
def MaskSplitter(mask: Sequence[Any]) -> Splitter:
    """Items whose mask is true are for validation; there is one truth value for each item."""
    values: list[Any] = list(mask)
    odd = next((m for m in values if m not in (0, 1)), None)
    if odd is not None:
        raise UsageError(f"MaskSplitter takes true and false, and the mask holds {odd!r}.")

    def split(items: Any) -> Split:
        return _complement(
            len(items), np.flatnonzero(np.asarray(_column(items, values, "MaskSplitter"), bool))
        )

    return split


@checked
def EndSplitter(valid_pct: float = 0.2, valid_last: bool = True) -> Splitter:
    """The last share (or the first) is for validation; for data in the order of time."""
    _need_share(valid_pct)

    def split(items: Sequence[Any]) -> Split:
        n = len(items)
        cut = max(1, int(valid_pct * n))
        order = list(range(n))
        return (order[:-cut], order[-cut:]) if valid_last else (order[cut:], order[:cut])

    return split


@checked
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
    _need_share(valid_pct)

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


@checked
def TimeSplitter(times: str | Sequence[Any] | np.ndarray, valid_pct: float = 0.2) -> Splitter:
    """The newest `valid_pct` of the items are for validation; those of one moment stay together.

    `times` has the time of each item, numbers or dates, or names a column of a data frame. Items without a time are for
    training, which is noted.

    >>> TimeSplitter([2021, 2024, 2022, 2024, 2023], 0.4)(range(5))
    ([0, 2, 4], [1, 3])
    """
    _need_share(valid_pct)

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
    """The values of a column of a data frame by its name or its place, or one value an item."""
    if isinstance(column, int) and hasattr(items, "iloc"):
        if not 0 <= column < len(items.columns):
            raise DataError(
                f"There is no column {column} (counted from 0); there are {len(items.columns)}: {some(items.columns, 12)}."
            )
        return items.iloc[:, column]
    if not isinstance(column, (str, int)):
        if len(column) != len(items):
            raise UsageError(f"{what} got {len(column)} values for {len(items)} items.")
        return column
    columns = getattr(items, "columns", None)
    if columns is None:
        raise UsageError(f"{what} by a column needs a data frame, and got a {type(items).__name__}.")
    if column not in columns:
        raise DataError(
            f"There is no column {column!r}; there are {some(columns, 12)}.{did_you_mean(str(column), map(str, columns))}"
        )
    return items[column]


@checked
def FuncSplitter(func: Callable[[Any], bool]) -> Splitter:
    """Items for which `func` is true are for validation; of a data frame, an item is a row."""
    return lambda items: _complement(len(items), (i for i, o in enumerate(rows_of(items)) if func(o)))


@checked
def FileSplitter(fname: str | Path) -> Splitter:
    """Files that are listed in `fname`, one a line, by their name or by the end of their path, are for validation.

    Lines that name no item are noted. Raises `DataError` where none does.
    """
    try:
        lines = Path(fname).read_text(encoding="utf-8-sig").splitlines()
    except OSError as e:
        raise DataError(f"{fname} cannot be read: {e.strerror or e}.") from None
    except UnicodeDecodeError:
        raise DataError(f"{fname} is no text in UTF-8; it must hold a file's name in each line.") from None
    listed = {line.strip().replace("\\", "/").removeprefix("./"): None for line in lines if line.strip()}

    def split(items: Any) -> Split:
        found: dict[str, list[int]] = {}
        for i, file in enumerate(_files(items, "FileSplitter")):
            parts = file.parts
            for k in range(1, len(parts) + 1):
                name = "/".join(parts[-k:]).replace("//", "/")
                if name in listed:
                    found.setdefault(name, []).append(i)
        if not found:
            raise DataError(
                f"{fname} lists {len(listed)} names, such as {some(map(repr, listed), 2)}, and none is that of an item, such as "
                f"{some((repr(f.name) for f in _files(items, 'FileSplitter')), 2)}."
            )
        if left := [name for name in listed if name not in found]:
            note(f"{len(left)} of {len(listed)} names in {fname} are those of no item: {some(left, 3)}")
        return _complement(len(items), (i for at in found.values() for i in at))

    return split


def need_one_split(train: str, valid: str, valid_pct: float) -> None:
    """Raise `UsageError` where a share and names of folders both say how to split."""
    if (train, valid) != ("train", "valid"):
        raise UsageError(
            f"valid_pct={valid_pct} splits all items at random, and train={train!r}, valid={valid!r} say which folders are for "
            "what: pass one of them."
        )


def _files(items: Any, what: str) -> list[Path]:
    """The items as paths."""
    rows = rows_of(items)
    odd = next((o for o in rows if not isinstance(o, (str, Path))), None)
    if odd is not None:
        raise UsageError(
            f"{what} needs items that are file names, and got a {type(odd).__name__}. For rows of a table use "
            "ColSplitter or IndexSplitter."
        )
    return [Path(o) for o in rows]


@checked
def GrandparentSplitter(
    train_name: str | Sequence[str] = "train", valid_name: str | Sequence[str] = "valid"
) -> Splitter:
    """Split by the name of the folder above the class folder: `train/cat/1.jpg`, `valid/cat/2.jpg`.

    Raises `DataError` when one of the two names is the folder of nothing.
    """

    def split(items: Sequence[Any]) -> Split:
        above = [file.parent.parent.name for file in _files(items, "GrandparentSplitter")]

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


@checked
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
        values = _column(items, col, "ColSplitter")
        if on is not None and (not isinstance(on, Hashable) or getattr(on, "shape", ()) != ()):
            raise UsageError(f"on is {said(on)}; one value of the column is needed.")
        if on is not None:
            return _complement(len(items), np.flatnonzero((values == on).to_numpy(bool, na_value=False)))
        train, valid = parts_of(values, str(values.name))
        return np.flatnonzero(train).tolist(), np.flatnonzero(valid).tolist()

    return split
