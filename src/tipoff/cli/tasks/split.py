"""How the rows of a table are divided: as an option, or a column of the table, says; else at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tipoff.cli.settings import Settings
from tipoff.data.cells import is_blank
from tipoff.data.read_numbers import is_text
from tipoff.data.split_column import NO, YES, plain, split_columns
from tipoff.data.splits import ColSplitter, GroupSplitter, Splitter, TimeSplitter
from tipoff.errors import DataError, UsageError, did_you_mean, some
from tipoff.notes import note
from tipoff.tabular.reading import find_formats, read_dates

SHARE = 0.2  # of the rows are for validation
FEATURES = ("valid", "validation")  # names that a feature may have too


class Way(NamedTuple):
    """How rows are divided: `splitter` of the whole data frame, None for at random; in words; `spare` columns say only that."""

    splitter: Splitter | None
    how: str
    spare: list[str]


def need_named(frame: Any, settings: Settings, target: str | None = None) -> None:
    """Raise where an option names a column that the table lacks, or the target where that cannot be."""
    columns = [str(c) for c in frame.columns]
    options = {
        "--target": target,
        "--group": settings.group,
        "--time": settings.time,
        "--valid-col": settings.valid_col,
    }
    for option, name in (*options.items(), *(("--leave-out", c) for c in settings.leave_out)):
        if name is not None and name not in columns:
            raise DataError(
                f"{settings.data.name} has no column {name!r} for {option}; there are {some(columns, 40)}."
                f"{did_you_mean(name, columns)}"
            )
    if target is not None and target in (
        settings.group,
        settings.time,
        settings.valid_col,
        *settings.leave_out,
    ):
        raise UsageError(f"{target} is to be predicted; it cannot be split by, or left out.")


def way_of(frame: Any, settings: Settings, but: Sequence[Any]) -> Way:
    """What the options say, else a column of true and false or of train and valid; `but` are columns of something else."""
    found = split_columns(
        frame, [*but, *settings.leave_out, *([settings.valid_col] if settings.valid_col else [])]
    )
    if settings.how_split is not None:
        for column in found:
            note(f"the column {column} is left out: {settings.how_split} says how to split")
    if settings.valid_col is not None:
        how = f"as the column {settings.valid_col} says"
        return Way(ColSplitter(settings.valid_col), how, [settings.valid_col, *found])
    if settings.group is not None:
        how = f"chosen so that rows of one {settings.group} are on one side (seed {settings.seed})"
        return Way(GroupSplitter(settings.group, SHARE, settings.seed), how, [settings.group, *found])
    if settings.time is not None:
        return Way(_by_time(frame, settings.time), f"the newest {SHARE:.0%} by {settings.time}", found)
    if not found:
        return Way(None, f"chosen at random (seed {settings.seed})", [])
    column = found[0]
    for other in found[1:]:
        note(
            f"the column {other} is left out: {column} says how to split; --valid-col {other} chooses the other"
        )
    if plain(column) in FEATURES and {plain(v) for v in frame[column].dropna().unique()} <= {*YES, *NO}:
        note(
            f"the column {column} is taken for the split, by its name. Where it is a feature of the rows, rename it; --leave-out {column} "
            "splits at random"
        )
    return Way(ColSplitter(column), f"as the column {column} says", found)


def _by_time(frame: Any, time: str) -> Splitter:
    """Dates may be written in any form that a column of dates may have."""
    column = frame[time]
    times = read_dates(frame, time, find_formats(column)) if is_text(column) else time
    return TimeSplitter(times, SHARE)


def divided(
    frame: Any, label: str, parts: tuple[Sequence[int], Sequence[int]], is_class: bool
) -> tuple[Any, list[int]]:
    """The rows that are in a part, and where those for validation are among them.

    A row for validation whose class no training row has is left out and said: no model can know it. So is it said where the
    validation rows are all of one class.
    """
    train, valid = (np.asarray(p, dtype=np.int64) for p in parts)
    if is_class:
        labels = frame[label].to_numpy(object)
        known = {*frame[label].iloc[train].dropna().tolist()}
        new = [
            i for i in valid if not is_blank(labels[i]) and labels[i] not in known
        ]
        if new:
            names = sorted({str(labels[i]) for i in new})
            note(
                f"{len(new):,} validation rows left out: no training row is of the class {some(names, 6)}, so the model "
                "cannot predict it; the results are for the other classes"
            )
            valid = np.setdiff1d(valid, new)
        if not len(valid):
            raise DataError(
                f"No validation row has a class that the training rows have: {label} needs another split."
            )
        if frame[label].iloc[valid].nunique() == 1:
            only = frame[label].iloc[valid].dropna().iloc[0]
            note(
                f"all validation rows are of one class, {only}: they do not show whether the model tells classes apart"
            )
    kept = np.sort(np.concatenate([train, valid]))
    return frame.iloc[kept], np.flatnonzero(np.isin(kept, valid)).tolist()
