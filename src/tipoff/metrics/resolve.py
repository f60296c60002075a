"""From what people write for a metric to the metric: a name, a function, a class or an object."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tipoff.errors import UsageError, did_you_mean
from tipoff.metrics import functions as f
from tipoff.metrics.bleu import CorpusBLEUMetric
from tipoff.metrics.confusion import (
    BalancedAccuracy,
    CohenKappa,
    F1Score,
    FBeta,
    HammingLoss,
    Jaccard,
    MatthewsCorrCoef,
    Precision,
    Recall,
)
from tipoff.metrics.metric import Mean, Metric, takes_no_arguments
from tipoff.metrics.multi import (
    APScoreMulti,
    BrierScoreMulti,
    F1ScoreMulti,
    FBetaMulti,
    HammingLossMulti,
    JaccardMulti,
    PrecisionMulti,
    RecallMulti,
    RocAucMulti,
)
from tipoff.metrics.scores import (
    APScoreBinary,
    ExplainedVariance,
    PearsonCorrCoef,
    R2Score,
    RocAuc,
    RocAucBinary,
    SpearmanCorrCoef,
)


def Perplexity() -> Mean:
    """e to the mean cross-entropy of everything."""
    return Mean(f.cross_entropy, "perplexity", higher_is_better=False, finish=math.exp)


def BrierScore() -> Mean:
    """The mean squared difference of probability and outcome: see `tipoff.metrics.functions.brier_score`.

    Of the probabilities; fastai's compares the predicted class, which makes an error rate of it.
    """
    return Mean(f.brier_score, "brier_score", higher_is_better=False)


KNOWN: dict[str, Callable[[], Metric]] = {
    "accuracy": partial(Mean, f.accuracy),
    "error_rate": partial(Mean, f.error_rate, higher_is_better=False),
    "top_k_accuracy": partial(Mean, f.top_k_accuracy),
    "accuracy_multi": partial(Mean, f.accuracy_multi),
    "mse": partial(Mean, f.mse, higher_is_better=False),
    "rmse": partial(Mean, f.mse, "rmse", higher_is_better=False, finish=math.sqrt),
    "rmspe": partial(Mean, f.mspe, "rmspe", higher_is_better=False, finish=math.sqrt),
    "exp_rmspe": partial(Mean, f.exp_mspe, "exp_rmspe", higher_is_better=False, finish=math.sqrt),
    "mae": partial(Mean, f.mae, higher_is_better=False),
    "msle": partial(Mean, f.msle, higher_is_better=False),
    "brier_score": BrierScore,
    "perplexity": Perplexity,
    "precision": Precision,
    "recall": Recall,
    "f1_score": F1Score,
    "fbeta": FBeta,
    "balanced_accuracy": BalancedAccuracy,
    "cohen_kappa": CohenKappa,
    "matthews_corrcoef": MatthewsCorrCoef,
    "roc_auc": RocAuc,
    "roc_auc_binary": RocAucBinary,
    "average_precision": APScoreBinary,
    "r2_score": R2Score,
    "explained_variance": ExplainedVariance,
    "pearsonr": PearsonCorrCoef,
    "spearmanr": SpearmanCorrCoef,
    "jaccard": Jaccard,
    "hamming_loss": HammingLoss,
    "corpus_bleu": CorpusBLEUMetric,
    "precision_multi": PrecisionMulti,
    "recall_multi": RecallMulti,
    "f1_score_multi": F1ScoreMulti,
    "fbeta_multi": FBetaMulti,
    "jaccard_multi": JaccardMulti,
    "hamming_loss_multi": HammingLossMulti,
    "brier_score_multi": BrierScoreMulti,
    "roc_auc_multi": RocAucMulti,
    "average_precision_multi": APScoreMulti,
}
_ROOTS = (f.rmse, f.rmspe, f.exp_rmspe, f.perplexity)  # of a mean over everything, not the mean of roots
_LOWER = (f.error_rate, f.mse, f.msle, f.mspe, f.exp_mspe, f.mae, f.brier_score, f.cross_entropy)


def as_metric(metric: Any) -> Metric:
    """A `Metric` from a name such as "error_rate", a function `f(preds, targs)`, a class or a `Metric`.

    >>> as_metric("error_rate").name
    'error_rate'
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, str):
        if metric not in KNOWN:
            raise UsageError(
                f"There is no metric {metric!r}.{did_you_mean(metric, KNOWN)} Known: {', '.join(KNOWN)}."
            )
        return KNOWN[metric]()
    if isinstance(metric, type) and issubclass(metric, Metric) and takes_no_arguments(metric):
        return metric()
    if any(metric is root for root in _ROOTS):
        return KNOWN[metric.__name__]()
    if metric is Perplexity or metric is BrierScore:
        return as_metric(metric())
    if callable(metric):
        base = metric.func if isinstance(metric, partial) else metric
        return Mean(metric, higher_is_better=not any(base is lower for lower in _LOWER))
    raise UsageError(f"{metric!r} is no metric; give a name, a function f(preds, targs), or a Metric.")


def as_metrics(metrics: Any) -> list[Metric]:
    """None, one or several, as a list."""
    if metrics is None:
        return []
    many = isinstance(metrics, Sequence) and not isinstance(metrics, str)
    return [as_metric(m) for m in (metrics if many else [metrics])]
