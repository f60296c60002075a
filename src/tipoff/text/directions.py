"""Two classifiers, one that reads forwards and one that reads backwards, as one (Howard and Ruder 2018, section 3.3)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tipoff.errors import UsageError
from tipoff.text.learner import TextLearner, block_of


def both_ways(
    forwards: TextLearner, backwards: TextLearner, ds_idx: int = 1, dls: tuple[Any, Any] | None = None
) -> tuple[Tensor, Tensor | None]:
    """(probabilities, targets), the mean of what both say of the same texts, in the order of the items.

    `dls` are other loaders, made by `forwards.dls.test_dl(texts)` and `backwards.dls.test_dl(texts)`.

    >>> probs, targets = both_ways(learn, learn_bwd)  # doctest: +SKIP
    """
    if block_of(forwards.dls).backwards == block_of(backwards.dls).backwards:
        raise UsageError(
            "Both learners read in the same direction; make the data of one with TextDataLoaders(..., backwards=True)."
        )
    a, b = (
        learn.get_preds(ds_idx, dl)[:2]
        for learn, dl in zip((forwards, backwards), dls or (None, None), strict=True)
    )
    if len(a[0]) != len(b[0]) or (a[1] is not None and not torch.equal(a[1], b[1])):
        raise UsageError(
            "The two learners have different texts to check on: split both alike, with the same seed or valid_col."
        )
    return (a[0] + b[0]) / 2, a[1]
