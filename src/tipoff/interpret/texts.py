"""The texts on which a learner errs most, as a table to be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from tipoff.data.block import Target
from tipoff.learner.predictions import Predictions

if TYPE_CHECKING:
    from pandas import DataFrame


def are_texts(dataset: Any) -> bool:
    """Whether the items are texts: numbers of words, of various lengths."""
    return hasattr(dataset, "ids") and hasattr(dataset, "columns")


def texts_with_losses(made: Predictions, target: Target, losses: Tensor, at: Tensor) -> DataFrame:
    """The texts at positions `at` of the predictions, as fastai shows them: text, truth, prediction, its probability, loss."""
    import pandas as pd

    assert made.targets is not None
    rows = made.items[at].tolist()
    raw = [made.dataset.columns[0][i] for i in rows]
    columns: dict[str, Any] = {
        "text": [made.dataset.written(i) for i in rows],
        "truth": [target.decode(v) for v in made.targets[at]],
        "prediction": [target.decode(v) for v in target.decide(made.probs[at])],
    }
    if any(isinstance(r, Path) for r in raw):
        columns["file"] = [str(r) for r in raw]
    if hasattr(target, "names") and made.targets.ndim == 1:
        columns["probability"] = made.probs[at].amax(-1).tolist()
    return pd.DataFrame({**columns, "loss": losses.tolist()})
