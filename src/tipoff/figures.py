"""Figures of how good a model is as people say them: `accuracy`, 0.8699 is "accuracy", "87.0 %"."""

from __future__ import annotations

from tipoff.answer import number

WORDS = {
    "train_loss": "training loss",
    "valid_loss": "validation loss",
    "accuracy": "accuracy",
    "error_rate": "error rate",
    "top_k_accuracy": "top-k accuracy",
    "accuracy_multi": "accuracy over all labels",
    "balanced_accuracy": "balanced accuracy",
    "f1_score": "F1",
    "fbeta": "F-beta",
    "cohen_kappa": "Cohen's kappa",
    "matthews_corrcoef": "Matthews correlation",
    "roc_auc": "AUC",
    "roc_auc_binary": "AUC",
    "log_loss": "log loss",
    "mse": "mean squared error (MSE)",
    "mae": "mean absolute error (MAE)",
    "rmse": "RMSE",
    "rmspe": "RMSPE",
    "exp_rmspe": "RMSPE",
    "r2": "R²",
    "r2_score": "R²",
    "ndcg@10": "NDCG@10",
}
HEADS = {"balanced_accuracy": "balanced", "mae": "MAE", "mse": "MSE"}  # of narrow columns
SHARES = {"accuracy", "error_rate", "top_k_accuracy", "accuracy_multi", "balanced_accuracy", "recall"}
SCORES = {"r2", "r2_score", "roc_auc", "roc_auc_binary"}  # of which three digits say enough, however small
IN_UNITS = {"mse", "mae", "rmse"}  # of what is predicted, and so of any size


def name_in_words(name: str) -> str:
    """The name of a figure as people say it; of one that is not known, with spaces.

    >>> name_in_words("r2_score"), name_in_words("my_own_metric")
    ('R²', 'my own metric')
    """
    return WORDS.get(name, name.replace("_", " "))


def value_in_words(name: str, value: float | None) -> str:
    """The value of a figure as people say it: shares in percent, others with three digits behind the point.

    >>> value_in_words("accuracy", 0.8699), value_in_words("valid_loss", 0.28774), value_in_words("mae", 20811.2)
    ('87.0 %', '0.288', '20,811')
    """
    if value is None:
        return "none"
    if name in SHARES:
        return f"{100 * value:.1f} %"
    if name in SCORES:
        return f"{value:.3f}"
    return number(value) if name in IN_UNITS or abs(value) >= 100 or 0 < abs(value) < 0.01 else f"{value:.3f}"


def column_head(name: str) -> str:
    """The name of a metric as the head of a narrow column.

    >>> column_head("mae"), column_head("accuracy")
    ('MAE', 'accuracy')
    """
    return HEADS.get(name, name_in_words(name))


def span_in_words(name: str, low: float, high: float) -> str:
    """The two bounds of an interval; a percent sign stands once.

    >>> span_in_words("accuracy", 0.726, 0.847), span_in_words("mae", 4.9, 6.1)
    ('72.6 to 84.7 %', '4.9 to 6.1')
    """
    texts = [value_in_words(name, v) for v in (low, high)]
    return " to ".join(texts) if name not in SHARES else f"{texts[0].removesuffix(' %')} to {texts[1]}"
