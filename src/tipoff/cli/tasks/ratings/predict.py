"""`tipoff predict` with a model of ratings: what somebody would like."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from rich.cells import cell_len, set_cell_size

from tipoff.cli.screen import counted, note
from tipoff.cli.tasks.ratings.known import Known
from tipoff.collab.clean import numbers_of
from tipoff.collab.names import plain
from tipoff.data.cells import is_blank
from tipoff.data.table import read_table
from tipoff.errors import DataError, UsageError

WIDEST = 48  # columns of the terminal for a title


def run_recommendation(known: Known, user: str | None, files: list[Path], n: int, form: str) -> int:
    """Print what `user` would like best; what somebody would who gave the ratings in a file; or what most people like."""
    if files and user is not None:
        raise UsageError("Give --user, or a table of somebody's ratings, not both.")
    if len(files) > 1:
        raise UsageError(f"One person at a time: one table of ratings, not {len(files)}.")
    if files:
        answers = known.for_ratings(_ratings(files[0], known), n)
    elif user is not None:
        found = known.for_user(user.strip(), n)
        if found is None:
            note(
                f"{user} is not among the {known.n_users:,} users of the model: this is what most people like"
            )
            found = known.popular(n)
        answers = found
    else:
        answers = known.popular(n)
    if not answers:
        raise DataError("There is nothing left to recommend: every item is known to them already.")
    _PRINT[form](answers)
    return 0


def _ratings(path: Path, known: Known) -> dict[str, float]:
    """What is in a table with as many columns as are needed, or in those that are called as in training."""
    frame = read_table(path)
    wanted = [c for c in (known.item, known.rating) if c is not None]
    if not set(wanted) <= set(frame.columns):
        if frame.shape[1] != len(wanted):
            raise DataError(
                f"{path} needs the column{'s' * (len(wanted) > 1)} {' and '.join(wanted)}; there are "
                f"{', '.join(map(str, frame.columns))}."
            )
        wanted = list(frame.columns)
    if known.user in frame.columns and frame[known.user].nunique() > 1:
        raise UsageError(
            f"{path.name} is of {frame[known.user].nunique():,} people ({known.user}), and it is asked for one person at a time. For somebody "
            "in the model: --user NAME."
        )
    gave = numbers_of(frame, wanted[1]) if len(wanted) > 1 else np.ones(len(frame))
    kept = ~frame[wanted[0]].map(is_blank).to_numpy(bool) & ~np.isnan(gave)
    if less := int((~kept).sum()):
        note(f"{counted(less, 'row')} of {path.name} without {' or '.join(wanted)} left out")
    items = [str(plain(i)) for i in frame[wanted[0]][kept]]
    return dict(zip(items, gave[kept].tolist(), strict=True))


def _text(answers: list[dict[str, Any]]) -> None:
    width = min(WIDEST, max((cell_len(str(a["item"])) for a in answers), default=0))
    for a in answers:
        item = str(a["item"])
        if cell_len(item) > width:  # a line of its own, so that what follows stays in its columns
            print(item)
            item = ""
        print(f"{set_cell_size(item, width)}  {a['predicted']:5.2f}  {a['why']}")


def _json(answers: list[dict[str, Any]]) -> None:
    for a in answers:
        print(json.dumps(a, ensure_ascii=False))


def _csv(answers: list[dict[str, Any]]) -> None:
    writer = csv.DictWriter(sys.stdout, ["item", "predicted", "why"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(answers)


_PRINT = {"text": _text, "json": _json, "csv": _csv}
