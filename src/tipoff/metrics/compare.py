"""What a difference is worth on so many items: a paired test, and intervals of means, of balanced accuracy and of AUC."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tipoff.metrics.interval import interval

FLIPS = 10_000  # drawn at random
MANY = 1_000  # differences, from which the normal distribution stands for the flips


def paired_p(differences: Sequence[float] | np.ndarray) -> float:
    """The two-sided p-value of the paired randomization test (Fisher 1935).

    Where two models were equally good, each difference on an item could as well have had the other sign. p is the share
    of random signs that give a sum at least as far from 0. For answers that are right or wrong this is McNemar's test.

    Args:
        differences: One number an item: the score of one model less that of the other, on the same item.

    Returns:
        A number in (0, 1]; 1 where all differences are 0.

    >>> paired_p([0, 0, 1, -1]), paired_p([1] * 20) < 0.001
    (1.0, True)
    """
    d = np.asarray(differences, dtype=np.float64)
    d = d[d != 0]
    if not len(d):
        return 1.0
    total = abs(float(d.sum()))
    if len(d) > MANY:
        return math.erfc(total / math.sqrt(2 * float(np.square(d).sum())))
    signs = np.random.default_rng(0).choice(np.array([-1.0, 1.0]), (FLIPS, len(d)))
    as_far = np.abs(signs @ d) >= total * (1 - 1e-9)
    return (1 + int(as_far.sum())) / (1 + FLIPS)


def mean_interval(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """The 95 % confidence interval of a mean, by Student's distribution: of two values or more.

    >>> [round(v, 3) for v in mean_interval([1.0, 2.0, 3.0, 4.0])]
    [0.446, 4.554]
    """
    from scipy.stats import t

    v = np.asarray(values, dtype=np.float64)
    half = float(t.ppf(0.975, len(v) - 1)) * float(v.std(ddof=1)) / math.sqrt(len(v))
    mean = float(v.mean())
    return mean - half, mean + half


def balanced_interval(right: Sequence[int], n: Sequence[int]) -> tuple[float, float]:
    """The 95 % confidence interval of balanced accuracy: the mean of each class's recall.

    Put together from the Wilson intervals of the recalls (Zou and Donner 2008), which holds for few items too.

    Args:
        right: How many items of each class were predicted right.
        n: How many items each class has, above 0.

    >>> [round(v, 2) for v in balanced_interval([134, 0], [134, 35])]
    [0.49, 0.55]
    """
    shares = [k / m for k, m in zip(right, n, strict=True)]
    bounds = [interval(k, m) for k, m in zip(right, n, strict=True)]
    middle = sum(shares) / len(shares)
    below = math.sqrt(sum((s - low) ** 2 for s, (low, _) in zip(shares, bounds, strict=True))) / len(shares)
    above = math.sqrt(sum((high - s) ** 2 for s, (_, high) in zip(shares, bounds, strict=True))) / len(shares)
    return max(0.0, middle - below), min(1.0, middle + above)


def auc_interval(score: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:  # (N,), (N,) of 0 and 1
    """The area under the ROC curve and its 95 % confidence interval (DeLong et al. 1988).

    Returns:
        AUC, lower and upper bound; with fewer than two items of a class the bounds are 0 and 1.
    """
    from scipy.stats import rankdata

    is_yes = np.asarray(y) == 1
    score = np.asarray(score, dtype=np.float64)
    n_yes, n_no = int(is_yes.sum()), int((~is_yes).sum())
    if not n_yes or not n_no:
        return math.nan, 0.0, 1.0
    ranks = rankdata(score)
    of_yes = (ranks[is_yes] - rankdata(score[is_yes])) / n_no  # the share of the others below each
    of_no = 1 - (ranks[~is_yes] - rankdata(score[~is_yes])) / n_yes
    auc = float(of_yes.mean())
    if min(n_yes, n_no) < 2:
        return auc, 0.0, 1.0
    half = 1.96 * math.sqrt(float(of_yes.var(ddof=1)) / n_yes + float(of_no.var(ddof=1)) / n_no)
    return auc, max(0.0, auc - half), min(1.0, auc + half)
