"""Figures of how good a model is as people say them: `accuracy`, 0.8699 is "accuracy", "87.0 %"."""

from __future__ import annotations

from tipoff.answer import number

WORDS = {
    "train_loss": "loss on what it learned from",
    "valid_loss": "loss on what it was checked on",
    "accuracy": "accuracy",
    "error_rate": "share of errors",
    "top_k_accuracy": "answer among the likeliest",
    "accuracy_multi": "accuracy, all classes counted",
    "balanced_accuracy": "accuracy, classes alike in weight",
    "f1_score": "F1",
    "fbeta": "F-beta",
    "cohen_kappa": "Cohen's kappa",
    "matthews_corrcoef": "Matthews correlation",
    "roc_auc": "AUC",
    "roc_auc_binary": "AUC",
    "log_loss": "log loss",
    "mse": "mean squared error (MSE)",
    "mae": "off by (MAE)",
    "rmse": "RMSE",
    "rmspe": "RMSPE",
    "exp_rmspe": "RMSPE",
    "r2": "R²",
    "r2_score": "R²",
}
SHARES = {"accuracy", "error_rate", "top_k_accuracy", "accuracy_multi", "balanced_accuracy"}
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
    return number(value) if name in IN_UNITS or abs(value) >= 100 or 0 < abs(value) < 0.01 else f"{value:.3f}"
