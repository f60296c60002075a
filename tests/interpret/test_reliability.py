"""Calibration curves: scikit-learn's numbers, intervals, several classes and several labels."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve as sklearns

from tipoff.errors import UsageError
from tipoff.interpret import calibration_curve, reliability
from tipoff.metrics.interval import interval

RNG = np.random.default_rng(0)
P = RNG.random(500) ** 2
Y = (RNG.random(500) < P**1.3).astype(int)


@pytest.mark.parametrize(("by", "strategy"), [("width", "uniform"), ("count", "quantile")])
@pytest.mark.parametrize("n", [5, 10])
def test_the_curve_is_that_of_scikit_learn(by, strategy, n):
    true, said = sklearns(Y, P, n_bins=n, strategy=strategy)
    found = reliability(P, Y, n, by=by)
    np.testing.assert_allclose(found.said, said)
    np.testing.assert_allclose(found.true, true)
    assert found.n.sum() == 500


def test_the_error_is_the_mean_distance():
    found = reliability(P, Y)
    group = np.minimum((P * 10).astype(int), 9)
    total = sum(abs(P[group == g].sum() - Y[group == g].sum()) for g in range(10)) / 500
    assert found.error == pytest.approx(total)


def test_the_interval_is_of_a_share():
    found = reliability([0.9] * 4, [1, 1, 1, 0])
    assert (found.low[0], found.high[0]) == interval(3, 4)


def test_of_two_classes_it_is_the_second(classifier):
    probs, y = classifier.get_preds()
    found = calibration_curve(classifier)
    true, said = sklearns(y.numpy(), probs[:, 1].numpy(), n_bins=10)
    assert found.of == "yes"
    np.testing.assert_allclose(found.true, true)
    np.testing.assert_allclose(found.said, said, atol=1e-6)
    other = calibration_curve(classifier, "no")
    np.testing.assert_allclose(other.said[::-1], 1 - said, atol=0.02)


def test_of_more_classes_it_is_the_answer_that_was_given(photos):
    from tipoff.vision import ImageDataLoaders, Resize, vision_learner

    dls = ImageDataLoaders.from_folder(photos, valid_pct=0.5, seed=42, item_tfms=Resize(32), bs=8)
    learn = vision_learner(dls, "resnet10t", pretrained=False)
    found = calibration_curve(learn)
    probs, y = learn.get_preds()
    assert found.of is None and found.n.sum() == len(y)
    assert (found.true * found.n).sum() == pytest.approx(float((probs.argmax(1) == y).sum()))


def test_numbers_have_no_calibration_curve(regressor):
    with pytest.raises(UsageError, match="for classifiers"):
        calibration_curve(regressor)


def test_it_is_drawn(classifier):
    ax = calibration_curve(classifier, by="count").plot(show=False).axes[0]
    assert ax.get_xlabel() == "probability of yes, as said" and "points on average" in ax.get_title()
    assert len(reliability(P, Y).table()) == 10
