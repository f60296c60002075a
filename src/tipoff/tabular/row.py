"""A row of a table as two tensors: the codes of its categories, and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import Tensor

from tipoff.data.block import Block
from tipoff.errors import DataError, NotSetUp, some
from tipoff.notes import note
from tipoff.tabular.columns import Column, category_column, number_column, read_numbers
from tipoff.tabular.dates import Datepart, date_column
from tipoff.tabular.frame import as_frame, need_columns
from tipoff.tabular.procs import Categorify, FillMissing, Normalize, TabularProc, with_columns
from tipoff.tabular.values import NA, row_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

DEFAULT_PROCS = (FillMissing(), Categorify(), Normalize())

# shapes: N rows, C categories, D numbers


@dataclass(frozen=True)
class RowBlock(Block):
    """The columns of a table that a model looks at, with the steps that make tensors of them.

    Before `setup`, `cat_names` and `cont_names` are columns of the raw rows; after it, those that the steps leave, in the
    order of the tensors. `columns` is what a raw row must have; `y_names` are the columns that are predicted, `unused`
    others of the training table. Rows may have either, and nothing is said about it.

    >>> import pandas as pd
    >>> block = RowBlock(("job",), ("age",)).setup(pd.DataFrame({"job": ["nurse", "cook"], "age": [30, 50]}))
    >>> block.encode({"job": "cook", "age": 40})
    (tensor([1]), tensor([0.]))
    """

    cat_names: tuple[str, ...] = ()
    cont_names: tuple[str, ...] = ()
    steps: tuple[TabularProc, ...] = DEFAULT_PROCS
    columns: tuple[Column, ...] = ()
    y_names: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def n_tensors(self) -> int:
        return 2

    def setup(self, values: Any) -> Self:
        if self.columns:
            return self
        frame = as_frame(values)
        dates = [s.column for s in self.steps if isinstance(s, Datepart)]
        cats = [c for c in self.cat_names if c not in dates]
        conts = [c for c in self.cont_names if c not in dates]
        need_columns(frame, [*cats, *conts, *dates], "The table lacks")
        if both := sorted(set(cats) & set(conts)):
            raise DataError(
                f"{some(both)} is among the categories and among the numbers; it can be one of them."
            )
        if not cats and not conts and not dates:
            raise DataError("A table needs columns to learn from: pass cat_names= and cont_names=.")
        read = {name: read_numbers(frame, name) for name in conts}
        columns = (
            *(category_column(frame[name]) for name in cats),
            *(number_column(name, read[name]) for name in conts),
            *(date_column(frame, name) for name in dates),
        )
        unused = [c for c in frame.columns if c not in {*cats, *conts, *dates, *self.y_names}]
        frame = with_columns(frame[[c.name for c in columns]], read)
        fitted: list[TabularProc] = []
        for step in self._with_codes(bool(cats)):
            done, cats, conts = step.setup(frame, cats, conts)
            fitted.append(done)
            frame = done.apply(frame)
        order = {name: i for i, name in enumerate(values.columns if hasattr(values, "columns") else ())}
        columns = tuple(sorted(columns, key=lambda c: order.get(c.name, 0)))
        return self.replace(
            cat_names=tuple(cats),
            cont_names=tuple(conts),
            steps=tuple(fitted),
            columns=columns,
            unused=tuple(unused),
        )

    def _with_codes(self, needed: bool) -> tuple[TabularProc, ...]:
        """The steps, with the one that makes numbers of categories, without which there are no tensors."""
        if any(isinstance(s, Categorify) for s in self.steps):
            return self.steps
        return tuple(sorted((*self.steps, Categorify()), key=lambda s: s.order))

    # from rows to tensors ------------------------------------------------------------------

    def read(self, rows: Any) -> DataFrame:
        """The columns that the steps take, read and checked.

        Raises `DataError` for a missing column, naming it, and for a wrong value, naming row and column. Columns that were
        not in the training table are ignored, which is said.
        """
        import pandas as pd

        if not self.columns:
            raise NotSetUp(
                "This RowBlock has not seen any rows yet: TabularDataLoaders fits it, or call setup(df)."
            )
        frame = as_frame(rows)
        names = [c.name for c in self.columns]
        need_columns(frame, names)
        if extra := sorted(set(frame.columns) - {*names, *self.y_names, *self.unused}):
            note(
                f"ignored {'columns' if len(extra) > 1 else 'a column'} that the model does not know: {some(extra)}"
            )
        made = pd.DataFrame({c.name: c.read(frame) for c in self.columns}, index=frame.index, copy=False)
        made.attrs = frame.attrs
        return made

    def frame(self, rows: Any) -> DataFrame:
        """Rows after the steps: categories as codes, numbers as the network sees them."""
        frame = self.read(rows)
        for step in self.steps:
            frame = step.apply(frame)
        return frame[[*self.cat_names, *self.cont_names]]

    def encode_all(self, values: Any) -> tuple[Tensor, Tensor]:  # -> long (N, C), float (N, D)
        return self.tensors(self.frame(values))

    def tensors(self, frame: DataFrame) -> tuple[Tensor, Tensor]:  # -> long (N, C), float (N, D)
        """Tensors of rows that went through `frame`. Raises `DataError` where a number is missing."""
        cats = np.empty((len(frame), len(self.cat_names)), np.int64)
        conts = np.empty((len(frame), len(self.cont_names)), np.float32)
        for i, name in enumerate(self.cat_names):
            cats[:, i] = frame[name].to_numpy()
        for i, name in enumerate(self.cont_names):
            conts[:, i] = frame[name].to_numpy()
            if (gaps := np.isnan(conts[:, i])).any():
                raise DataError(
                    f"Column {name}, {row_name(frame, int(gaps.argmax()))}: there is no number, and no step fills it. "
                    "Add FillMissing to procs."
                )
        return torch.from_numpy(cats), torch.from_numpy(conts)

    def encode(self, value: Any) -> tuple[Tensor, Tensor]:  # -> long (C,), float (D,)
        cats, conts = self.encode_all(value)
        if len(cats) != 1:
            raise DataError(f"One row was expected, and there are {len(cats)}.")
        return cats[0], conts[0]

    def check(self, value: Any) -> str | None:
        try:
            self.read(value)
        except DataError as e:
            return str(e)
        return None

    def collate(self, values: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        return torch.stack([v[0] for v in values]), torch.stack([v[1] for v in values])

    # back to what a person reads ------------------------------------------------------------

    def decode_all(self, cats: Tensor, conts: Tensor) -> DataFrame:  # (N, C), (N, D)
        """Rows as a person would write them; a category that was missing or unknown is `#na#`."""
        import pandas as pd

        made = {n: cats[:, i].cpu().numpy() for i, n in enumerate(self.cat_names)}
        made |= {n: conts[:, i].double().cpu().numpy() for i, n in enumerate(self.cont_names)}
        frame = pd.DataFrame(made)
        for step in reversed(self.steps):
            frame = step.undo(frame)
        for column in self.columns:
            if column.kind == "number" and column.name in frame.columns:
                frame[column.name] = rounded(frame[column.name].to_numpy(), column.whole)
        return frame

    def decode(self, value: tuple[Tensor, Tensor]) -> dict[str, Any]:
        row: dict[str, Any] = self.decode_all(value[0][None], value[1][None]).iloc[0].to_dict()
        return row

    def show(self, value: tuple[Tensor, Tensor], ax: Axes) -> None:
        ax.set_axis_off()
        lines = [f"{k}: {v}" for k, v in self.decode(value).items()]
        ax.text(0, 1, "\n".join(lines), va="top", transform=ax.transAxes, fontsize=8)

    # what a network needs to know -----------------------------------------------------------

    @property
    def classes(self) -> dict[str, list[Any]]:
        """The categories of each column by their codes."""
        step = next((s for s in self.steps if isinstance(s, Categorify)), Categorify())
        of = dict(zip(step.names, step.vocabs, strict=True))
        return {n: [NA, *of[n]] for n in self.cat_names}

    @property
    def cat_sizes(self) -> tuple[int, ...]:
        """How many codes each category has, that of the missing and unknown among them."""
        return tuple(len(c) for c in self.classes.values())


def rounded(values: np.ndarray, whole: bool) -> np.ndarray:
    """Numbers that went through float32 with the digits that they still have."""
    if whole:
        made: np.ndarray = values.round()
        return made if np.isnan(made).any() else made.astype(np.int64)
    return np.array([float(f"{v:.6g}") for v in values])
