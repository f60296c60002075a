"""Batches of ratings, or of clicks, from a table in one call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import Tensor

from tipoff.checked import checked
from tipoff.collab.block import PairBlock
from tipoff.collab.clean import columns_of, need_range, numbers_of, read_ratings, usable
from tipoff.collab.dataset import ClickDataset, RatingDataset, pairs_of
from tipoff.collab.features import Features, fit_features
from tipoff.collab.names import Names, vocabulary
from tipoff.collab.splits import leave_last_out
from tipoff.collab.targets import ClickBlock, RatingBlock
from tipoff.data.column_types import settled_frame
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.frame import as_frame
from tipoff.data.loader import IDLE, Loader
from tipoff.data.plan import Plan
from tipoff.data.splits import ColSplitter, IndexSplitter, RandomSplitter, Split
from tipoff.errors import DataError, UsageError
from tipoff.near import names_keywords
from tipoff.notes import note
from tipoff.rng import fresh_seed

if TYPE_CHECKING:
    from pandas import DataFrame

MIN_BS, MAX_BS, MIN_STEPS = 64, 1024, 80
VALID_BS = 8192


class CollabDataLoaders(DataLoaders):
    """`DataLoaders` of ratings: pairs of codes (B, 2), and ratings (B, 1).

    Common arguments: `user_name`, `item_name`, `rating_name` are the columns, the first three unless given;
    `valid_pct` with `seed` (at random, the rows that fastai chooses), `valid_idx` (positions) or `valid_col` (a column of
    true and false) say which rows are put aside. `user_features` and `item_features` are tables with a column of the
    same name as that of the ratings, and what is known of each; whoever is in them can be answered for without a rating.
    Without `bs` it is 1024, less for few ratings.
    """

    tables: tuple[Tensor | None, Tensor | None] = (None, None)  # features by code, of users and of items
    chose_bs: bool = False  # the batch size is not the user's

    @classmethod
    @checked
    def from_df(
        cls,
        ratings: Any,
        valid_pct: float = 0.2,
        user_name: str | int | None = None,
        item_name: str | int | None = None,
        rating_name: str | int | None = None,
        seed: int | None = None,
        path: str | Path = ".",
        bs: int | None = None,
        val_bs: int | None = None,
        shuffle: bool = True,
        device: str | int | torch.device | None = None,
        *,
        valid_idx: Any = None,
        valid_col: str | int | None = None,
        user_features: Any = None,
        item_features: Any = None,
    ) -> Self:
        """From a data frame with a row a rating.

        Rows without a user, an item or a rating, and all but the last rating of a pair, are left out with a note. Raises
        `DataError`, naming the row, for a rating that is no finite number.

        >>> import pandas as pd
        >>> rows = [("ann", "Fargo", 5), ("ann", "Heat", 2), ("bob", "Fargo", 4), ("bob", "Heat", 3), ("cy", "Heat", 1)]
        >>> dls = CollabDataLoaders.from_df(pd.DataFrame(rows, columns=["who", "film", "stars"]), seed=1)
        >>> dls.classes["film"]
        ['#na#', 'Fargo', 'Heat']
        """
        frame = settled_frame(as_frame(ratings))
        user, item, rating = columns_of(
            frame, [user_name, item_name, rating_name], ["user", "item", "rating"]
        )
        keep = usable(frame, user, item, rating)
        stars = numbers_of(frame, rating)
        need_range(stars[keep], frame.loc[keep], rating)
        train, valid = _split(frame, keep, valid_pct, valid_idx, valid_col, seed)
        pairs, tables = _pairs(frame, train, user, item, user_features, item_features)
        every = stars[np.concatenate([train, valid])]
        target = RatingBlock(float(every.min()), float(every.max()), name=str(rating))
        plan = Plan((pairs,), (target,))

        def part(rows: np.ndarray) -> RatingDataset:
            found = frame.iloc[rows]
            x = pairs.encode_columns(found[user], found[item])
            return RatingDataset(plan, x, torch.tensor(stars[rows, None], dtype=torch.float32), rows)

        datasets = part(train), part(valid)
        _say_unknown(datasets[1])
        chose, bs = bs is None, _batch_size(bs, len(train))
        loaders = [
            Loader(datasets[0], bs, shuffle=shuffle, seed=seed),
            Loader(datasets[1], val_bs or VALID_BS),
        ]
        made = cls(*loaders, path=path, device=device, plan=plan)
        made.tables, made.chose_bs = tables, chose
        return made

    @classmethod
    @checked
    @names_keywords(from_df)
    def from_csv(cls, csv: str | Path, **kwargs: Any) -> Self:
        """From a file (CSV of any delimiter, with or without a line of names, Parquet, Excel), as `from_df`."""
        return cls.from_df(read_ratings(csv), **kwargs)

    @classmethod
    @checked
    def from_clicks(
        cls,
        clicks: Any,
        user_name: str | int | None = None,
        item_name: str | int | None = None,
        time_name: str | int | None = None,
        seed: int | None = None,
        path: str | Path = ".",
        bs: int | None = None,
        device: str | int | torch.device | None = None,
        *,
        n_negatives: int = 16,
        valid_pct: float | None = None,
        valid_idx: Any = None,
        valid_col: str | int | None = None,
        user_features: Any = None,
        item_features: Any = None,
    ) -> Self:
        """From rows that say only who took what: clicks, purchases, plays.

        Each user's last item by `time_name` (by the order of the rows, without it) is put aside, for everybody with two or
        more, unless `valid_pct`, `valid_idx` or `valid_col` say otherwise. Beside each pair, `n_negatives` items are drawn
        at random, anew in each epoch.
        """
        frame = settled_frame(as_frame(clicks))
        names = [user_name, item_name] + ([time_name] if time_name is not None else [])
        user, item, *time = columns_of(frame, names, ["user", "item", "time"][: len(names)])
        keep = usable(frame, user, item)
        if valid_pct is valid_idx is valid_col is None:
            there = np.flatnonzero(keep)
            left, last = leave_last_out(frame.iloc[there], user, time[0] if time else None)
            if not last:
                raise DataError(f"Nobody has two rows: there is no last {item} to put aside and check on.")
            train, valid = there[left], there[last]
        else:
            train, valid = _split(frame, keep, valid_pct or 0.0, valid_idx, valid_col, seed)
        pairs, tables = _pairs(frame, train, user, item, user_features, item_features)
        plan = Plan((pairs,), (ClickBlock(n_negatives),))
        seed = fresh_seed() if seed is None else seed

        def part(rows: np.ndarray, key: int) -> ClickDataset:
            found = frame.iloc[rows]
            x = pairs.encode_columns(found[user], found[item])
            return ClickDataset(plan, x, rows=rows, seed=key)

        datasets = part(train, seed), part(valid, seed + 1)
        _say_unknown(datasets[1])
        loaders = [
            Loader(datasets[0], _batch_size(bs, len(train)), shuffle=True, seed=seed),
            Loader(datasets[1], MAX_BS),
        ]
        made = cls(*loaders, path=path, device=device, plan=plan)
        made.tables = tables
        return made

    # who and what ----------------------------------------------------------------------------

    @property
    def pairs(self) -> PairBlock:
        """What makes codes of users and items."""
        assert self.plan is not None
        return pairs_of(self.plan)

    @property
    def classes(self) -> dict[str, Names]:
        """The names of users and of items by their codes."""
        return self.pairs.classes

    @property
    def cat_names(self) -> list[str]:
        return [self.pairs.user_name, self.pairs.item_name]

    @names_keywords(*IDLE, "rm_type_tfms")
    def test_dl(
        self,
        test_items: Any,
        with_labels: bool = False,
        bs: int | None = None,
        num_workers: int = 0,
        **_: Any,
    ) -> Loader:
        """Batches of other pairs, a data frame with the same columns, in its order."""
        frame = as_frame(test_items)
        if not len(frame):
            raise UsageError("There are no pairs to predict: the table is empty.")
        assert self.plan is not None
        pairs, target = self.pairs, self.plan.targets[0]
        kinds = ["user", "item"]
        names: list[Any] = [pairs.user_name, pairs.item_name]
        y = None
        if with_labels and isinstance(target, RatingBlock):
            kinds, names = [*kinds, "rating"], [*names, target.name]
        user, item, *rest = columns_of(frame, names, kinds)
        if rest:
            y = torch.tensor(numbers_of(frame, rest[0])[:, None], dtype=torch.float32)
        x = pairs.encode_columns(frame[user], frame[item])
        return Loader(RatingDataset(self.plan, x, y), bs or VALID_BS)


def _split(
    frame: DataFrame, keep: np.ndarray, valid_pct: float, valid_idx: Any, valid_col: Any, seed: int | None
) -> tuple[np.ndarray, np.ndarray]:
    if valid_idx is not None and valid_col is not None:
        raise UsageError("valid_idx and valid_col each say how to split; pass one of them.")
    if valid_idx is not None:
        made: Split = IndexSplitter(valid_idx)(frame)
    elif valid_col is not None:
        made = ColSplitter(valid_col)(frame)
    else:
        made = RandomSplitter(valid_pct, seed)(frame)
    parts = [np.asarray(part, dtype=np.int64) for part in made]
    train, valid = (part[keep[part]] for part in parts)
    for part, what in ((train, "learn from"), (valid, "check on")):
        if not len(part):
            raise DataError(f"The split leaves no ratings to {what}; there are {int(keep.sum()):,} in all.")
    return train, valid


def _pairs(
    frame: DataFrame, train: np.ndarray, user: Any, item: Any, user_features: Any, item_features: Any
) -> tuple[PairBlock, tuple[Tensor | None, Tensor | None]]:
    """The block for users and items, of the training rows and of the tables of features, and these as numbers by code."""
    found = frame.iloc[train]
    names: list[tuple[Any, ...]] = []
    features: list[Features | None] = []
    tables: list[Tensor | None] = []
    for name, given, whose in ((user, user_features, "user"), (item, item_features, "item")):
        if given is None:
            names.append(vocabulary(found[name]))
            features.append(None)
            tables.append(None)
            continue
        table = settled_frame(as_frame(given))
        known = fit_features(table, name, whose)
        names.append(vocabulary(found[name], table[name]))
        features.append(known)
        tables.append(known.by_code(table, name, Names(names[-1])))
    return PairBlock(str(user), str(item), names[0], names[1], *features), (tables[0], tables[1])


def _batch_size(bs: int | None, n: int) -> int:
    if bs is not None:
        return bs
    return min(MAX_BS, max(MIN_BS, n // MIN_STEPS))


def _say_unknown(valid: RatingDataset) -> None:
    """How many validation rows are of somebody, or something, that has no training row."""
    pairs = pairs_of(valid.plan)
    for k, name in enumerate((pairs.user_name, pairs.item_name)):
        n = int((valid.x[:, k] == 0).sum())
        if n:
            note(
                f"{n:,} validation rows are of {name}s without training rows: answered as for an average {name}"
            )
