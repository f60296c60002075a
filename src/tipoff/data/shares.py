"""What each column of a row did to its answer: for a learner, and for a model file without any training rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tipoff.data.batch import Batch
from tipoff.data.cells import is_blank
from tipoff.data.plan import Plan
from tipoff.data.strongest import strongest
from tipoff.errors import UsageError, did_you_mean
from tipoff.nn.shapley import shapley
from tipoff.notes import listening

if TYPE_CHECKING:
    from pandas import DataFrame

CHUNK = 8192  # rows at a time
WIDE = 200  # columns; of more, those that move the answer most get shares of their own
MOST = 48  # such columns
ROUNDS_WIDE = 24  # pairs of orders, at most
CELLS = 2_000_000  # of mixed rows in memory at once

# K columns, O outputs


@dataclass(frozen=True)
class Shares:
    """One answer, divided among the columns of its row.

    `shares` (K, O) add up to `end` - `start`: the answer of the row, and the mean answer of the rows that it is compared
    with. `errors` (K, O) are standard errors, of sampling. `values` are those of the row; `names` those of the outputs.
    """

    columns: tuple[str, ...]
    values: tuple[Any, ...]
    shares: Tensor
    errors: Tensor
    start: Tensor
    end: Tensor
    names: tuple[Any, ...]
    rest: str = ""  # what the columns without a share of their own are called together

    def output(self, of: Any = None) -> int:
        """The position of output `of`: the name of a class; the likeliest where it is None."""
        return position_of(of, self.end, self.names)

    def ranked(self, of: Any = None) -> list[tuple[str, Any, float, float]]:
        """(column, value, share, standard error), the largest share first."""
        o = self.output(of)
        order = self.shares[:, o].abs().argsort(descending=True, stable=True).tolist()
        return [
            (self.columns[k], self.values[k], float(self.shares[k, o]), float(self.errors[k, o]))
            for k in order
        ]

    def answer(self, of: Any = None) -> dict[str, Any]:
        """The same as JSON values."""
        o = self.output(of)
        columns = [
            {"column": column, "value": _json(value), "share": share, "error": error}
            for column, value, share, error in self.ranked(of)
        ]
        start, end = float(self.start[o]), float(self.end[o])
        return {"of": _json(self.names[o]), "start": start, "end": end, "columns": columns}


def row_shares(
    plan: Plan,
    probabilities: Callable[[tuple[Tensor, ...]], Tensor],
    row: Any,
    rows: DataFrame | None = None,
    *,
    n_rounds: int = 100,
    seed: int = 0,
) -> Shares:
    """Divide the answer of `row` among its columns (see `tipoff.nn.shapley`).

    `probabilities` answers what `plan` makes of rows: a `Predictor` has such a method. The row is compared with `rows`, and
    without any with the typical row, of which the plan knows the medians and the most frequent categories. Of more than
    `WIDE` columns, the `MOST` that move the answer most get shares, and the others one together, named by their number.

    >>> model = load_predictor("salary.tipoff")  # doctest: +SKIP
    >>> row_shares(model.plan, model.probabilities, {"age": 49, "job": "nurse"}).answer()  # doctest: +SKIP
    """
    import pandas as pd

    block = plan.inputs[0]
    if len(plan.inputs) != 1 or not hasattr(block, "columns"):
        raise UsageError("Only rows of tables have columns among which an answer divides.")
    row = dict(row) if isinstance(row, Mapping) or not hasattr(row, "iloc") else _only(row)
    block.encode(row)  # says what is wrong with it
    names = [c.name for c in block.columns]
    one = pd.DataFrame([{n: row[n] for n in names}])
    if rows is None:
        rows = pd.DataFrame([{c.name: c.typical for c in block.columns}])
    n = len(rows)
    both = {c: _joined(rows[c], one[c]) for c in names}

    def of(at: np.ndarray) -> Tensor:  # (M, K), which row each value is of -> (M, O)
        step = max(1, CELLS // len(names))
        parts = (at[i : i + step] for i in range(0, len(at), step))
        frames = (pd.DataFrame({c: both[c].take(p[:, k]) for k, c in enumerate(names)}) for p in parts)
        return torch.cat([answers(plan, probabilities, frame) for frame in frames])

    if len(names) > WIDE:
        single = strongest(lambda mixed: of(np.where(mixed, n, 0)), len(names), MOST)
        part_of = np.full(len(names), len(single))
        part_of[single] = np.arange(len(single))
        found = shapley(
            lambda at: of(at.numpy()[:, part_of]),
            len(single) + 1,
            n,
            n_rounds=min(n_rounds, ROUNDS_WIDE),
            seed=seed,
        )
        shown = [names[k] for k in single]
        rest = f"{len(names) - len(single):,} other columns"
        columns = (*shown, rest)
        values = (*(row[c] for c in shown), None)
        return Shares(columns, values, *found, names=tuple(output_names(plan, len(found.end))), rest=rest)

    first = np.stack([_first(both[c]) for c in names], 1)  # (N + 1, K): rows with the same value are one

    def answer(at: Tensor) -> Tensor:  # (M, K) -> (M, O)
        mixed, back = np.unique(np.take_along_axis(first, at.numpy(), 0), axis=0, return_inverse=True)
        return of(mixed)[torch.from_numpy(back.reshape(-1))]

    found = shapley(answer, len(names), n, n_rounds=n_rounds, seed=seed)
    return Shares(
        tuple(names), tuple(row[c] for c in names), *found, names=tuple(output_names(plan, len(found.end)))
    )


def answers(plan: Plan, probabilities: Callable[[tuple[Tensor, ...]], Tensor], frame: DataFrame) -> Tensor:
    """What a model says of the rows of `frame`: (N, O), on the CPU."""
    with unsaid():
        made = plan.inputs[0].encode_all(frame)  # type: ignore[arg-type]
    out = []
    for start in range(0, len(frame), CHUNK):
        x = tuple(t[start : start + CHUNK] for t in made)
        x = plan.finish(Batch(x, (), torch.arange(len(x[0]))), None).x
        out.append(probabilities(x).float().cpu().reshape(len(x[0]), -1))
    return torch.cat(out)


@contextmanager
def unsaid() -> Iterator[None]:
    """Rows that are mixed from others give no new reason for notes."""
    with listening(lambda _: None):
        yield


def position_of(of: Any, end: Tensor, names: Sequence[Any]) -> int:
    """The position among `names` of output `of`; of the largest number in `end` where it is None."""
    if of is None:
        return int(end.argmax())
    if of not in names:
        raise UsageError(
            f"There is no answer {of!r}; there are {', '.join(map(str, names))}."
            f"{did_you_mean(str(of), map(str, names))}"
        )
    return names.index(of)


def output_names(plan: Plan, n: int) -> list[Any]:
    """What the `n` outputs are called: classes, or the columns of numbers."""
    target = plan.targets[0]
    if hasattr(target, "names"):
        return list(target.names)
    named = list(getattr(plan.inputs[0], "y_names", ()))
    return named if len(named) == n else [f"number {i + 1}" for i in range(n)]


def _only(row: Any) -> dict[Any, Any]:
    if getattr(row, "ndim", 1) == 1:  # a Series
        return dict(row)
    if len(row) != 1:
        raise UsageError(f"One row was expected, and there are {len(row)}: pass df.iloc[[0]].")
    return dict(row.iloc[0])


def _joined(column: Any, value: Any) -> Any:
    """An array of a column and one value more, of a type that holds both."""
    import pandas as pd

    if column.dtype == value.dtype:
        return pd.concat([column, value]).array
    numeric = column.dtype.kind in "iuf" and value.dtype.kind in "iuf"
    kind = float if numeric else object
    return pd.concat([column.astype(kind), value.astype(kind)]).array


def _first(values: Any) -> np.ndarray:  # -> (N,)
    """For each value, the position of the first that is the same."""
    import pandas as pd

    codes, unique = pd.factorize(values, use_na_sentinel=False)
    first = np.empty(len(unique), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    made: np.ndarray = first[codes]
    return made


def _json(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    if is_blank(value):
        return None
    return value if isinstance(value, (bool, int, float, str)) else str(value)
