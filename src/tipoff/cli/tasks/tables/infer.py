"""What a table holds: which column is predicted, from which others, and how the rows are divided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tipoff.cli.settings import Settings, one_target
from tipoff.cli.tasks.recognise import SPLITS, TARGETS
from tipoff.data.formats import EXCEL, PARQUET
from tipoff.data.splits import StratifiedSplitter
from tipoff.data.table import has_header, read_table
from tipoff.errors import DataError, UsageError, did_you_mean, some
from tipoff.notes import note
from tipoff.tabular.infer import Kinds, infer_columns, nearly_numbers
from tipoff.tabular.values import row_name

FEW = 10  # whole numbers of so many different values are classes
SHARE = 0.2


@dataclass(frozen=True)
class Found:
    """A table, what is predicted and from what; `split` are arguments of `TabularDataLoaders.from_df`."""

    frame: Any
    target: str
    is_class: bool
    kinds: Kinds
    split: dict[str, Any]
    how_split: str


def infer(settings: Settings) -> Found:
    """Read the table and decide. Raises `DataError` that says what was expected and what is there."""
    frame = _read(settings)
    columns = [str(c) for c in frame.columns]
    target = settings.target or _obvious(columns, settings.data.name)
    parts = [part.strip() for part in target.split(",")]
    if target not in columns and len(parts) > 1 and set(parts) <= set(columns):
        one_target(settings.data, parts)
    named = [("--target", target), ("--group", settings.group), ("--time", settings.time)]
    for option, name in (*named, *(("--leave-out", c) for c in settings.leave_out)):
        if name is not None and name not in columns:
            raise DataError(
                f"{settings.data.name} has no column {name!r} for {option}; there are {some(columns, 40)}."
                f"{did_you_mean(name, columns)}"
            )
    if target in (settings.group, settings.time, *settings.leave_out):
        raise UsageError(f"{target} is to be predicted; it cannot be split by, or left out.")
    is_class = _is_class(frame, target, settings.data.name)
    split, how, spare = _split(frame, target, is_class, settings)
    kinds = infer_columns(frame.drop(columns=[*spare, *settings.leave_out], errors="ignore"), [target])
    asked = dict.fromkeys(settings.leave_out, "as asked")
    return Found(frame, target, is_class, kinds._replace(left_out={**asked, **kinds.left_out}), split, how)


def _read(settings: Settings) -> Any:
    path = settings.data
    options: dict[str, Any] = {}
    if path.suffix.lower() not in (*PARQUET, *EXCEL):
        options["skipinitialspace"] = True
    frame = read_table(path, **options)
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


def _is_class(frame: Any, target: str, file: str) -> bool:
    """Whether the values are classes: text, truth values, or few whole numbers."""
    import pandas as pd

    column = frame[target]
    there = column.dropna()
    n = there.nunique()
    if n < 2:
        only = f"only {there.iloc[0]!r}" if n else "nothing"
        raise DataError(f"The column {column.name} of {file} holds {only}; there is nothing to predict.")
    kinds = pd.api.types
    if kinds.is_numeric_dtype(column.dtype) and not kinds.is_bool_dtype(column.dtype):
        return n == 2 or (n <= FEW and bool((there == there.round()).all()))
    if n > max(20, len(there) / 5):
        if (at := nearly_numbers(column)) is not None:
            raise DataError(
                f"The column {column.name} holds {column.iloc[at]!r:.40} in {row_name(frame, at)}, and nearly all others are numbers. "
                "Correct such cells, or leave them empty: rows without an answer are left out."
            )
        raise DataError(
            f"The column {column.name} of {file} has {n:,} different values in {len(there):,} rows, such as "
            f"{there.iloc[0]!r}: too many for classes, and they are no numbers."
        )
    return True


def _split(
    frame: Any, target: str, is_class: bool, settings: Settings
) -> tuple[dict[str, Any], str, list[str]]:
    """Arguments for the loaders, the same in words, and columns that only say how to split."""
    seed = settings.seed
    column = next((c for c in frame.columns if str(c).lower() in SPLITS and c != target), None)
    says = [] if column is None or frame[column].nunique() != 2 else [column]
    if says and (settings.group or settings.time):
        note(
            f"the column {column} is left out: {'--group' if settings.group else '--time'} says how to split"
        )
    if settings.group is not None:
        how = f"chosen so that rows of one {settings.group} are on one side (seed {seed})"
        return {"valid_group": settings.group, "valid_pct": SHARE, "seed": seed}, how, [settings.group, *says]
    if settings.time is not None:
        how = f"the newest {SHARE:.0%} by {settings.time}"
        return {"valid_time": settings.time, "valid_pct": SHARE, "seed": seed}, how, says
    if says:
        return {"valid_col": column, "seed": seed}, f"as the column {column} says", says
    how = f"chosen at random (seed {seed})"
    if not is_class:
        return {"valid_pct": SHARE, "seed": seed}, how, []
    labels = frame[target].astype(object).where(frame[target].notna(), None).tolist()
    _, valid = StratifiedSplitter(labels, SHARE, seed)(labels)
    return {"valid_idx": valid, "seed": seed}, how, []
