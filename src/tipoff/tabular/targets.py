"""What a table predicts: the target of its answer columns, and their raw values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tipoff.data.block import Block, Target
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import UsageError

if TYPE_CHECKING:
    from pandas import DataFrame


def values_of(frame: DataFrame, y_names: Sequence[str]) -> Any:
    """The raw answers, one a row: a list of values, or of lists where there are several columns."""
    if len(y_names) == 1:
        return frame[y_names[0]].tolist()
    return frame[list(y_names)].to_numpy().tolist()


def as_target(frame: DataFrame, y_names: Sequence[str], y_block: Any = None) -> Target:
    """`y_block`, or by fastai's rule: numbers are predicted as numbers, all else as categories; fitted to `frame`."""
    import pandas as pd

    block = y_block() if callable(y_block) and not isinstance(y_block, Block) else y_block
    if block is None:
        numeric = all(
            pd.api.types.is_numeric_dtype(t) and not pd.api.types.is_bool_dtype(t)
            for t in frame[list(y_names)].dtypes
        )
        block = RegressionBlock() if numeric else CategoryBlock()
    if not isinstance(block, Target):
        raise UsageError(
            f"y_block is a {type(block).__name__}; it takes CategoryBlock, RegressionBlock or MultiCategoryBlock."
        )
    if isinstance(block, MultiCategoryBlock) and len(y_names) > 1 and block.vocab is None:
        block = MultiCategoryBlock(encoded=True, vocab=tuple(y_names), threshold=block.threshold)
    made: Target = block.setup(values_of(frame, y_names))
    return made
