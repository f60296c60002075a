"""What a table holds: which column is predicted, from which others, and how the rows are divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tipoff.cli.settings import Settings, one_target
from tipoff.cli.tasks.read import is_of_text, read
from tipoff.cli.tasks.recognise import TARGETS, is_address
from tipoff.cli.tasks.recognise_texts import text_column
from tipoff.cli.tasks.split import SHARE, Way, divided, need_named, way_of
from tipoff.data.frame import row_name
from tipoff.data.read_numbers import numbers
from tipoff.data.splits import RandomSplitter, StratifiedSplitter
from tipoff.data.table import has_header
from tipoff.data.target import CategoryBlock, RegressionBlock
from tipoff.errors import DataError, UsageError, some
from tipoff.notes import note
from tipoff.tabular.infer import Kinds, infer_columns, nearly_numbers
from tipoff.tabular.targets import with_answers

FEW = 10  # whole numbers of so many different values are classes
DOUBTED = 100  # different whole numbers that could be classes
KINDS = {"class": CategoryBlock, "number": RegressionBlock}
MOST_CLASSES = 1000  # where --kind says that they are classes


@dataclass(frozen=True)
class Found:
    """A table, what is predicted and from what, and at which positions the rows for validation are."""

    frame: Any
    target: str
    is_class: bool
    kinds: Kinds
    valid: list[int]
    how_split: str


def infer(settings: Settings) -> Found:
    """Read the table and decide. Raises `DataError` that says what was expected and what is there."""
    frame = _read(settings)
    columns = [str(c) for c in frame.columns]
    target = settings.target or _obvious(columns, settings.data.name)
    parts = [part.strip() for part in target.split(",")]
    if target not in columns and len(parts) > 1 and set(parts) <= set(columns):
        one_target(settings.data, parts)
    need_named(frame, settings, target)
    try:
        frame = with_answers(frame, [target], KINDS.get(settings.kind or ""))
    except DataError as e:
        raise DataError(f"--kind {settings.kind}: {e}" if settings.kind else str(e)) from None
    is_class = _is_class(frame, target, settings)
    way = way_of(frame, settings, [target])
    at = _parts(frame, target, is_class, way, settings.seed)
    frame, valid = divided(frame, target, at, is_class)
    rest = frame.drop(columns=[*way.spare, *settings.leave_out], errors="ignore")
    try:
        kinds = infer_columns(rest, [target])
    except DataError as e:
        raise _nothing_to_learn_from(e, rest, target, is_class) from None
    asked = dict.fromkeys(settings.leave_out, "as asked")
    return Found(
        frame, target, is_class, kinds._replace(left_out={**asked, **kinds.left_out}), valid, way.how
    )


def _nothing_to_learn_from(why: DataError, rest: Any, target: str, is_class: bool) -> DataError:
    """The same, with what could be done where the table is one of texts, or of addresses of pictures."""
    columns = [c for c in rest.columns if c != target]
    if addresses := [c for c in columns if is_address(rest[c])]:
        return DataError(
            f"{why} {addresses[0]} holds addresses on the web: to learn from pictures, save them as files, and name these in the table."
        )
    if not is_class and text_column(rest, target, "class") is not None:
        return DataError(
            f"{why} Texts are learned from for classes only, and {target} holds {rest[target].nunique():,} different numbers: "
            "where these are classes, add --kind class."
        )
    return why


def _parts(
    frame: Any, target: str, is_class: bool, way: Way, seed: int
) -> tuple[Sequence[int], Sequence[int]]:
    """The positions of the rows for training, and of those for validation."""
    if way.splitter is not None:
        return way.splitter(frame)
    if not is_class:
        return RandomSplitter(SHARE, seed)(frame)
    labels = frame[target].astype(object).where(frame[target].notna(), None).tolist()
    return StratifiedSplitter(labels, SHARE, seed)(labels)


def _read(settings: Settings) -> Any:
    path = settings.data
    options: dict[str, Any] = {"skipinitialspace": True} if is_of_text(path) else {}
    frame = read(path, settings.sheet, **options)
    if not has_header(frame.columns):
        raise DataError(
            f"{path} has no header: its first line is {some(frame.columns, 6)}. Put a line with the names of the columns first."
        )
    if len(frame) < 10:
        raise DataError(
            f"{path} has {len(frame) or 'no'} row{'s' * (len(frame) != 1)}; ten are the least to learn from and check on."
        )
    return frame


def _obvious(columns: list[str], file: str) -> str:
    named = [c for c in columns if c.strip().lower() in TARGETS]
    if len(named) == 1:
        note(f"{named[0]} is predicted, by its name; --target chooses another column")
        return named[0]
    raise UsageError(f"Which column shall be predicted? {file} has {some(columns, 60)}: pass --target NAME.")


def _is_class(frame: Any, target: str, settings: Settings) -> bool:
    """Whether the values are classes: as --kind says, else text, truth values, or few whole numbers."""
    import pandas as pd

    column, file = frame[target], settings.data.name
    there = column.dropna()
    n = there.nunique()
    if n < 2:
        only = f"only {there.iloc[0]!r}" if n else "nothing"
        raise DataError(f"The column {column.name} of {file} holds {only}; there is nothing to predict.")
    kinds = pd.api.types
    if kinds.is_numeric_dtype(column.dtype) and not kinds.is_bool_dtype(column.dtype):
        return _are_classes(there, n, settings)
    if settings.kind == "number":
        at = int(numbers(column)[1].argmax())
        raise DataError(
            f"--kind number: the column {target} holds {column.iloc[at]!r:.40} in {row_name(frame, at)}, which is no number."
        )
    if n > (MOST_CLASSES if settings.kind == "class" else max(20, len(there) / 5)):
        if (at_first := nearly_numbers(column)) is not None:
            raise DataError(
                f"The column {column.name} holds {column.iloc[at_first]!r:.40} in {row_name(frame, at_first)}, and nearly all others are numbers. "
                "Correct such cells, or leave them empty: rows without an answer are left out."
            )
        raise DataError(
            f"The column {column.name} of {file} has {n:,} different values in {len(there):,} rows, such as "
            f"{there.iloc[0]!r}: too many for classes, and they are no numbers."
        )
    return True


def _are_classes(there: Any, n: int, settings: Settings) -> bool:
    """Whether numbers are classes; where that is a guess, it is said."""
    if settings.kind == "class" and n > MOST_CLASSES:
        raise DataError(
            f"--kind class: the column {there.name} holds {n:,} different numbers, too many for classes."
        )
    if settings.kind is not None:
        return settings.kind == "class"
    whole = bool((there == there.round()).all())
    is_class = n == 2 or (n <= FEW and whole)
    if whole and 2 < n <= DOUBTED:
        taken, other = ("classes", "number") if is_class else ("a number", "class")
        note(
            f"{there.name} holds {n} different whole numbers and is predicted as {taken}; --kind {other} changes that"
        )
    return is_class
