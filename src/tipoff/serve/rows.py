"""Answers of a model of tables: a frame in, answers out, by the row or as columns beside the rows."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tipoff.answer import Category, MultiCategory, counted_answers, json_value, number
from tipoff.bundle.predictor import Predictor
from tipoff.bundle.sound import goes_together
from tipoff.data.block import Target
from tipoff.data.shares import row_shares
from tipoff.errors import BundleError
from tipoff.serve.wanted import go_on

if TYPE_CHECKING:
    from pandas import DataFrame

BATCH = 1024  # rows that go through the network at once
SHOWN = 6  # columns in an explanation
ROUNDS = 24  # pairs of orders in which columns are put into the typical row
# shapes: N rows, n outputs


class RowPredictor:
    """A model of tables: `block` reads frames, `target` says what the numbers of the network mean."""

    def __init__(self, predictor: Predictor) -> None:
        if len(predictor.plan.targets) > 1:
            names = ", ".join(getattr(predictor.plan.inputs[0], "y_names", ()))
            raise BundleError(
                f"The model answers several columns ({names}); ask it in Python, by load_learner."
            )
        self.predictor = predictor
        self.block: Any = predictor.plan.inputs[0]

    @property
    def target(self) -> Target:
        return self.predictor.target

    @property
    def columns(self) -> tuple[Any, ...]:
        """What a row must have: `Column`s of the block."""
        return tuple(self.block.columns)

    def inputs(self, frame: DataFrame) -> tuple[Tensor, ...]:
        """The rows as the network takes them. Raises `DataError` that names row and column."""
        with goes_together():
            made: tuple[Tensor, ...] = self.block.encode_all(frame)
            return made

    def probabilities(self, inputs: tuple[Tensor, ...]) -> Tensor:  # each (N, ...) -> (N, n)
        parts = zip(*(torch.split(t, BATCH) for t in inputs), strict=True)
        return torch.cat([self._part(part) for part in parts])

    def _part(self, part: tuple[Tensor, ...]) -> Tensor:
        go_on()
        return self.predictor.probabilities(part)

    def why(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        """How the answer of one row divides among its values, compared with the typical row; the largest shares first.

        A share is in probability of the answer, or in the unit of the number that is predicted.
        """
        if isinstance(getattr(self.target, "answers", None), MultiCategory):
            return []  # of no one answer
        shares = row_shares(self.predictor.plan, self.predictor.probabilities, row, n_rounds=ROUNDS)
        typical = {c.name: c.typical for c in self.columns}
        return [
            {"column": e["column"], "value": e["value"], "typical": typical[e["column"]], "share": e["share"]}
            for e in [e for e in shares.answer()["columns"] if e["column"] != shares.rest][:SHOWN]
            if e["share"] != 0
        ]


@dataclass(frozen=True)
class Answered:
    """Rows with what the network said of them."""

    frame: DataFrame
    prob: Tensor  # (N, n)
    target: Target
    notes: Sequence[str] = ()

    def rows(self) -> list[dict[str, Any]]:
        """An answer for each row, as JSON values."""
        return [{**json_value(self.target.answer(p)), "sentence": self.target.sentence(p)} for p in self.prob]

    def numbered(self) -> list[dict[str, Any]]:
        """The same, with the number of each row first: that of the file, as a spreadsheet counts, or from 1."""
        table = self.frame.attrs.get("table")
        first = 0 if table is None else table[1]
        return [{"row": int(n) + first, **r} for n, r in zip(self.frame.index, self.rows(), strict=True)]

    def table(self) -> DataFrame:
        """The rows with their answers behind them."""
        import pandas as pd

        answers = pd.DataFrame(answer_columns(self.target, self.prob), index=self.frame.index)
        taken = set(self.frame.columns)
        answers.columns = pd.Index([_free(c, taken) for c in answers.columns])
        return pd.concat([self.frame, answers], axis=1)

    def summary(self) -> str:
        """All answers in a sentence: how many of each class, or the range of the numbers."""
        return summary(self.target, Tally().add(self.target, self.prob))


@dataclass
class Tally:
    """What is counted of any number of answers, a chunk at a time."""

    n: int = 0
    of_its_own: bool = False  # a target whose answers are counted, and no more
    labels: Counter[str] = field(default_factory=Counter)
    not_sure: Counter[str] = field(default_factory=Counter)  # by the most probable class
    low: float = math.inf
    high: float = -math.inf
    total: float = 0.0

    def add(self, target: Target, prob: Tensor) -> Tally:  # (N, n)
        """Count these too."""
        self.n += len(prob)
        names = getattr(target, "names", None)
        self.of_its_own = not hasattr(target, "answers")
        if self.of_its_own:
            return self
        if names is None:
            self.low, self.high = min(self.low, float(prob.min())), max(self.high, float(prob.max()))
            self.total += float(prob.double().sum() / prob.shape[1])
        else:
            decided, answers = target.decide(prob), getattr(target, "answers", None)
            if isinstance(answers, Category):
                is_sure = prob.double().amax(1) >= answers.sure_above
                self._count(self.labels, names, decided[is_sure].bincount(minlength=len(names)))
                self._count(self.not_sure, names, decided[~is_sure].bincount(minlength=len(names)))
            else:
                counts = decided.bincount(minlength=len(names)) if decided.ndim == 1 else decided.sum(0)
                self._count(self.labels, names, counts)
        return self

    @staticmethod
    def _count(counter: Counter[str], names: Sequence[Any], counts: Tensor) -> None:
        counter.update({str(name): int(k) for name, k in zip(names, counts.tolist(), strict=True) if k})


def summary(target: Target, tally: Tally) -> str:
    """All answers in a sentence.

    >>> from tipoff.data.target import RegressionBlock
    >>> summary(RegressionBlock(1), Tally().add(RegressionBlock(1), torch.tensor([[1.0], [5.0], [3.0]])))
    '1 to 5, 3 on average'
    """
    if tally.of_its_own:
        return f"{tally.n:,} predictions"
    if hasattr(target, "names"):
        return counted_answers(tally.labels, tally.not_sure)
    return f"{number(tally.low)} to {number(tally.high)}, {number(tally.total / max(1, tally.n))} on average"


def answer_columns(target: Target, prob: Tensor) -> dict[str, Any]:  # (N, n) -> name: N values
    """`label`, `probability`, whether it is `sure` where that is known, and each class; or `value`."""
    answers = getattr(target, "answers", None)
    if answers is None:  # a target of somebody's own
        rows = [json_value(target.answer(p)) for p in prob]
        return {k: [_cell(r.get(k)) for r in rows] for k in dict.fromkeys(k for r in rows for k in r)}
    numbers = prob.double().numpy()
    if isinstance(answers, Category):
        best = numbers.max(1)
        made: dict[str, Any] = {
            "label": [answers.names[i] for i in numbers.argmax(1)],
            "probability": best.round(6),
        }
        if answers.sure_above > 0:
            made["sure"] = ["yes" if p >= answers.sure_above else "no" for p in best]
        return {**made, **{str(n): numbers[:, i].round(6) for i, n in enumerate(answers.names)}}
    if isinstance(answers, MultiCategory):
        labels = [";".join(map(str, answers.labels(p))) for p in numbers]
        return {"labels": labels, **{str(n): numbers[:, i].round(6) for i, n in enumerate(answers.names)}}
    if numbers.shape[1] == 1:
        return {"value": prob[:, 0].numpy()}
    return {f"value_{i + 1}": prob[:, i].numpy() for i in range(numbers.shape[1])}


def _cell(value: Any) -> Any:
    """A JSON value as a cell: lists and objects as text."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value


def _free(name: str, taken: set[Any]) -> str:
    """The name, or where the rows have such a column already, another."""
    while name in taken:
        name = f"predicted_{name}"
    taken.add(name)
    return name


def columns_json(columns: Sequence[Any]) -> list[dict[str, Any]]:
    """What a row must have, as JSON values."""
    return [asdict(c) for c in columns]
