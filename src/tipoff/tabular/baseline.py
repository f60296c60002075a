"""What a boosted tree makes of the same rows: the honest neighbour of every network for tables."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tipoff.data.block import Target
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import UsageError
from tipoff.metrics.functions import mae, mse, rmspe
from tipoff.metrics.scores import R2Score, roc_auc

NAME = "HistGradientBoosting"
MAX_CODES = 255  # of a category that the tree takes as one; of more it takes the codes as numbers

# shapes: N rows, C classes, n numbers


def figures_of(target: Target, prob: Tensor, y: Tensor) -> dict[str, float]:
    """How good probabilities or numbers are, by name: the same for every model of a table.

    Categories: accuracy, roc_auc (of two classes), log_loss; labels: accuracy, log_loss; numbers: mae, rmse, r2, and rmspe
    where logarithms are learned.
    """
    prob, y = prob.double(), y.cpu()
    if isinstance(target, CategoryBlock):
        made = {"accuracy": float((prob.argmax(-1) == y).double().mean())}
        if prob.shape[-1] == 2:
            made["roc_auc"] = roc_auc(prob[:, 1], y)
        return {**made, "log_loss": float(-prob[torch.arange(len(y)), y].clamp(min=1e-15).log().mean())}
    if isinstance(target, MultiCategoryBlock):
        off = torch.nn.functional.binary_cross_entropy(prob, y.double())
        return {"accuracy": float((target.decide(prob) == y).double().mean()), "log_loss": float(off)}
    made = {"mae": float(mae(prob, y)), "rmse": float(mse(prob, y)) ** 0.5, "r2": R2Score().score(prob, y)}
    return {**made, "rmspe": float(rmspe(prob, y))} if getattr(target, "log", False) else made


def tree_baseline(dls: DataLoaders, seed: int = 0) -> dict[str, Any]:
    """Fit scikit-learn's HistGradientBoosting, as it comes, on the training rows, and judge it on the validation rows.

    Returns `name`, `figures` as `figures_of` names them, `seconds` of fitting, and `prob`, (N, n_out), what it says of
    each validation row. The columns are those of the network; where it learns logarithms, the tree does.
    """
    if len(dls) < 2 or not dls.targets:
        raise UsageError("tree_baseline needs rows to learn from and rows to check on, with a target.")
    target, train, valid = dls.targets[0], dls.train.dataset, dls.valid.dataset
    x, xv = (np.concatenate([d.cats.numpy(), d.conts.numpy()], 1) for d in (train, valid))
    y = train.ys[0].numpy()
    sizes = [int(codes.max()) + 1 for codes in train.cats.T]
    is_category = [n <= MAX_CODES for n in sizes] + [False] * train.conts.shape[1]
    began = time.perf_counter()
    prob = torch.from_numpy(_fit_and_say(target, x, y, xv, np.array(is_category), seed))
    return {
        "name": NAME,
        "figures": figures_of(target, prob, valid.ys[0]),
        "seconds": time.perf_counter() - began,
        "prob": prob,
    }


def _fit_and_say(
    target: Target, x: np.ndarray, y: np.ndarray, xv: np.ndarray, is_category: np.ndarray, seed: int
) -> np.ndarray:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    options = {"categorical_features": is_category, "random_state": seed}

    def classes(column: np.ndarray, n: int) -> np.ndarray:
        """Probabilities of all `n` classes, those without training rows too."""
        out = np.zeros((len(xv), n))
        seen = np.unique(column).astype(int)
        if len(seen) == 1:
            out[:, seen] = 1.0
        else:
            tree = HistGradientBoostingClassifier(**options).fit(x, column)
            out[:, seen] = tree.predict_proba(xv)
        return out

    if isinstance(target, CategoryBlock):
        return classes(y, target.n_out)
    if isinstance(target, MultiCategoryBlock):
        return np.stack([classes(column, 2)[:, 1] for column in y.T], 1)
    log = isinstance(target, RegressionBlock) and target.log
    columns = np.log(y).T if log else y.T
    said = np.stack([HistGradientBoostingRegressor(**options).fit(x, c).predict(xv) for c in columns], 1)
    return np.exp(said) if log else said
