"""Answers of a model of texts: rows that hold a text in, answers out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from tipoff.answer import MultiCategory
from tipoff.bundle.predictor import Predictor
from tipoff.bundle.sound import goes_together
from tipoff.data.block import Target
from tipoff.data.cells import is_blank
from tipoff.data.words import answers_of, word_shares
from tipoff.errors import BundleError, DataError, some
from tipoff.notes import note
from tipoff.serve.wanted import go_on

if TYPE_CHECKING:
    from pandas import DataFrame

USUAL = "text"  # a column
EXPLAINED = 20_000  # characters of a text, of which it is said what mattered


class TextPredictor:
    """A model of texts. `column` is the one that it learned from; None where it learned from files."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor, self.block = predictor, predictor.plan.inputs[0]
        if getattr(self.block, "is_lm", False) or not predictor.plan.targets:
            raise BundleError(
                "This is a language model: it goes on with a text. Ask it in Python, by load_learner."
            )
        columns: tuple[Any, ...] = getattr(self.block, "text_cols", ())
        self.column: str | None = str(columns[0]) if len(columns) == 1 else None

    @property
    def target(self) -> Target:
        return self.predictor.target

    def inputs(self, frame: DataFrame) -> list[str]:
        """The texts of the rows. Raises `DataError` that says which columns there are."""
        column = self._column([str(c) for c in frame.columns])
        texts = ["" if is_blank(v) else str(v) for v in frame[column]]
        empty = sum(not t.strip() for t in texts)
        if empty == len(texts):
            raise DataError(f"The column {column} holds no text.")
        if empty:
            note(f"{empty} row{'s' * (empty > 1)} without a text in {column}: an answer there means nothing")
        return texts

    def _column(self, columns: list[str]) -> str:
        wanted = [c for c in (self.column, USUAL) if c is not None]
        found = next((c for c in wanted if c in columns), columns[0] if len(columns) == 1 else None)
        if found is None:
            raise DataError(
                f"Which column holds the texts? The model learned from {wanted[0]}; there are {some(columns, 12)}."
            )
        return found

    def probabilities(self, texts: list[str]) -> Tensor:  # -> (N, n)
        with goes_together():
            return answers_of(self.predictor.plan, self._part, texts)

    def _part(self, part: tuple[Tensor, ...]) -> Tensor:
        go_on()
        return self.predictor.probabilities(part)

    def why(self, text: str) -> list[dict[str, Any]]:
        """The words of the text, each with what the answer would lose without it; nothing of texts that are too long."""
        if isinstance(getattr(self.target, "answers", None), MultiCategory) or len(text) > EXPLAINED:
            return []
        with goes_together():
            return word_shares(self.predictor.plan, self._part, text).answer()
