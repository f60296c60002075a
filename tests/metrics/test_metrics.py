"""Every figure against scikit-learn, over uneven batches, in one process and in two."""

import numpy as np
import pytest
import sklearn.metrics as sk
import torch

from tipoff.errors import UsageError
from tipoff.metrics import APScoreBinary, BrierScore, confusion, functions, multi, scores, skm_to_fastai
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
    "roc_weighted": (
        RocAuc("weighted"),
        C,
        lambda p, y: sk.roc_auc_score(y, p.softmax(-1), multi_class="ovr", average="weighted"),
    ),
    "roc_ovo": (
        RocAuc(multi_class="ovo"),
        C,
        lambda p, y: sk.roc_auc_score(y, p.softmax(-1), multi_class="ovo"),
    ),
    "ap": (APScoreBinary(), 2, lambda p, y: sk.average_precision_score(y, p.softmax(-1)[:, 1])),
    "ap0": (
        APScoreBinary(0),
        2,
        lambda p, y: sk.average_precision_score(y, p.softmax(-1)[:, 0], pos_label=0),
    ),
    "jaccard": (
        confusion.Jaccard(average="macro"),
        C,
        lambda p, y: sk.jaccard_score(y, p.argmax(-1), average="macro"),
    ),
    "hamming": (confusion.HammingLoss(), C, lambda p, y: sk.hamming_loss(y, p.argmax(-1))),
    "adjusted": (
        confusion.BalancedAccuracy(adjusted=True),
        C,
        lambda p, y: sk.balanced_accuracy_score(y, p.argmax(-1), adjusted=True),
    ),
    "brier2": (
        as_metric("brier_score"),
        2,
        lambda p, y: sk.brier_score_loss(y, p.double().softmax(-1)[:, 1]),
    ),
    "brier": (
        as_metric(BrierScore),
        C,
        lambda p, y: ((p.double().softmax(-1) - torch.eye(C)[y]) ** 2).sum(1).mean() / 2,
    ),
    "skm": (skm_to_fastai(sk.zero_one_loss), C, lambda p, y: sk.zero_one_loss(y, p.argmax(-1))),
    "skm_probabilities": (
        skm_to_fastai(sk.roc_auc_score, activation="softmax", flatten=False, multi_class="ovr"),
        C,
        lambda p, y: sk.roc_auc_score(y, p.softmax(-1), multi_class="ovr"),
    ),
    "perplexity_function": (
        as_metric(functions.perplexity),
        C,
        lambda p, y: np.exp(sk.log_loss(y, p.double().softmax(-1))),
    ),
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


def labels(n=N, classes=5):
    g = torch.Generator().manual_seed(9)
    y = (torch.rand(n, classes, generator=g) > 0.6).float()
    y[:, 0] = 0
    y[0, 0] = 1  # a rare label
    return (torch.randn(n, classes, generator=g) + y).round(decimals=1) + 0.01, y


