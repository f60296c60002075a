"""What a table predicts: a target for the answer columns, and their raw values."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tipoff.data.block import Target
from tipoff.data.cells import is_blank
from tipoff.data.datablock import as_block
from tipoff.data.read_numbers import is_text
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import DataError, UsageError
from tipoff.notes import note
from tipoff.tabular.columns import form_of, read_numbers
from tipoff.tabular.infer import as_numbers
from tipoff.tabular.values import key, like

if TYPE_CHECKING:
    from pandas import DataFrame, Series


def grouped(n_targets: int, y_names: Sequence[str]) -> list[list[str]]:
    """The columns of each target: all of them where there is one target, otherwise one each."""
    return [list(y_names)] if n_targets == 1 else [[name] for name in y_names]


def answers(frame: DataFrame, targets: Sequence[Target], y_names: Sequence[str]) -> list[Any]:
    """The raw answers of each target: a column, or a list for each row where a target has several columns."""
    groups = grouped(len(targets), y_names) if targets else []
    for target, names in zip(targets, groups, strict=False):
        frame = with_answers(frame, names, target)
    return [frame[names[0]] if len(names) == 1 else frame[names].to_numpy().tolist() for names in groups]


def with_answers(frame: DataFrame, y_names: Sequence[str], y_block: Any = None) -> DataFrame:
    """The table with its answer columns in the types that are predicted.

    Numbers in text, such as £1,250, become numbers unless classes are asked for; classes that are whole numbers are no floats,
    as pandas makes of them beside a missing value; text of spaces is missing.
    """
    blocks = y_block if isinstance(y_block, (list, tuple)) else [y_block] * len(y_names)
    for name, block in zip(y_names, blocks, strict=False):
        column = _as_answers(frame, name, block)
        if column is not frame[name]:
            frame = frame.assign(**{name: column})
    return frame


def _as_answers(frame: DataFrame, name: str, block: Any) -> Series:
    import pandas as pd

    column = frame[name]
    if pd.api.types.is_float_dtype(column.dtype) and _is(block, CategoryBlock):
        there = column[np.isfinite(column.to_numpy(np.float64, na_value=np.nan))]
        is_whole = len(there) and (there == there.round()).all() and there.abs().max() < 2**53
        return column.where(column.isin(there)).astype("Int64") if is_whole else column
    if not is_text(column):
        return column
    if _is(block, RegressionBlock) or (
        block is None and as_numbers(column, decimal=frame.attrs.get("decimal")) is not None
    ):
        return pd.Series(read_numbers(frame, name, form=form_of(frame, name)), column.index, name=name)
    blank = column.map(is_blank).to_numpy(bool)
    return column.mask(blank) if (blank & column.notna().to_numpy(bool)).any() else column


def _is(block: Any, kind: type[Target]) -> bool:
    return isinstance(block, kind) or (isinstance(block, type) and issubclass(block, kind))


def encoded(target: Target, raw: Any) -> Tensor:  # -> (N, ...)
    """As `target.encode_all`, but that each class of a column is looked up once: 1, 1.0 and "1" are the same."""
    import pandas as pd

    if isinstance(target, CategoryBlock) and isinstance(raw, pd.Series):
        codes, classes = pd.factorize(raw)
        with suppress(DataError):  # which is said of the rows below
            if codes.min(initial=0) >= 0:
                return target.encode_all(_as_known(target, classes))[torch.from_numpy(codes)]
    made: Tensor = target.encode_all(_listed(raw))
    return made


def _as_known(target: CategoryBlock, classes: Any) -> list[Any]:
    """Classes in the kind that those of the training set have."""
    found = [c if c in {*target.names} else like(key(c), target.names) for c in classes.tolist()]
    return [c if f is None else f for c, f in zip(classes.tolist(), found, strict=True)]


def _listed(raw: Any) -> Any:
    return raw.tolist() if hasattr(raw, "tolist") else raw


def as_targets(frame: DataFrame, y_names: Sequence[str], y_block: Any = None) -> tuple[Target, ...]:
    """The targets, fitted to the training rows: `y_block`, or one for each column where it is a list.

    Without it by fastai's rule: columns of numbers are predicted as numbers, all others as categories.
    """
    if not y_names:
        return ()
    blocks = _blocks(frame, y_names, y_block)
    return tuple(
        _fitted(block, raw) for block, raw in zip(blocks, answers(frame, blocks, y_names), strict=True)
    )


def _fitted(block: Target, raw: Any) -> Target:
    if not isinstance(block, CategoryBlock):
        return block.setup(_listed(raw))
    first = raw.iloc[0]
    if isinstance(first, (list, tuple, set, dict)):
        raise DataError(
            f"{raw.name} holds a {type(first).__name__} in each row; y_block=MultiCategoryBlock() predicts several labels."
        )
    return block.setup(_listed(raw.unique()))


def _blocks(frame: DataFrame, y_names: Sequence[str], y_block: Any) -> list[Target]:
    if y_block is None:
        if dates := [n for n in y_names if frame[n].dtype.kind in "Mm"]:
            raise DataError(
                f"{dates[0]} holds dates or durations, which cannot be predicted; predict a number of days."
            )
        numeric = [_is_number(frame, name) for name in y_names]
        if not all(numeric):
            return [RegressionBlock() if n else CategoryBlock() for n in numeric]
        if len(y_names) == 1 and frame[y_names[0]].nunique() == 2:
            note(
                f"{y_names[0]} is taken as a number, and has 2 values: y_block=CategoryBlock() makes them classes"
            )
        return [RegressionBlock()]
    if isinstance(y_block, (list, tuple)):
        if len(y_block) != len(y_names):
            raise UsageError(
                f"y_block has {len(y_block)} blocks for {len(y_names)} columns: {', '.join(y_names)}."
            )
        return [_made(b) for b in y_block]
    block = _made(y_block)
    if isinstance(block, CategoryBlock):
        return [block] * len(y_names)
    if isinstance(block, MultiCategoryBlock) and len(y_names) > 1 and block.vocab is None:
        return [block.replace(encoded=True, vocab=tuple(y_names))]
    return [block]


def _made(y_block: Any) -> Target:
    block = as_block(y_block, "y_block")
    if not isinstance(block, Target):
        raise UsageError(
            f"y_block is a {type(block).__name__}; it takes CategoryBlock, RegressionBlock or MultiCategoryBlock."
        )
    return block


def _is_number(frame: DataFrame, name: str) -> bool:
    import pandas as pd

    kind = frame[name].dtype
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
