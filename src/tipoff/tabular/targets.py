"""What a table predicts: a target for the answer columns, and their raw values."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tipoff.data.block import Target
from tipoff.data.datablock import as_block
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import DataError, UsageError
from tipoff.notes import note

if TYPE_CHECKING:
    from pandas import DataFrame


def grouped(n_targets: int, y_names: Sequence[str]) -> list[list[str]]:
    """The columns of each target: all of them where there is one target, otherwise one each."""
    return [list(y_names)] if n_targets == 1 else [[name] for name in y_names]


def answers(frame: DataFrame, targets: Sequence[Target], y_names: Sequence[str]) -> list[Any]:
    """The raw answers of each target: a column, or a list for each row where a target has several columns."""
    groups = grouped(len(targets), y_names) if targets else []
    return [frame[names[0]] if len(names) == 1 else frame[names].to_numpy().tolist() for names in groups]


def encoded(target: Target, raw: Any) -> Tensor:  # -> (N, ...)
    """As `target.encode_all`, but that each class of a column is looked up once."""
    import pandas as pd

    if isinstance(target, CategoryBlock) and isinstance(raw, pd.Series):
        codes, classes = pd.factorize(raw)
        with suppress(DataError):  # which is said of the rows below
            if codes.min(initial=0) >= 0:
                return target.encode_all(classes.tolist())[torch.from_numpy(codes)]
    made: Tensor = target.encode_all(_listed(raw))
    return made


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
