"""Every figure against scikit-learn, over uneven batches, in one process and in two."""

import numpy as np
import pytest
import sklearn.metrics as sk
import torch

from tipoff.errors import UsageError
from tipoff.metrics import confusion, functions
from tipoff.metrics.interval import interval
from tipoff.metrics.resolve import Perplexity, as_metric
from tipoff.metrics.scores import R2Score, RocAuc

N, C = 203, 4


def data(classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(classes)
    y = torch.randint(classes, (N,), generator=g)
    pred = torch.randn(N, classes, generator=g) + torch.eye(classes)[y]
    return pred.round(decimals=1), y  # rounded, so that there are ties


def fed(metric, pred, y, sizes=(64, 7, 100, 1)):
    metric.reset()
    for p, t in zip(pred.split([*sizes, len(pred) - sum(sizes)]), y.split([*sizes, len(pred) - sum(sizes)])):
        metric.update(p, t)
    return metric


CASES = {
    "accuracy": (as_metric("accuracy"), C, lambda p, y: sk.accuracy_score(y, p.argmax(-1))),
    "error_rate": (as_metric(functions.error_rate), C, lambda p, y: 1 - sk.accuracy_score(y, p.argmax(-1))),
    "top_k": (
        as_metric("top_k_accuracy"),
        8,
        lambda p, y: (p.topk(5)[1] == y[:, None]).any(-1).float().mean(),
    ),
    "precision": (confusion.Precision(), 2, lambda p, y: sk.precision_score(y, p.argmax(-1))),
    "recall": (
        confusion.Recall(average="macro"),
        C,
        lambda p, y: sk.recall_score(y, p.argmax(-1), average="macro"),
    ),
    "f1": (
        confusion.F1Score(average="weighted"),
        C,
        lambda p, y: sk.f1_score(y, p.argmax(-1), average="weighted"),
    ),
    "fbeta": (
        confusion.FBeta(2, average="micro"),
        C,
        lambda p, y: sk.fbeta_score(y, p.argmax(-1), beta=2, average="micro"),
    ),
    "balanced": (confusion.BalancedAccuracy(), C, lambda p, y: sk.balanced_accuracy_score(y, p.argmax(-1))),
    "kappa": (confusion.CohenKappa(), C, lambda p, y: sk.cohen_kappa_score(y, p.argmax(-1))),
    "kappa2": (
        confusion.CohenKappa("quadratic"),
        C,
        lambda p, y: sk.cohen_kappa_score(y, p.argmax(-1), weights="quadratic"),
    ),
    "matthews": (confusion.MatthewsCorrCoef(), C, lambda p, y: sk.matthews_corrcoef(y, p.argmax(-1))),
    "roc2": (RocAuc(), 2, lambda p, y: sk.roc_auc_score(y, p.softmax(-1)[:, 1])),
    "roc": (RocAuc(), C, lambda p, y: sk.roc_auc_score(y, p.softmax(-1), multi_class="ovr")),
    "perplexity": (Perplexity(), C, lambda p, y: np.exp(sk.log_loss(y, p.double().softmax(-1)))),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_scikit_learn_over_uneven_batches(name):
    metric, classes, oracle = CASES[name]
    pred, y = data(classes)
    assert fed(metric, pred, y).compute() == pytest.approx(float(oracle(pred, y)), abs=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_two_processes_give_the_figure_of_one(name):
    metric, classes, oracle = CASES[name]
    pred, y = data(classes)
    states = [dict(fed(metric, pred[a:b], y[a:b], (30, 3)).state()) for a, b in ((0, 80), (80, N))]
    metric.merge(states)
    assert metric.compute() == pytest.approx(float(oracle(pred, y)), abs=1e-5)


@pytest.mark.parametrize(
    "name, oracle",
    [("rmse", sk.root_mean_squared_error), ("mae", sk.mean_absolute_error), ("mse", sk.mean_squared_error)],
)
def test_numbers_over_uneven_batches(name, oracle):
    g = torch.Generator().manual_seed(1)
    pred, y = torch.randn(N, 1, generator=g), torch.randn(N, 1, generator=g)
    assert fed(as_metric(name), pred, y).compute() == pytest.approx(oracle(y, pred), abs=1e-5)
    assert fed(R2Score(), pred, y).compute() == pytest.approx(sk.r2_score(y, pred), abs=1e-5)


def test_binary_average_of_many_classes_says_what_to_do():
    with pytest.raises(UsageError, match="average='macro'"):
        fed(confusion.F1Score(), *data(C)).compute()


def test_a_misspelt_metric_offers_the_right_one():
    with pytest.raises(UsageError, match="'accuracy'"):
        as_metric("acuracy")


def test_interval_of_39_in_42():
    low, high = interval(39, 42)
    assert (round(low, 4), round(high, 4)) == (0.8099, 0.9754)
