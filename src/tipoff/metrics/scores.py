"""Figures that need every prediction: areas under curves, explained variance."""

from __future__ import annotations

import torch
from torch import Tensor

from tipoff.metrics.metric import Scores


def roc_auc(score: Tensor, y: Tensor) -> float:  # (N,), (N,) of 0 and 1
    """The chance that a positive scores above a negative, ties counted half (Mann and Whitney 1947)."""
    positive = int(y.sum())
    negative = len(y) - positive
    if not positive or not negative:
        return float("nan")
    _values, at, counts = torch.unique(score.double(), return_inverse=True, return_counts=True)
    ends = counts.cumsum(0).double()
    ranks = (ends - (counts.double() - 1) / 2)[at]
    return float((ranks[y.bool()].sum() - positive * (positive + 1) / 2) / (positive * negative))


class RocAuc(Scores):
    """Area under the ROC curve; for more than two classes each against the rest, averaged."""

    name = "roc_auc"

    def score(self, pred: Tensor, y: Tensor) -> float:
        prob = pred.softmax(-1)
        if prob.shape[-1] == 2:
            return roc_auc(prob[:, 1], y)
        each = torch.tensor([roc_auc(prob[:, c], y == c) for c in range(prob.shape[-1])])
        return float(each[~each.isnan()].mean())


class RocAucBinary(Scores):
    """Area under the ROC curve of two classes, from (N, 2) or from one score."""

    name = "roc_auc"

    def score(self, pred: Tensor, y: Tensor) -> float:
        return roc_auc(
            pred.softmax(-1)[:, 1] if pred.shape[-1] == 2 and y.ndim == 1 else pred.flatten(), y.flatten()
        )


class R2Score(Scores):
    """The share of the variance that is explained."""

    name = "r2_score"

    def score(self, pred: Tensor, y: Tensor) -> float:
        p, t = pred.flatten().double(), y.flatten().double()
        rest, all_ = ((t - p) ** 2).sum(), ((t - t.mean()) ** 2).sum()
        return float(1 - rest / all_) if all_ > 0 else float("nan")
