"""The verdict on models whose quality is known, against scikit-learn."""

import json

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    mean_absolute_error,
    r2_score,
    recall_score,
    root_mean_squared_error,
)

from tipoff.interpret.judge import Baseline, judge_classes, judge_lists, judge_numbers
from tipoff.metrics.interval import interval
from tipoff.verdict import Verdict, markdown


def sure_of(codes, n_classes):
    """Probabilities that say `codes`."""
    return np.eye(n_classes)[codes] * 0.8 + 0.2 / n_classes


def some_right(true, share, n_classes, seed=0):
    """Codes of which about `share` are right."""
    rng = np.random.default_rng(seed)
    other = (true + rng.integers(1, n_classes, len(true))) % n_classes
    return np.where(rng.random(len(true)) < share, true, other)


ORDERS = np.array([0] * 134 + [1] * 35)  # the returns of a shop: No, Yes


def always_no(**more):
    return judge_classes(
        ["No", "Yes"], ORDERS, sure_of(np.zeros(169, int), 2), majority=0, things="rows", **more
    )


def test_a_model_that_always_says_no_is_called_so():
    made = always_no()
    assert made.level == "bad"
    assert made.sentence.startswith(
        "This model never predicts Yes and is no better than always predicting No."
    )
    assert "do not rank the rows better than chance either (AUC 0.500" in made.sentence


def test_the_majority_class_stands_beside_the_model():
    model, always = always_no().lines
    assert str(always) == "always No (majority class)" and always.values["accuracy"] == pytest.approx(
        134 / 169
    )
    assert always.values["balanced_accuracy"] == 0.5 == model.values["balanced_accuracy"]


def test_where_one_class_is_most_of_all_balanced_accuracy_comes_first():
    made = always_no()
    assert made.metric == "balanced_accuracy"
    assert made.result == (
        "Balanced accuracy 50.0 % (95 % CI 48.6 to 54.9 %) on 169 validation rows, accuracy 79.3 %"
    )


def test_recalls_are_those_of_scikit_learn():
    true = np.random.default_rng(0).integers(0, 4, 200)
    predicted = some_right(true, 0.7, 4)
    made = judge_classes("abcd", true, sure_of(predicted, 4), majority=2)
    assert [r.share for r in made.recalls] == pytest.approx(
        recall_score(true, predicted, average=None).tolist()
    )
    assert made.value == pytest.approx(accuracy_score(true, predicted))
    assert made.interval == interval(int((true == predicted).sum()), 200)
    assert [r.predicted for r in made.recalls] == np.bincount(predicted).tolist()


def test_balanced_accuracy_is_that_of_scikit_learn():
    predicted = some_right(ORDERS, 0.8, 2)
    made = judge_classes(["No", "Yes"], ORDERS, sure_of(predicted, 2), majority=0)
    assert made.value == pytest.approx(balanced_accuracy_score(ORDERS, predicted))
    assert made.level == "good" and made.sentence == (
        "By balanced accuracy, this model is better than always predicting No."
    )


def test_probabilities_that_rank_are_said_though_one_class_is_never_predicted():
    rng = np.random.default_rng(0)
    yes = np.clip(0.2 + 0.1 * ORDERS + rng.normal(0, 0.05, 169), 0, 0.45)
    made = judge_classes(["No", "Yes"], ORDERS, np.stack([1 - yes, yes], 1), majority=0, things="orders")
    assert made.level == "bad" and "Its probabilities do rank the orders (AUC 0.9" in made.sentence
    assert made.sentence.endswith("sort them by the probability of Yes.")


def test_a_model_behind_its_baseline_is_worse():
    true = np.random.default_rng(0).integers(0, 3, 300)
    made = judge_classes(
        "abc", true, sure_of(some_right(true, 0.6, 3), 3), majority=0, baselines=[Baseline("trees", true)]
    )
    assert made.level == "caution"
    assert made.sentence == "This model is better than always predicting a, but is worse than the baseline."


def test_a_small_lead_may_be_chance():
    true = np.arange(30) % 3
    theirs, ours = true.copy(), true.copy()
    theirs[:6], ours[:5] = (true[:6] + 1) % 3, (true[:5] + 1) % 3
    made = judge_classes("abc", true, sure_of(ours, 3), majority=0, baselines=[Baseline("trees", theirs)])
    assert made.level == "caution"
    assert made.sentence.endswith("but is not clearly better than the baseline (paired test, p = 1).")


def test_a_model_that_is_right_where_its_baseline_is_is_as_good():
    true = np.arange(60) % 3
    made = judge_classes("abc", true, sure_of(true, 3), majority=0, baselines=[Baseline("trees", true)])
    assert made.sentence.endswith("but is exactly as good as the baseline.")


def test_several_baselines_are_called_by_their_names_and_one_may_have_fewer_items():
    true = np.arange(90) % 3
    made = judge_classes(
        "abc", true, sure_of(some_right(true, 0.8, 3), 3), majority=0,
        baselines=[Baseline("words", (true + 1) % 3), Baseline("head", true[::2], list(range(0, 90, 2)))],
    )  # fmt: skip
    assert made.sentence == "This model is better than always predicting a, but is worse than head."
    assert made.lines[2].values == {"accuracy": 1.0}


