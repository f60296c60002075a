"""Which task a path makes: a look at its ending and at the first rows of a table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from tipoff.cli.settings import Settings
from tipoff.cli.tasks.read import read, sheet_of
from tipoff.cli.tasks.recognise_texts import is_class, is_of_texts, text_column
from tipoff.collab.clean import as_ratings
from tipoff.data.formats import EXCEL, PARQUET, iter_parquet
from tipoff.data.items import IMAGE_EXTENSIONS
from tipoff.data.other_formats import TABLES, need_table
from tipoff.data.split_column import split_columns
from tipoff.data.table import has_header, read_table
from tipoff.errors import TipoffError, UsageError

LOOKED_AT = 1000  # rows
USERS = ("user", "userid", "reader", "customer", "customerid", "member", "viewer", "person")
ITEMS = ("title", "item", "itemid", "movie", "movieid", "film", "filmid", "book", "bookid", "isbn", "product", "productid", "artist", "song", "track", "game", "article", "video")  # fmt: skip
TARGETS = ("target", "label", "class", "y", "outcome", "answer")  # without --target
RATINGS = ("rating", "ratings", "score", "stars", "bookrating")
TIMES = ("time", "timestamp", "date", "datetime", "when", "day")

_ADDRESS = re.compile(r"\s*([a-z][a-z0-9+.-]*:)?//|\s*www\.|\s*data:", re.IGNORECASE)


class RatingColumns(NamedTuple):
    """Which columns say who, what and how much."""

    user: Any
    item: Any
    rating: Any


class ClickColumns(NamedTuple):
    """Which columns say who, what and, where there is one, when."""

    user: Any
    item: Any
    time: Any


def task_for(settings: Settings) -> str:
    """The name of the task that the path makes, with what was asked for by --target, --kind and --leave-out."""
    path, target = settings.data, settings.target
    if path.is_dir():
        return "texts" if is_of_texts(path) else "pictures"
    if not path.is_file() and path.suffix.lower() not in TABLES:
        return "pictures"  # which says that there is no such folder
    if path.suffix.lower() in IMAGE_EXTENSIONS:
        raise UsageError(
            f"{path} is one photo. Name the folder of photos: a folder for each class in it, or a CSV of file names and labels."
        )
    if path.suffix.lower() == ".tipoff":
        raise UsageError(f"{path} is a model file; tipoff train takes a folder or a table.")
    need_table(path)
    sheet_of(path, settings.sheet)  # raises where there are no sheets
    try:
        head = first_rows(path, settings.sheet)
    except TipoffError:
        return "tables"  # which then says what is wrong
    if _names_pictures(head, settings):
        return "pictures"
    found = rating_columns(head)
    if found is not None and target in (None, found.rating) and settings.kind is None:
        return "ratings"
    if target is None and click_columns(head) is not None:
        return "ratings"
    label = target_of(head.columns, target)
    return "tables" if text_column(head, label, settings.kind, settings.leave_out) is None else "texts"


def _names_pictures(head: Any, settings: Settings) -> bool:
    """Whether photos are learned from: a column names their files, and no other column is asked for or could be learned from.

    Beside other columns, with a target that is one of them, it is a table where the files are not there, or numbers are predicted.
    """
    left = [c for c in head.columns if str(c) not in settings.leave_out]
    names = [c for c in left if is_file_name(head[c])]
    if not names or settings.target in names:
        return False
    others = {str(c) for c in left if c not in names} - {settings.target, settings.group, settings.time}
    others -= {*split_columns(head), settings.valid_col}
    if settings.target not in {str(c) for c in head.columns} or not others:
        return True
    return is_class(head[settings.target], settings.kind) and _is_one_there(
        settings.data.parent, head[names[0]]
    )


def _is_one_there(folder: Path, names: Any) -> bool:
    """Whether one of the first files lies in the folder, or in one of those in it."""
    places = [folder, *(p for p in folder.iterdir() if p.is_dir())]
    few = [n for n in names.head(20) if isinstance(n, str)]
    return any((place / name.strip()).exists() for place in places for name in few)


def target_of(columns: Any, target: str | None) -> str | None:
    """The column that is predicted: the one that was asked for, else one with such a name."""
    named = [str(c) for c in columns if str(c).strip().lower() in TARGETS]
    return target if target is not None else named[0] if len(named) == 1 else None


def first_rows(path: Path, sheet: str | None = None) -> Any:
    """The first rows as a data frame; columns are numbered where the file has no header."""
    if path.suffix.lower() in EXCEL:
        return read(path, sheet, nrows=LOOKED_AT)
    if path.suffix.lower() in PARQUET:
        return next(iter_parquet(path, LOOKED_AT))
    head = read(path, sheet, nrows=LOOKED_AT)
    return head if has_header(head.columns) else read_table(path, nrows=LOOKED_AT, header=None)


def rating_columns(head: Any) -> RatingColumns | None:
    """By their names; without a header, by shape: who, what, one of few numbers, perhaps when."""
    columns = list(head.columns)
    if all(isinstance(c, int) for c in columns):
        few = (
            len(columns) in (3, 4)
            and head[2].nunique() <= 11 < head[0].nunique()
            and head[2].dtype.kind in "if"
        )
        return RatingColumns(0, 1, 2) if few else None
    user, item, rating = (_named(columns, names) for names in (USERS, ITEMS, RATINGS))
    if user is None or item is None or rating is None or not _are_ratings(head[rating]):
        return None
    return RatingColumns(user, item, rating)


def _are_ratings(column: Any) -> bool:
    """Whether most values are ratings: a word among them is a slip, which is then said."""
    values, bad = as_ratings(column)
    there = (values == values) | bad
    return bool(there.any()) and bool(bad.sum() < 0.5 * there.sum())


def click_columns(head: Any) -> ClickColumns | None:
    """By their names, where no column looks like a rating or an answer, and somebody comes more than once.

    >>> import pandas as pd
    >>> click_columns(pd.DataFrame({"customer": [1, 1, 2], "product": ["tea", "cup", "tea"], "date": [1, 2, 3]}))
    ClickColumns(user='customer', item='product', time='date')
    """
    columns = list(head.columns)
    user, item, time, rating = (_named(columns, names) for names in (USERS, ITEMS, TIMES, RATINGS))
    answers = [c for c in columns if str(c).strip().lower() in TARGETS]
    if user is None or item is None or rating is not None or answers:
        return None
    return ClickColumns(user, item, time) if head[user].duplicated().any() else None


def _named(columns: list[Any], names: tuple[str, ...]) -> Any:
    """The column that is called by one of `names`, in whatever letters; None where there is none."""
    plain = {"".join(ch for ch in str(c).lower() if ch.isalnum()): c for c in columns}
    return next((plain[n] for n in names if n in plain), None)


def is_file_name(column: Any) -> bool:
    """Whether most of the first values end as the names of pictures do; addresses on the web are no files."""
    values = [v for v in column.head(50) if isinstance(v, str)]
    n = sum(Path(v).suffix.lower() in IMAGE_EXTENSIONS and not _ADDRESS.match(v) for v in values)
    return bool(values) and n > len(values) / 2


def is_address(column: Any) -> bool:
    """Whether most of the first values are addresses on the web."""
    values = [v for v in column.head(50) if isinstance(v, str)]
    return bool(values) and sum(bool(_ADDRESS.match(v)) for v in values) > len(values) / 2
