"""Metrics of several labels for each sample, from outputs (N, C) and targets (N, C) of 0 and 1.

A label is predicted where its probability is at least `thresh`; with `sigmoid=False` outputs are probabilities already.
`average` is macro (labels alike), micro (all together), weighted (by how often they occur) or samples, as in scikit-learn.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tipoff.errors import UsageError
from tipoff.metrics.metric import Scores, Sums
from tipoff.metrics.scores import average_precision, roc_auc

AVERAGES = ("macro", "micro", "weighted", "samples")


def _ratio(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(b > 0, a / b.clamp(min=1e-300), torch.zeros_like(a))


class FromLabels(Sums):
    """A metric computed from the hits, the predicted and the true labels, counted by label or by sample."""

    def __init__(self, thresh: float = 0.5, sigmoid: bool = True, average: str = "macro") -> None:
        if average not in AVERAGES:
            raise UsageError(f"average={average!r}: choose one of {', '.join(AVERAGES)}.")
        super().__init__()
        self.thresh, self.sigmoid, self.average = thresh, sigmoid, average

    def of(self, hit: Tensor, said: Tensor, true: Tensor) -> Tensor:
        """From hits, predicted and true counts."""
        raise NotImplementedError

    def add(self, pred: Tensor, *y: Tensor) -> dict[str, Tensor]:
        said = (pred.sigmoid() if self.sigmoid else pred) >= self.thresh
        true = y[0].bool()
        counts = torch.stack([said & true, said, true]).double()  # (3, N, C)
        if self.average == "samples":
            each = self.of(*counts.sum(2))
            return {"sum": each.sum(), "n": torch.tensor(float(len(each)), device=each.device)}
        return {"counts": counts.sum(1)}

    def compute(self) -> float:
        if not self._total:
            return float("nan")
        if self.average == "samples":
            return float(self._total["sum"] / self._total["n"])
        counts = self._total["counts"].cpu()
        if self.average == "micro":
            return float(self.of(*counts.sum(1)))
        each = self.of(*counts)
        if self.average == "macro":
            return float(each.mean())
        return float((each * counts[2]).sum() / counts[2].sum()) if counts[2].any() else 0.0


class FBetaMulti(FromLabels):
    """The weighted harmonic mean of precision and recall; recall counts `beta` times as much."""

    name = "fbeta_multi"

    def __init__(
        self, beta: float = 1.0, thresh: float = 0.5, sigmoid: bool = True, average: str = "macro"
    ) -> None:
        super().__init__(thresh, sigmoid, average)
        self.beta = beta

    def of(self, hit: Tensor, said: Tensor, true: Tensor) -> Tensor:
        b2 = self.beta**2
        return _ratio((1 + b2) * hit, b2 * true + said)


class F1ScoreMulti(FromLabels):
    """The harmonic mean of precision and recall."""

    name = "f1_score_multi"

    def of(self, hit: Tensor, said: Tensor, true: Tensor) -> Tensor:
        return _ratio(2 * hit, true + said)


class PrecisionMulti(FromLabels):
    """Of the labels that are predicted, the share that is true."""

    name = "precision_multi"

    def of(self, hit: Tensor, said: Tensor, true: Tensor) -> Tensor:
        return _ratio(hit, said)


class RecallMulti(FromLabels):
    """Of the true labels, the share that is predicted."""

    name = "recall_multi"

    def of(self, hit: Tensor, said: Tensor, true: Tensor) -> Tensor:
        return _ratio(hit, true)


class JaccardMulti(FromLabels):
    """The labels that are predicted and true, as a share of those that are either."""

    name = "jaccard_multi"

    def of(self, hit: Tensor, said: Tensor, true: Tensor) -> Tensor:
        return _ratio(hit, said + true - hit)


class HammingLossMulti(Sums):
    """The share of wrong labels over all samples and labels."""

    name = "hamming_loss_multi"
    higher_is_better = False

    def __init__(self, thresh: float = 0.5, sigmoid: bool = True) -> None:
        super().__init__()
        self.thresh, self.sigmoid = thresh, sigmoid

    def add(self, pred: Tensor, *y: Tensor) -> dict[str, Tensor]:
        wrong = ((pred.sigmoid() if self.sigmoid else pred) >= self.thresh) != y[0].bool()
        return {"wrong": wrong.sum(), "n": torch.tensor(wrong.numel(), device=pred.device)}

    def compute(self) -> float:
        return float(self._total["wrong"] / self._total["n"]) if self._total else float("nan")


class BrierScoreMulti(Sums):
    """The mean squared difference of probability and label over all samples and labels; 0 is best."""

    name = "brier_score_multi"
    higher_is_better = False

    def __init__(self, sigmoid: bool = True) -> None:
        super().__init__()
        self.sigmoid = sigmoid

    def add(self, pred: Tensor, *y: Tensor) -> dict[str, Tensor]:
        prob = pred.double().sigmoid() if self.sigmoid else pred.double()
        return {
            "sum": (prob - y[0].double()).square().sum(),
            "n": torch.tensor(pred.numel(), device=pred.device),
        }

    def compute(self) -> float:
        return float(self._total["sum"] / self._total["n"]) if self._total else float("nan")


class _RankedLabels(Scores):
    """An area under a curve of each label; labels that occur in all samples or in none are left out."""

    def __init__(self, sigmoid: bool = True, average: str = "macro") -> None:
        if average not in AVERAGES[:3]:
            raise UsageError(f"average={average!r}: choose one of {', '.join(AVERAGES[:3])}.")
        super().__init__()
        self.sigmoid, self.average = sigmoid, average  # the order of scores is that of their sigmoids

    def area(self, score: Tensor, y: Tensor) -> float:
        raise NotImplementedError

    def score(self, pred: Tensor, y: Tensor) -> float:
        if self.average == "micro":
            return self.area(pred.flatten(), y.flatten())
        each = torch.tensor([self.area(pred[:, c], y[:, c]) for c in range(pred.shape[1])]).double()
        known = ~each.isnan()
        weight = y.double().sum(0)[known] if self.average == "weighted" else torch.ones(int(known.sum()))
        return float((each[known] * weight).sum() / weight.sum()) if known.any() else float("nan")


class RocAucMulti(_RankedLabels):
    """Area under the ROC curve of each label, averaged."""

    name = "roc_auc_multi"

    def area(self, score: Tensor, y: Tensor) -> float:
        return roc_auc(score, y)


class APScoreMulti(_RankedLabels):
    """Average precision of each label, averaged."""

    name = "average_precision_multi"

    def area(self, score: Tensor, y: Tensor) -> float:
        return average_precision(score, y)