def test_a_class_of_many_that_is_never_predicted_is_a_caution():
    true = np.arange(90) % 9
    predicted = np.where(true == 4, 5, true)
    made = judge_classes([f"c{i}" for i in range(9)], true, sure_of(predicted, 9), majority=0)
    assert made.level == "caution" and made.sentence == (
        "This model is better than always predicting c0, but never predicts c4."
    )


def test_a_class_without_validation_items_is_no_fault():
    true = np.arange(60) % 2
    made = judge_classes("abc", true, sure_of(true, 3), majority=0)
    assert made.level == "good" and made.recalls[2].share is None
    assert made.recall_table()[2] == ("c", "", "", "no validation items", "0")


def test_numbers_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = rng.normal(40, 10, 100)
    ours, theirs = y + rng.normal(0, 3, 100), y + rng.normal(0, 6, 100)
    made = judge_numbers(y, ours, mean=41.0, baselines=[Baseline("trees", theirs)])
    model, baseline, always = made.lines
    assert model.values["mae"] == pytest.approx(mean_absolute_error(y, ours))
    assert model.values["r2"] == pytest.approx(r2_score(y, ours))
    assert baseline.values["mae"] == pytest.approx(mean_absolute_error(y, theirs))
    assert always.values["mae"] == pytest.approx(mean_absolute_error(y, np.full(100, 41.0)))
    assert made.level == "good"
    assert made.sentence == "This model is better than always predicting the mean and than the baseline."


def test_numbers_that_are_no_better_than_the_mean_are_bad():
    rng = np.random.default_rng(0)
    y = rng.normal(40, 10, 100)
    made = judge_numbers(y, 40 + rng.normal(0, 3, 100), mean=40.0)
    assert made.level == "bad" and "is no better than always predicting the mean" in made.sentence


def test_the_median_of_skewed_numbers_does_not_pass_for_knowledge():
    """Its mean absolute error is below that of the mean; its squared error is not."""
    y = np.random.default_rng(0).exponential(10, 500) ** 2
    made = judge_numbers(y, np.full(500, np.median(y)), mean=float(y.mean()))
    assert made.lines[0].values["mae"] < made.lines[1].values["mae"] and made.level == "bad"


def test_ratings_are_judged_by_their_squared_errors():
    rng = np.random.default_rng(0)
    y = rng.integers(1, 6, 400).astype(float)
    ours = y + rng.normal(0, 1.2, 400)
    made = judge_numbers(
        y, ours, mean=3.0, metric="rmse", things="ratings",
        baselines=[Baseline("averages of users and items", y + rng.normal(0, 1, 400))],
    )  # fmt: skip
    assert made.metric == "rmse" and made.value == pytest.approx(root_mean_squared_error(y, ours))
    assert made.interval[0] < made.value < made.interval[1]
    assert made.sentence.endswith("but is worse than the baseline.")


def test_what_is_no_number_is_left_out_of_the_table():
    made = always_no(figures={"roc_auc": float("nan"), "log_loss": 0.5})
    assert made.table()[0] == ["balanced", "accuracy", "log loss"]


def test_a_single_item_has_no_interval():
    made = judge_numbers([3.0], [2.0], mean=5.0)
    assert made.result == "Mean absolute error (MAE) 1 on 1 validation item"
    assert Verdict.from_json(made.to_json()) == made


def test_lists_are_compared_user_by_user():
    ours = np.array([1.0] * 30 + [0.0] * 70)
    made = judge_lists(ours, "recall@10", baselines=[Baseline("most popular items", np.roll(ours, 5) * 0)])
    assert made.level == "good" and made.value == pytest.approx(0.3)
    assert made.result == "Recall@10 0.300 (95 % CI 0.219 to 0.396) on 100 users"


def test_a_verdict_survives_json():
    made = always_no(baselines=[Baseline("trees", ORDERS)])
    assert Verdict.from_json(json.loads(json.dumps(made.to_json()))) == made


@pytest.mark.parametrize(
    "said",
    [None, 3, {}, {"metric": "accuracy"}, {**always_no().to_json(), "level": "red"},
     {**always_no().to_json(), "lines": []}, {**always_no().to_json(), "sentence": ["x"]},
     {**always_no().to_json(), "metric": "f1"}, {**always_no().to_json(), "recalls": [1]}],
)  # fmt: skip
def test_anything_else_in_a_model_file_is_no_verdict(said):
    assert Verdict.from_json(said) is None


def test_the_model_card_holds_all_of_it():
    made = judge_classes(["a|b", "c"], np.array([0, 1] * 20), sure_of(np.array([0, 1] * 20), 2), majority=0)
    card = markdown(made)
    assert "**This model is better than always predicting a|b.**" in card
    assert "| always a\\|b (majority class) | 50.0 % |" in card
    assert "| c | 100.0 % | 83.9 to 100.0 % | 20 of 20 | 20 |" in card
    assert "paired randomization test" in card
