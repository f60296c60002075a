"""How good it is: figures that are right under uneven batches and several processes."""

from tipoff.metrics.confusion import (
    BalancedAccuracy,
    CohenKappa,
    F1Score,
    FBeta,
    MatthewsCorrCoef,
    Precision,
    Recall,
    confusion_matrix,
)
from tipoff.metrics.functions import (
    accuracy,
    accuracy_multi,
    error_rate,
    exp_rmspe,
    mae,
    mse,
    rmse,
    rmspe,
    top_k_accuracy,
)
from tipoff.metrics.interval import interval
from tipoff.metrics.metric import Metric
from tipoff.metrics.ranking import mrr, ndcg_at_k, recall_at_k
from tipoff.metrics.resolve import Perplexity, as_metric, as_metrics
from tipoff.metrics.scores import R2Score, RocAuc, RocAucBinary

__all__ = [
    "BalancedAccuracy",
    "CohenKappa",
    "F1Score",
    "FBeta",
    "MatthewsCorrCoef",
    "Metric",
    "Perplexity",
    "Precision",
    "R2Score",
    "Recall",
    "RocAuc",
    "RocAucBinary",
    "accuracy",
    "accuracy_multi",
    "as_metric",
    "as_metrics",
    "confusion_matrix",
    "error_rate",
    "exp_rmspe",
    "interval",
    "mae",
    "mrr",
    "mse",
    "ndcg_at_k",
    "recall_at_k",
    "rmse",
    "rmspe",
    "top_k_accuracy",
]
