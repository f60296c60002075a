"""Paired tests and intervals against scipy and statsmodels' formulas written out."""

import numpy as np
import pytest
from scipy import stats

from tipoff.metrics.compare import auc_interval, balanced_interval, mean_interval, paired_p
from tipoff.metrics.interval import interval


def test_the_paired_test_of_right_and_wrong_is_mcnemars():
    ours = np.array([1] * 40 + [1] * 14 + [0] * 5 + [0] * 20)
    theirs = np.array([1] * 40 + [0] * 14 + [1] * 5 + [0] * 20)
    exact = stats.binomtest(14, 19).pvalue
    assert paired_p(ours - theirs) == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("n", [60, 3_000])
def test_the_paired_test_of_numbers_is_that_of_scipy(n):
    d = np.random.default_rng(1).normal(2 / n**0.5, 1, n)
    its = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=20_000, rng=2).pvalue
    assert paired_p(d) == pytest.approx(its, abs=0.015)


def test_few_items_never_give_a_small_p():
    assert paired_p([1, 1, 1, 1]) == pytest.approx(2 / 16, abs=0.02)


def test_equal_models_do_not_differ():
    assert paired_p(np.zeros(100)) == 1.0


def test_the_interval_of_a_mean_is_students():
    x = np.random.default_rng(0).normal(5, 2, 12)
    theirs = stats.ttest_1samp(x, 0).confidence_interval(0.95)
    assert mean_interval(x) == pytest.approx((theirs.low, theirs.high))


def test_the_wilson_interval_is_that_of_scipy():
    theirs = stats.binomtest(24, 30).proportion_ci(0.95, method="wilson")
    assert interval(24, 30) == pytest.approx((theirs.low, theirs.high))


def test_the_interval_of_balanced_accuracy_holds_what_it_says():
    """Of many draws with recalls of 0.9 and 0.4, about 95 in 100 intervals hold 0.65."""
    rng = np.random.default_rng(0)
    drawn = [(rng.binomial(100, 0.9), rng.binomial(25, 0.4)) for _ in range(2_000)]
    bounds = [balanced_interval(k, (100, 25)) for k in drawn]
    assert 0.93 < np.mean([low <= 0.65 <= high for low, high in bounds]) < 0.97


def test_the_area_under_the_curve_has_delongs_interval():
    rng = np.random.default_rng(0)
    y = np.array([1] * 15 + [0] * 40)
    score = np.round(rng.normal(size=55) + 0.8 * y, 1)  # with ties
    won = (score[y == 1][:, None] > score[y == 0]) + 0.5 * (score[y == 1][:, None] == score[y == 0])
    auc, low, high = auc_interval(score, y)
    variance = won.mean(1).var(ddof=1) / 15 + won.mean(0).var(ddof=1) / 40
    assert auc == pytest.approx(won.mean())
    assert (low, high) == pytest.approx((auc - 1.96 * variance**0.5, auc + 1.96 * variance**0.5))


def test_without_both_classes_there_is_no_area():
    assert np.isnan(auc_interval(np.array([0.1, 0.2]), np.array([1, 1]))[0])
