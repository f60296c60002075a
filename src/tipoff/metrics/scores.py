"""Metrics that need every prediction: areas under curves, correlations, explained variance."""

from __future__ import annotations

import torch
from torch import Tensor

from tipoff.errors import UsageError
from tipoff.metrics.metric import Scores


def _ranks(values: Tensor) -> Tensor:
    """The ranks from 1 on; equal values share their mean rank."""
    _values, at, counts = torch.unique(values.double(), return_inverse=True, return_counts=True)
    ranks: Tensor = counts.cumsum(0).double() - (counts.double() - 1) / 2
    return ranks[at]


def _correlation(a: Tensor, b: Tensor) -> float:
    a, b = a - a.mean(), b - b.mean()
    under = float(a.norm() * b.norm())
    return float(a @ b) / under if under else float("nan")


def roc_auc(score: Tensor, y: Tensor) -> float:  # (N,), (N,) of 0 and 1
    """The chance that a positive scores above a negative, ties counted half (Mann and Whitney 1947)."""
    positive = int(y.sum())
    negative = len(y) - positive
    if not positive or not negative:
        return float("nan")
    ranks = _ranks(score)
    return float((ranks[y.bool()].sum() - positive * (positive + 1) / 2) / (positive * negative))


def average_precision(score: Tensor, y: Tensor) -> float:  # (N,), (N,) of 0 and 1
    """The mean of the precisions at each threshold, weighted by the recall gained there; nan without a positive."""
    positive = int(y.sum())
    if not positive:
        return float("nan")
    order = score.double().argsort(descending=True)
    score, hit = score.double()[order], y[order].double()
    last = torch.cat(
        [score[1:] != score[:-1], torch.ones(1, dtype=torch.bool)]
    )  # equal scores are one threshold
    hits, n = hit.cumsum(0)[last], torch.arange(1, len(score) + 1)[last]
    gained = torch.diff(hits, prepend=torch.zeros(1, dtype=torch.float64)) / positive
    return float((gained * hits / n).sum())


class RocAuc(Scores):
    """Area under the ROC curve of class probabilities.

    Args:
        average: macro counts classes alike, weighted by how often they occur (for more than two classes).
        multi_class: `ovr`, each class against the rest, or `ovo`, each against each.
    """

    name = "roc_auc"

    def __init__(self, average: str = "macro", multi_class: str = "ovr") -> None:
        if average not in ("macro", "weighted") or multi_class not in ("ovr", "ovo"):
            raise UsageError(
                f"RocAuc(average={average!r}, multi_class={multi_class!r}): average is macro or weighted, "
                "multi_class is ovr or ovo."
            )
        super().__init__()
        self.average, self.multi_class = average, multi_class

    def score(self, pred: Tensor, y: Tensor) -> float:
        prob = pred.softmax(-1)
        n = prob.shape[-1]
        if n == 2:
            return roc_auc(prob[:, 1], y)
        if self.multi_class == "ovr":
            parts = [(roc_auc(prob[:, c], y == c), int((y == c).sum())) for c in range(n)]
        else:
            parts = [
                (roc_auc(prob[rows, a], y[rows] == a), int(rows.sum()))
                for a in range(n)
                for b in range(n)
                if a != b
                for rows in [(y == a) | (y == b)]
            ]
        each = torch.tensor([area for area, _ in parts], dtype=torch.float64)
        weight = torch.tensor([count if self.average == "weighted" else 1.0 for _, count in parts])
        known = ~each.isnan()
        return float((each[known] * weight[known]).sum() / weight[known].sum())


class RocAucBinary(Scores):
    """Area under the ROC curve of two classes, from (N, 2) or from one score."""

    name = "roc_auc"

    def score(self, pred: Tensor, y: Tensor) -> float:
        return roc_auc(
            pred.softmax(-1)[:, 1] if pred.shape[-1] == 2 and y.ndim == 1 else pred.flatten(), y.flatten()
        )


class APScoreBinary(Scores):
    """Average precision of two classes, from (N, 2) or from one score."""

    name = "average_precision"

    def __init__(self, pos_label: int = 1) -> None:
        super().__init__()
        self.pos_label = pos_label

    def score(self, pred: Tensor, y: Tensor) -> float:
        two = pred.shape[-1] == 2 and y.ndim == 1
        one = pred.softmax(-1)[:, self.pos_label] if two else pred.flatten() * (1 if self.pos_label else -1)
        return average_precision(one, y.flatten() == self.pos_label)


class PearsonCorrCoef(Scores):
    """The linear correlation of predictions and targets, in [-1, 1]."""

    name = "pearsonr"

    def score(self, pred: Tensor, y: Tensor) -> float:
        return _correlation(pred.flatten().double(), y.flatten().double())


class SpearmanCorrCoef(Scores):
    """The correlation of the ranks of predictions and targets, in [-1, 1]; ties share their mean rank."""

    name = "spearmanr"

    def score(self, pred: Tensor, y: Tensor) -> float:
        return _correlation(_ranks(pred.flatten()), _ranks(y.flatten()))


class ExplainedVariance(Scores):
    """The share of the variance that is explained, whatever the mean error."""

    name = "explained_variance"

    def score(self, pred: Tensor, y: Tensor) -> float:
        p, t = pred.flatten().double(), y.flatten().double()
        rest, all_ = (t - p).var(correction=0), t.var(correction=0)
        return float(1 - rest / all_) if all_ > 0 else float("nan")


class R2Score(Scores):
    """The share of the variance that is explained."""

    name = "r2_score"

    def score(self, pred: Tensor, y: Tensor) -> float:
        p, t = pred.flatten().double(), y.flatten().double()
        rest, all_ = ((t - p) ** 2).sum(), ((t - t.mean()) ** 2).sum()
        return float(1 - rest / all_) if all_ > 0 else float("nan")
