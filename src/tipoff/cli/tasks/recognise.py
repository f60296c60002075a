"""Which task a path makes: a look at its ending and at the first rows of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from tipoff.cli.tasks.recognise_texts import is_of_texts, text_column
from tipoff.data.formats import EXCEL, PARQUET, iter_parquet
from tipoff.data.items import IMAGE_EXTENSIONS
from tipoff.data.table import has_header, read_table
from tipoff.errors import TipoffError

TABLES = (".csv", ".tsv", ".txt", ".data", *PARQUET, *EXCEL)
LOOKED_AT = 1000  # rows
USERS = ("user", "userid", "reader", "customer", "customerid", "member", "viewer", "person")
ITEMS = ("title", "item", "itemid", "movie", "movieid", "film", "filmid", "book", "bookid", "isbn", "product", "productid", "artist", "song", "track", "game", "article", "video")  # fmt: skip
SPLITS = ("is_valid", "valid", "is_val", "validation", "is_test")
TARGETS = ("target", "label", "class", "y", "outcome", "answer")  # without --target
RATINGS = ("rating", "ratings", "score", "stars", "bookrating")
TIMES = ("time", "timestamp", "date", "datetime", "when", "day")


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


def task_for(path: Path, target: str | None) -> str:
    """The name of the task that `path` makes, with the column that was asked for by --target."""
    if path.is_dir():
        return "texts" if is_of_texts(path) else "pictures"
    if path.suffix.lower() not in TABLES:
        return "pictures"
    try:
        head = first_rows(path)
    except TipoffError:
        return "tables"  # which then says what is wrong
    if any(is_file_name(head[c]) for c in head.columns):
        return "pictures"
    found = rating_columns(head)
    if found is not None and target in (None, found.rating):
        return "ratings"
    if target is None and click_columns(head) is not None:
        return "ratings"
    return "tables" if text_column(head, target_of(head.columns, target)) is None else "texts"


def target_of(columns: Any, target: str | None) -> str | None:
    """The column that is predicted: the one that was asked for, else one with such a name."""
    named = [str(c) for c in columns if str(c).strip().lower() in TARGETS]
    return target if target is not None else named[0] if len(named) == 1 else None


def first_rows(path: Path) -> Any:
    """The first rows as a data frame; columns are numbered where the file has no header."""
    if path.suffix.lower() in PARQUET:
        return next(iter_parquet(path, LOOKED_AT))
    head = read_table(path, nrows=LOOKED_AT)
    if path.suffix.lower() in EXCEL:
        return head
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
    """Whether most values are numbers: a word among them is a slip, which is then said."""
    import pandas as pd

    there = column.dropna()
    return bool(len(there)) and bool(pd.to_numeric(there, errors="coerce").notna().mean() > 0.5)


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
    """Whether most of the first values end as the names of pictures do."""
    values = [v for v in column.head(50) if isinstance(v, str)]
    return bool(values) and sum(Path(v).suffix.lower() in IMAGE_EXTENSIONS for v in values) > len(values) / 2
