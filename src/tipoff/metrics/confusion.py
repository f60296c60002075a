"""Figures that a confusion matrix holds: rows are the truth, columns the prediction."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tipoff.errors import UsageError
from tipoff.metrics.metric import Sums

AVERAGES = ("binary", "macro", "micro", "weighted")


def confusion_matrix(pred: Tensor, y: Tensor, n: int) -> Tensor:  # (B,), (B,) -> (n, n) long
    """How often class i was taken for class j."""
    return torch.bincount(y.flatten() * n + pred.flatten(), minlength=n * n).reshape(n, n)


class FromConfusion(Sums):
    """A figure computed from the confusion matrix of the highest outputs."""

    def add(self, pred: Tensor, *y: Tensor) -> dict[str, Tensor]:
        return {"matrix": confusion_matrix(pred.argmax(-1), y[0], pred.shape[-1])}

    def figure(self, m: Tensor) -> float:  # (C, C) double
        raise NotImplementedError

    def compute(self) -> float:
        return self.figure(self._total["matrix"].cpu().double()) if self._total else float("nan")


class FBeta(FromConfusion):
    """The weighted harmonic mean of precision and recall; recall counts `beta` times as much.

    `average` is binary (of class `pos_label`), macro, micro or weighted, as in scikit-learn.
    """

    name = "fbeta"

    def __init__(self, beta: float = 1.0, pos_label: int = 1, average: str = "binary") -> None:
        if average not in AVERAGES:
            raise UsageError(f"average={average!r}: choose one of {', '.join(AVERAGES)}.")
        super().__init__()
        self.beta, self.pos_label, self.average = beta, pos_label, average

    def of(self, hit: Tensor, said: Tensor, true: Tensor) -> Tensor:
        """From hits, predicted and true counts, a class each."""
        b2 = self.beta**2
        return _ratio((1 + b2) * hit, b2 * true + said)

    def figure(self, m: Tensor) -> float:
        hit, said, true = m.diag(), m.sum(0), m.sum(1)
        if self.average == "binary":
            if len(m) > 2:
                raise UsageError(
                    f"{type(self).__name__}() is for two classes, and there are {len(m)}: pass average='macro', "
                    "which counts each class alike, or 'weighted', which counts each item alike."
                )
            return float(self.of(hit, said, true)[self.pos_label])
        if self.average == "micro":
            return float(self.of(hit.sum(), said.sum(), true.sum()))
        present = (said + true) > 0
        each, weight = self.of(hit, said, true)[present], true[present]
        return float(each.mean() if self.average == "macro" else (each * weight).sum() / weight.sum())


class F1Score(FBeta):
    """The harmonic mean of precision and recall."""

    name = "f1_score"

    def __init__(self, pos_label: int = 1, average: str = "binary") -> None:
        super().__init__(1.0, pos_label, average)


class Precision(F1Score):
    """Of what was called this class, the share that is."""

    name = "precision"

    def of(self, hit: Tensor, said: Tensor, true: Tensor) -> Tensor:
        return _ratio(hit, said)


class Recall(F1Score):
    """Of what is this class, the share that was found."""

    name = "recall"

    def of(self, hit: Tensor, said: Tensor, true: Tensor) -> Tensor:
        return _ratio(hit, true)


class Jaccard(F1Score):
    """What is called this class and is, as a share of what is either."""

    name = "jaccard"

    def of(self, hit: Tensor, said: Tensor, true: Tensor) -> Tensor:
        return _ratio(hit, said + true - hit)


class HammingLoss(FromConfusion):
    """The share of samples with a wrong class: for one class a sample, the error rate."""

    name = "hamming_loss"
    higher_is_better = False

    def figure(self, m: Tensor) -> float:
        return float(1 - m.trace() / m.sum())


class BalancedAccuracy(FromConfusion):
    """The mean of the recalls of the classes that occur; `adjusted` makes 0 of what chance gives."""

    name = "balanced_accuracy"

    def __init__(self, adjusted: bool = False) -> None:
        super().__init__()
        self.adjusted = adjusted

    def figure(self, m: Tensor) -> float:
        true = m.sum(1)
        recall = (m.diag()[true > 0] / true[true > 0]).mean()
        chance = 1 / int((true > 0).sum())
        return float((recall - chance) / (1 - chance) if self.adjusted else recall)


class CohenKappa(FromConfusion):
    """Agreement beyond chance; `weights` None, "linear" or "quadratic" for ordered classes."""

    name = "cohen_kappa"

    def __init__(self, weights: str | None = None) -> None:
        super().__init__()
        self.weights = weights

    def figure(self, m: Tensor) -> float:
        n = len(m)
        apart = (torch.arange(n)[:, None] - torch.arange(n)[None]).abs().double()
        cost = {"linear": apart, "quadratic": apart**2}.get(self.weights or "", (apart > 0).double())
        chance = torch.outer(m.sum(1), m.sum(0)) / m.sum()
        return float(1 - (cost * m).sum() / (cost * chance).sum())


class MatthewsCorrCoef(FromConfusion):
    """The correlation of truth and prediction (Gorodkin 2004)."""

    name = "matthews_corrcoef"

    def figure(self, m: Tensor) -> float:
        hits, n, said, true = m.trace(), m.sum(), m.sum(0), m.sum(1)
        over = hits * n - (said * true).sum()
        under = math.sqrt(float((n**2 - (said**2).sum()) * (n**2 - (true**2).sum())))
        return float(over) / under if under else 0.0


def _ratio(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(b > 0, a / b.clamp(min=1e-300), torch.zeros_like(a))
