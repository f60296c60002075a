"""From what people write for a metric to the metric: a name, a function, a class or an object."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tipoff.errors import UsageError, did_you_mean
from tipoff.metrics import functions as f
from tipoff.metrics.confusion import (
    BalancedAccuracy,
    CohenKappa,
    F1Score,
    FBeta,
    MatthewsCorrCoef,
    Precision,
    Recall,
)
from tipoff.metrics.metric import Mean, Metric, takes_no_arguments
from tipoff.metrics.scores import R2Score, RocAuc, RocAucBinary


def Perplexity() -> Mean:
    """e to the mean cross-entropy of everything."""
    return Mean(f.cross_entropy, "perplexity", higher_is_better=False, finish=math.exp)


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
    "r2_score": R2Score,
}


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
    if metric in (f.rmse, f.rmspe, f.exp_rmspe):
        return KNOWN[metric.__name__]()
    if metric is Perplexity:
        return KNOWN["perplexity"]()
    if callable(metric):
        base = metric.func if isinstance(metric, partial) else metric
        lower = base in (f.error_rate, f.mse, f.mspe, f.exp_mspe, f.mae)
        return Mean(metric, higher_is_better=not lower)
    raise UsageError(f"{metric!r} is no metric; give a name, a function f(preds, targs), or a Metric.")


def as_metrics(metrics: Any) -> list[Metric]:
    """None, one or several, as a list."""
    if metrics is None:
        return []
    many = isinstance(metrics, Sequence) and not isinstance(metrics, str)
    return [as_metric(m) for m in (metrics if many else [metrics])]
