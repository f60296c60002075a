"""A row of a table as two tensors: the codes of its categories, and its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from tipoff.data.block import Block
from tipoff.data.frame import as_frame, need_columns, row_name
from tipoff.data.numbers import PLAIN
from tipoff.errors import DataError, NotSetUp, UsageError, some
from tipoff.notes import note
from tipoff.tabular.columns import Column, category_column, date_column, form_of, number_column, read_numbers
from tipoff.tabular.dates import Datepart
from tipoff.tabular.derived import derived_from
from tipoff.tabular.procs import Categorify, FillMissing, Normalize, TabularProc, array
from tipoff.tabular.reading import find_formats
from tipoff.tabular.values import Columns, coded

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
    others of the training table: rows may have them, and nothing is said about it.

    >>> block = RowBlock(("job",), ("age",)).setup([{"job": "nurse", "age": 30}, {"job": "cook", "age": 50}])
    >>> block.encode({"job": "nurse", "age": 40})
    (tensor([2]), tensor([0.]))
    """

    cat_names: tuple[str, ...] = ()
    cont_names: tuple[str, ...] = ()
    steps: tuple[TabularProc, ...] = DEFAULT_PROCS
    columns: tuple[Column, ...] = ()
    y_names: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    things: ClassVar[str] = "rows"

    @property
    def n_tensors(self) -> int:
        return 2

    def setup(self, values: Any) -> Self:
        return self if self.columns else self.fit(as_frame(values))[0]

    def fit(self, frame: DataFrame, whole: DataFrame | None = None) -> tuple[Self, Columns]:
        """Fit the steps to training rows; return the complete block, and these rows after the steps.

        Args:
            frame: the training rows.
            whole: these and the validation rows, by which it is found how numbers and dates are written.

        Raises:
            DataError: for missing columns, and for values that are not what their column should hold.
        """
        whole = frame if whole is None else whole
        date_steps = {s.column: s for s in self.steps if isinstance(s, Datepart)}
        cats = [c for c in self.cat_names if c not in date_steps]
        conts = [c for c in self.cont_names if c not in date_steps]
        need_columns(frame, [*cats, *conts, *date_steps], "The table lacks")
        if both := sorted(set(cats) & set(conts)):
            raise UsageError(
                f"{some(both)} is among the categories and among the numbers; it can be one of them."
            )
        if not (cats or conts or date_steps):
            raise UsageError("A table needs columns to learn from: pass cat_names= and cont_names=.")
        rows: Columns = {}
        known: dict[str, Column] = {}
        for name in cats:
            rows[name] = values = coded(frame[name])
            known[name] = category_column(name, values, PLAIN.in_file(frame.attrs.get("decimal")))
        for name in conts:
            form = form_of(whole, name)
            read = rows[name] = read_numbers(frame, name, form=form)
            known[name] = number_column(name, read, form)
        for name, date_step in date_steps.items():
            formats = (date_step.format,) if date_step.format else find_formats(whole[name])
            known[name] = date_column(frame, name, formats)
            rows[name] = known[name].read(frame)
        fitted: list[TabularProc] = []
        for step in self._steps():
            done, cats, conts = step.setup(rows, cats, conts)
            fitted.append(done)
            rows = done.apply(rows)
        block = self.replace(
            cat_names=tuple(cats),
            cont_names=tuple(conts),
            steps=tuple(fitted),
            columns=tuple(known[c] for c in frame.columns if c in known),
            unused=tuple(c for c in frame.columns if c not in known and c not in self.y_names),
        )
        return block, rows

    def _steps(self) -> tuple[TabularProc, ...]:
        """The steps, with the one that numbers the categories, without which there are no tensors."""
        have = any(isinstance(s, Categorify) for s in self.steps)
        return self.steps if have else tuple(sorted((*self.steps, Categorify()), key=lambda s: s.order))

    # from rows to tensors ------------------------------------------------------------------

    def read(self, rows: Any) -> Columns:
        """The raw columns as the steps take them, of a frame or of one row.

        Raises `DataError` for a missing column, naming it, and for a wrong value, naming row and column. Columns that were
        not in the training table are ignored, which is said.
        """
        if not self.columns:
            raise NotSetUp(
                "This RowBlock has not seen any rows yet: TabularDataLoaders fits it, or call setup(df)."
            )
        one = _one_row(rows)
        frame = as_frame(rows) if one is None else None
        names = list(frame.columns) if frame is not None else list(one or ())
        file = None if frame is None else frame.attrs.get("table")
        need_columns(
            names, [c.name for c in self.columns], "The rows lack" if file is None else f"{file[0]} lacks"
        )
        known = {*(c.name for c in self.columns), *self.y_names, *self.unused}
        if extra := [n for n in names if n not in known]:
            what = "a column" if len(extra) == 1 else f"{len(extra)} columns"
            note(f"ignored {what} that the model does not know: {some(extra)}")
        if frame is None:
            assert one is not None
            return {c.name: c.read_one(one[c.name]) for c in self.columns}
        return {c.name: c.read(frame) for c in self.columns}

    def apply(self, rows: Any) -> Columns:
        """Rows after the steps: categories as codes, numbers as the network sees them."""
        columns = self.read(rows)
        for step in self.steps:
            columns = step.apply(columns)
        return columns

    def encode_all(self, values: Any) -> tuple[Tensor, Tensor]:  # -> long (N, C), float (N, D)
        return self.tensors(self.apply(values), values)

    def tensors(self, columns: Columns, rows: Any) -> tuple[Tensor, Tensor]:  # -> long (N, C), float (N, D)
        """Tensors of what `apply` gives of `rows`. Raises `DataError`, naming the row, where a number is missing."""
        n = len(array(columns, (*self.cat_names, *self.cont_names)[0]))
        cats = np.empty((n, len(self.cat_names)), np.int64)
        conts = np.empty((n, len(self.cont_names)), np.float32)
        for i, name in enumerate(self.cat_names):
            cats[:, i] = array(columns, name)
        for i, name in enumerate(self.cont_names):
            conts[:, i] = array(columns, name)
        if (gaps := np.isnan(conts)).any():
            at, i = (int(v) for v in np.argwhere(gaps)[0])
            where = "" if _one_row(rows) is not None else f", {row_name(as_frame(rows), at)}"
            raise DataError(
                f"Column {self.cont_names[i]}{where}: there is no number, and no step fills it. Add FillMissing to procs."
            )
        return torch.from_numpy(cats), torch.from_numpy(conts)

    def tensor_columns(self, names: Sequence[str]) -> tuple[list[int], list[int]] | None:
        """The positions, among the categories and among the numbers, of what the steps make of the raw columns `names`.

        None where a step of your own may mix columns.
        """
        found = derived_from(names, self.steps)
        if found is None:
            return None
        cats, conts = (
            [i for i, n in enumerate(of) if n in found] for of in (self.cat_names, self.cont_names)
        )
        return cats, conts

    def encode(self, value: Any) -> tuple[Tensor, Tensor]:  # -> long (C,), float (D,)
        cats, conts = self.encode_all(value)
        if len(cats) != 1:
            raise DataError(f"One row was expected, and there are {len(cats)}.")
        return cats[0], conts[0]

    def check(self, value: Any) -> str | None:
        try:
            self.encode(value)
        except DataError as e:
            return str(e)
        return None

    def collate(self, values: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        return torch.stack([v[0] for v in values]), torch.stack([v[1] for v in values])

    # back to what a person reads ------------------------------------------------------------

    def decode_all(self, cats: Tensor, conts: Tensor) -> DataFrame:  # (N, C), (N, D)
        """Rows as a person would write them; a category that was missing or unknown is `#na#`."""
        import pandas as pd

        columns: Columns = {n: cats[:, i].cpu().numpy() for i, n in enumerate(self.cat_names)}
        columns |= {n: conts[:, i].cpu().double().numpy() for i, n in enumerate(self.cont_names)}
        for step in reversed(self.steps):
            columns = step.undo(columns)
        for c in self.columns:
            if c.kind == "number" and c.name in columns:
                columns[c.name] = _rounded(np.asarray(columns[c.name]), c)
        raw = [c.name for c in self.columns if c.name in columns]
        return pd.DataFrame({n: columns[n] for n in [*raw, *(n for n in columns if n not in raw)]})

    def decode(self, value: tuple[Tensor, Tensor]) -> dict[str, Any]:
        frame = self.decode_all(value[0][None], value[1][None])
        return {name: _plain(frame[name].iloc[0]) for name in frame.columns}

    def show(self, value: tuple[Tensor, Tensor], ax: Axes) -> None:
        ax.set_axis_off()
        lines = [f"{k}: {v}" for k, v in self.decode(value).items()]
        ax.text(0, 1, "\n".join(lines), va="top", transform=ax.transAxes, fontsize=8)

    # what a network needs to know -----------------------------------------------------------

    @property
    def classes(self) -> dict[str, list[Any]]:
        """The categories of each column by their codes."""
        step = next((s for s in self.steps if isinstance(s, Categorify)), Categorify())
        return {n: step[n] for n in self.cat_names}

    @property
    def cat_sizes(self) -> tuple[int, ...]:
        """How many codes each category has, that of the missing and unknown among them."""
        return tuple(len(c) for c in self.classes.values())


def _one_row(rows: Any) -> Mapping[Any, Any] | None:
    """The values of a single row by the names of its columns, if it is one."""
    if isinstance(rows, Mapping):
        return rows
    if type(rows).__name__ == "Series" and hasattr(rows, "to_dict"):
        return dict(zip(rows.index, rows.array, strict=True))
    return None


def _rounded(values: np.ndarray, column: Column) -> np.ndarray:
    """Numbers that went through float32, with the digits that they still have: six, of the range of the column."""
    if column.whole:
        made: np.ndarray = values.round()
        return made if np.isnan(made).any() else made.astype(np.int64)
    low, high = float(column.low or 0), float(column.high or 0)
    size = high - low or abs(high) or 1.0
    return values.round(6 - math.ceil(math.log10(size))) + 0.0  # and no -0.0


def _plain(value: Any) -> Any:
    """A numpy value as Python's own; a date as text; None for no number."""
    if type(value).__name__ in {"Timestamp", "NaTType"}:
        return None if value != value else str(value).removesuffix(" 00:00:00")
    value = value.item() if hasattr(value, "item") else value
    return None if value != value else value
