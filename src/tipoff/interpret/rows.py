"""The rows of a table with their answers, and what a learner says of them and of changed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tipoff.data.block import Target
from tipoff.data.dataset import TensorDataset
from tipoff.data.loader import Loader
from tipoff.data.plan import Plan
from tipoff.data.shares import output_names, unsaid
from tipoff.errors import UsageError, did_you_mean, some
from tipoff.learner.learner import Learner
from tipoff.learner.predictions import Predictions, in_order, predict_all

if TYPE_CHECKING:
    from pandas import DataFrame

BS = 8192

# N rows, O outputs, G values of a column


@dataclass(frozen=True)
class Rows:
    """Rows as they were read, their encoded answers `ys`, and the learner that is asked about them."""

    learn: Learner
    frame: DataFrame
    ys: tuple[Tensor, ...]

    @classmethod
    def of(cls, learn: Learner, dl: Any = None, n: int | None = None, seed: int = 0) -> Rows:
        """The validation rows, or those of `dl`; `n` of them at random where there are more."""
        dataset: Any = getattr(in_order(learn, 1, dl), "dataset", None)
        if not hasattr(dataset, "frame"):
            raise UsageError("This is for tables: a learner whose DataLoaders are TabularDataLoaders.")
        frame, ys = dataset.frame, dataset.ys
        if n is not None and n < len(frame):
            rng = torch.Generator().manual_seed(seed)
            at = torch.randperm(len(frame), generator=rng)[:n].sort().values
            frame, ys = frame.iloc[at.numpy()], tuple(y[at] for y in ys)
        return cls(learn, frame, ys)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def plan(self) -> Plan:
        assert self.learn.dls.plan is not None
        return self.learn.dls.plan

    @property
    def block(self) -> Any:
        return self.plan.inputs[0]

    @property
    def columns(self) -> list[str]:
        """The raw columns that the model looks at."""
        return [c.name for c in self.block.columns]

    def need(self, columns: list[str]) -> None:
        """Raise `UsageError` unless the model looks at all of `columns`."""
        if missing := [c for c in columns if c not in self.columns]:
            raise UsageError(
                f"The model does not look at {some(map(repr, missing))}; it looks at {some(self.columns, 30)}."
                f"{did_you_mean(missing[0], self.columns)}"
            )

    def predict(self, frame: DataFrame, ys: tuple[Tensor, ...] = (), measured: bool = False) -> Predictions:
        """What the learner says of other rows of the same columns; with `measured`, as metrics take it."""
        with unsaid():
            made = self.block.encode_all(frame)
        return self._of(made, ys, measured)

    @cached_property
    def tensors(self) -> tuple[Tensor, Tensor]:
        """The rows as the network takes them."""
        with unsaid():
            made: tuple[Tensor, Tensor] = self.block.encode_all(self.frame)
        return made

    def shuffled(self, columns: Sequence[str], order: np.ndarray) -> Predictions:
        """What the learner says, as metrics take it, of the rows with the values of `columns` in another order."""
        where = self.block.tensor_columns(columns)
        if where is None:
            changed = self.frame.assign(**{c: self.frame[c].array.take(order) for c in columns})
            return self.predict(changed, self.ys, measured=True)
        made = tuple(t.clone() for t in self.tensors)
        new = torch.from_numpy(order)
        for to, of, at in zip(made, self.tensors, where, strict=True):
            to[:, at] = of[:, at][new]
        return self._of(made, self.ys, True)

    def _of(self, tensors: Sequence[Tensor], ys: tuple[Tensor, ...], measured: bool) -> Predictions:
        loader = Loader(TensorDataset(*tensors, *ys, n_targets=len(ys)), BS, finish=self.plan.finish)
        act = self.learn.target.for_metrics if measured else None
        return predict_all(self.learn, dl=loader, act=act, losses=True)

    def varied(self, column: str, values: Sequence[Any]) -> Tensor:  # -> (N, G, O)
        """What the learner says of each row, had its `column` each of the `values`."""
        import pandas as pd

        n = len(self)
        at = np.tile(np.arange(n), len(values))
        frame = pd.DataFrame({c: self.frame[c].array.take(at) for c in self.columns if c != column})
        frame[column] = [v for v in values for _ in range(n)]
        return self.predict(frame).probs.reshape(len(values), n, -1).transpose(0, 1).double()

    @property
    def are_probabilities(self) -> bool:
        """Whether answers are probabilities of classes, not numbers."""
        return hasattr(self.plan.targets[0], "names")

    def output(self, of: Any, probs: Tensor) -> tuple[int, Any]:
        """(position, name) of output `of`: a class or a column of numbers.

        Where `of` is None, the only one, or the second of two: of yes and no, yes.
        """
        names = output_names(self.plan, probs.shape[-1])
        if of is None and len(names) <= 2:
            return len(names) - 1, names[-1]
        if of not in names:
            what = "Say which answer is meant, of=" if of is None else f"There is no answer {of!r}: "
            raise UsageError(f"{what}{some(map(repr, names), 30)}.")
        return names.index(of), names[names.index(of)]


def rows_with_losses(made: Predictions, target: Target, losses: Tensor, at: Tensor) -> DataFrame:
    """The rows at positions `at` of the predictions: what was said, what is true, the loss, and the row."""
    import pandas as pd

    assert made.targets is not None
    said = target.decide(made.probs[at])
    first: dict[str, Any] = {"said": [target.decode(v) for v in said]}
    if hasattr(target, "names") and made.targets.ndim == 1:
        first["probability"] = made.probs[at].amax(-1).tolist()
    first["is"] = [target.decode(v) for v in made.targets[at]]
    first["loss"] = losses.tolist()
    frame = made.dataset.frame.iloc[made.items[at].numpy()]
    rest = frame.drop(columns=[c for c in made.dataset.plan.inputs[0].y_names if c in frame.columns])
    answered = pd.DataFrame(first, index=rest.index)
    table: DataFrame = pd.concat([answered, rest[[c for c in rest.columns if c not in first]]], axis=1)
    return table