MULTI = {
    "precision": (multi.PrecisionMulti, sk.precision_score, "macro"),
    "recall": (multi.RecallMulti, sk.recall_score, "micro"),
    "f1": (multi.F1ScoreMulti, sk.f1_score, "weighted"),
    "f1_samples": (multi.F1ScoreMulti, sk.f1_score, "samples"),
    "jaccard": (multi.JaccardMulti, sk.jaccard_score, "macro"),
    "jaccard_samples": (multi.JaccardMulti, sk.jaccard_score, "samples"),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("name", MULTI)
@pytest.mark.parametrize("thresh", [0.5, 0.8])
def test_several_labels_equal_scikit_learn(name, thresh):
    kind, oracle, average = MULTI[name]
    pred, y = labels()
    said = pred.sigmoid() >= thresh
    got = fed(kind(thresh=thresh, average=average), pred, y).compute()
    assert got == pytest.approx(oracle(y, said, average=average), abs=1e-6)
    got = fed(kind(thresh=thresh, average=average, sigmoid=False), pred.sigmoid(), y).compute()
    assert got == pytest.approx(oracle(y, said, average=average), abs=1e-6)


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
def test_areas_of_several_labels_equal_scikit_learn(average):
    pred, y = labels()
    want = sk.roc_auc_score(y, pred.sigmoid(), average=average)
    assert fed(multi.RocAucMulti(average=average), pred, y).compute() == pytest.approx(want)
    want = sk.average_precision_score(y, pred.sigmoid(), average=average)
    assert fed(multi.APScoreMulti(average=average), pred, y).compute() == pytest.approx(want)


def test_other_metrics_of_several_labels():
    pred, y = labels()
    said = pred.sigmoid() >= 0.5
    assert fed(multi.HammingLossMulti(), pred, y).compute() == pytest.approx(sk.hamming_loss(y, said))
    each = [sk.brier_score_loss(y[:, c], pred[:, c].double().sigmoid()) for c in range(y.shape[1])]
    assert fed(multi.BrierScoreMulti(), pred, y).compute() == pytest.approx(np.mean(each))
    want = sk.fbeta_score(y, said, beta=0.5, average="macro")
    assert fed(multi.FBetaMulti(0.5), pred, y).compute() == pytest.approx(want)
    with pytest.raises(UsageError, match="macro, micro, weighted, samples"):
        multi.F1ScoreMulti(average="binary")


def test_correlations_and_explained_variance_equal_scipy_and_scikit_learn():
    stats = pytest.importorskip("scipy.stats")
    g = torch.Generator().manual_seed(4)
    pred = torch.randn(N, 1, generator=g).round(decimals=1)  # with ties
    y = pred * 2 + torch.randn(N, 1, generator=g) + 100
    p, t = pred.flatten().numpy(), y.flatten().numpy()
    assert fed(scores.PearsonCorrCoef(), pred, y).compute() == pytest.approx(
        stats.pearsonr(p, t)[0], abs=1e-6
    )
    assert fed(scores.SpearmanCorrCoef(), pred, y).compute() == pytest.approx(stats.spearmanr(p, t)[0])
    want = sk.explained_variance_score(t, p)
    assert fed(scores.ExplainedVariance(), pred, y).compute() == pytest.approx(want, abs=1e-5)
    want = sk.mean_squared_log_error(y.abs(), pred.abs())
    assert fed(as_metric("msle"), pred.abs(), y.abs()).compute() == pytest.approx(want, rel=1e-4)


def test_bleu_is_that_of_fastai():
    g = torch.Generator().manual_seed(5)
    y = torch.randint(6, (7, 9), generator=g)
    said = torch.where(torch.rand(7, 9, generator=g) < 0.7, y, torch.randint(6, (7, 9), generator=g))
    metric = as_metric("corpus_bleu")
    for rows in (slice(0, 2), slice(2, 7)):
        metric.update(torch.nn.functional.one_hot(said[rows], 6).float(), y[rows])
    assert metric.compute() == pytest.approx(0.4977899172804343)  # fastai 2.8.12, in one batch


def test_which_way_is_up():
    lower = ["error_rate", "mse", "msle", "brier_score", "perplexity", "hamming_loss", "brier_score_multi"]
    assert not any(as_metric(n).higher_is_better for n in lower)
    assert not as_metric(functions.msle).higher_is_better and not as_metric(BrierScore).higher_is_better
    assert not skm_to_fastai(sk.log_loss).higher_is_better and skm_to_fastai(sk.f1_score).higher_is_better


def test_outputs_that_are_no_predictions_yet_say_what_to_pass():
    with pytest.raises(
        UsageError, match=r"128 predictions with 64 targets .* pass dim_argmax= or activation="
    ):
        fed(skm_to_fastai(sk.log_loss, is_class=False), *data(2))
    with pytest.raises(UsageError, match="choose one of no, sigmoid, softmax, binarysoftmax"):
        skm_to_fastai(sk.log_loss, activation="relu")
