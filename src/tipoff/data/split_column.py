"""Columns that say which rows are for validation: true and false, or words such as train, valid and test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from tipoff.data.cells import is_blank
from tipoff.errors import DataError, some
from tipoff.notes import note

# in small letters, without spaces and marks
TRAIN = ("train", "training", "trainset", "trainingset", "trn", "tr", "learn", "learning", "fit")
VALID = ("valid", "validation", "validate", "val", "dev", "development", "eval", "evaluation", "validset", "validationset", "valset", "devset")  # fmt: skip
TEST = ("test", "testing", "tst", "testset", "holdout", "heldout")
YES, NO = ("true", "1", "yes", "y", "t"), ("false", "0", "no", "n", "f")
NAMES = ("isvalid", "isval", "isvalidation", "istest", "valid", "validation", "istrain", "istraining")
OF_TRAINING = ("istrain", "istraining")  # true says the contrary
MOST = 20  # different values that are looked at
LOOKED_AT = 100  # rows, before all


class Parts(NamedTuple):
    """Which rows are for training, and which for validation; each (N,). Rows may be in neither."""

    train: np.ndarray
    valid: np.ndarray


def split_columns(frame: Any, but: Iterable[str] = ()) -> list[str]:
    """The columns of a data frame that say how to split, those in words first.

    Words must say both what is for training and what is not; true and false count in a column that is called so.

    >>> import pandas as pd
    >>> split_columns(pd.DataFrame({"x": [1, 2], "usage": ["train", "test"], "is_valid": [0, 1], "test": [0, 1]}))
    ['usage', 'is_valid']
    """
    left = [c for c in frame.columns if c not in set(but)]
    in_words = [c for c in left if _is_in_words(frame[c])]
    named = [c for c in left if c not in in_words and plain(c) in NAMES and _is_of_two(frame[c])]
    return in_words + sorted(named, key=lambda c: NAMES.index(plain(c)))


def parts_of(column: Any, name: str) -> Parts:
    """Read a column of the split, whatever the letters' case. Rows without a value are for training.

    Where there are rows for validation and others for testing, the latter are in neither part. Raises `DataError` for other
    values, and where one of the parts is empty.
    """
    values = column.map(plain, na_action="ignore")
    missing = (values.isna() | (values == "")).to_numpy()  # a blank says nothing
    kinds = {*values[~missing].unique().tolist()}
    if kinds <= {*YES, *NO}:
        chosen = values.isin(YES).to_numpy()
        parts = (
            Parts(chosen | missing, ~chosen & ~missing)
            if plain(name) in OF_TRAINING
            else Parts(~chosen, chosen)
        )
    else:
        parts = _in_words(values, missing, kinds, name)
    if not parts.valid.any() or not parts.train.any():
        what = "for validation" if parts.train.any() else "for training"
        raise DataError(f"The column {name} says of no row that it is {what}: it holds {_held(column)}.")
    if missing.any():
        note(f"{missing.sum():,} of {len(missing):,} rows without {name} are used for training")
    return parts


def _in_words(values: Any, missing: np.ndarray, kinds: set[str], name: str) -> Parts:
    if not kinds & {*VALID, *TEST}:
        raise DataError(
            f"The column {name} holds {_held(values)}, and does not say which rows are for validation: "
            "that is said by true and false, or by train, valid and test."
        )
    held_out = VALID if kinds & {*VALID} else TEST
    train, valid = values.isin(TRAIN).to_numpy() | missing, values.isin(held_out).to_numpy()
    if not kinds & {*TRAIN} and len(kinds) > 1:
        raise DataError(
            f"The column {name} holds {_held(values)}, and does not say which rows are for training: call these train."
        )
    if rest := int((~train & ~valid).sum()):
        others = some(sorted(kinds - {*TRAIN, *held_out}))
        note(
            f"{rest:,} rows are not used: they are neither for training nor for validation in the column {name} ({others})"
        )
    return Parts(train, valid)


def plain(value: Any) -> str:
    """A name or a value in small letters, without spaces and marks.

    >>> plain("Is Valid"), plain("hold-out "), plain(True), plain(1.0)
    ('isvalid', 'holdout', 'true', '1')
    """
    return re.sub(r"\.0+$|[\W_]+", "", str(value).strip().lower())


def _is_in_words(column: Any) -> bool:
    if column.dtype.kind in "biufcmM" or not _kinds(column.iloc[:LOOKED_AT]) <= {*TRAIN, *VALID, *TEST}:
        return False
    kinds = _kinds(column)
    return kinds <= {*TRAIN, *VALID, *TEST} and bool(kinds & {*TRAIN}) and bool(kinds - {*TRAIN})


def _is_of_two(column: Any) -> bool:
    kinds = _kinds(column)
    return bool(kinds & {*YES}) and bool(kinds & {*NO}) and kinds <= {*YES, *NO}


def _kinds(column: Any) -> set[str]:
    """The different values; none where they are too many."""
    try:
        found = column.dropna().unique()
    except TypeError:  # lists
        return set()
    return {plain(v) for v in found if not is_blank(v)} if len(found) <= MOST else set()


def _held(column: Any) -> str:
    return some(sorted(map(str, column.dropna().unique())), 8)
