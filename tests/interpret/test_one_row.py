"""One answer explained: shares that add up, that are exact where theory gives them, with and without training rows."""

import json
from itertools import combinations
from math import factorial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tipoff.data.shares import row_shares
from tipoff.errors import DataError, UsageError
from tipoff.interpret import explain_row
from tipoff.learner import load_learner
from tipoff.nn.shapley import shapley
from tipoff.tabular import TabularDataLoaders, tabular_learner

ROW = {"job": "pilot", "town": "Ulm", "age": 61, "hours": 44.5, "noise": 0.3}


def test_shares_add_up_to_the_difference_from_the_average(classifier):
    found = explain_row(classifier, ROW)
    valid = classifier.dls.valid_ds.frame
    probs = classifier.get_preds()[0]
    assert found.of == "yes" and found.end == pytest.approx(float(classifier.predict(ROW)[2][1]), abs=1e-6)
    assert found.start + sum(r[2] for r in found.ranked()) == pytest.approx(found.end, abs=1e-9)
    drawn = explain_row(classifier, ROW, n_rows=len(valid), n_rounds=len(valid))
    assert drawn.start == pytest.approx(float(probs[:, 1].mean()), abs=1e-6)


def test_of_a_linear_model_a_share_is_weight_times_distance_from_the_mean(linear):
    block, valid = linear.dls.plan.inputs[0], linear.dls.valid_ds
    n = len(valid)
    found = explain_row(linear, ROW, n_rows=n, n_rounds=n)
    cats, conts = block.encode(ROW)
    at = block.cont_names.index("hours")
    hours = linear.model.weight[at] * (conts[at] - valid.conts[:, at].mean())
    town = linear.model.embeds[block.cat_names.index("town")]
    where = block.cat_names.index("town")
    shares = {c: (share, error) for c, _, share, error in found.ranked()}
    assert shares["hours"][0] == pytest.approx(hours.item(), abs=1e-5)
    expected = (town(cats[where]) - town(valid.cats[:, where]).mean()).item()
    assert shares["town"][0] == pytest.approx(expected, abs=1e-5)


def exact(f, k):
    """Shapley's formula over all coalitions, f of a set of parts."""
    values = []
    for i in range(k):
        others = [j for j in range(k) if j != i]
        total = 0.0
        for size in range(k):
            weight = factorial(size) * factorial(k - size - 1) / factorial(k)
            total += sum(weight * (f({*s, i}) - f({*s})) for s in combinations(others, size))
        values.append(total)
    return torch.tensor(values, dtype=torch.float64)


def test_sampling_comes_to_what_the_formula_says():
    torch.manual_seed(0)
    rows = torch.randn(8, 5, dtype=torch.float64)  # the last is explained

    def net(x):
        return (x[:, 0] * x[:, 1] + (x[:, 2] * x[:, 3] * x[:, 4]).tanh() + x[:, 0]).unsqueeze(1)

    def mean_with(parts):
        mixed = rows[:7].clone()
        at = list(parts)
        mixed[:, at] = rows[7, at]
        return float(net(mixed).mean())

    found = shapley(lambda at: net(rows.gather(0, at)), 5, 7, n_rounds=7 * 300)
    truth = exact(mean_with, 5)
    assert (found.values[:, 0] - truth).abs().max() < 4 * found.errors.max() < 0.15
    assert found.start == pytest.approx(mean_with([])) and found.end == pytest.approx(float(net(rows[7:])))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 7), n=st.integers(1, 6))
def test_shapleys_axioms_hold_for_any_function(seed, k, n):
    """Shares add up; a part that changes nothing has none; two parts that do the same have the same."""
    rng = torch.Generator().manual_seed(seed)
    rows = torch.randn(n + 1, k + 3, generator=rng, dtype=torch.float64)
    rows[:, k + 1] = rows[:, k]  # twins
    mix = torch.randn(k + 3, 4, generator=rng, dtype=torch.float64)
    mix[k + 1], mix[k + 2] = mix[k], 0  # and the last is not looked at

    def net(at):
        return (rows.gather(0, at) @ mix).tanh().sum(1, keepdim=True)

    found = shapley(net, k + 3, n, n_rounds=400, seed=seed)
    assert torch.allclose(found.start + found.values.sum(0), found.end)
    assert found.values[k + 2].abs().max() < 1e-12
    apart = (found.values[k] - found.values[k + 1]).abs()
    assert (apart <= 6 * (found.errors[k] + found.errors[k + 1]) + 1e-9).all()


def test_a_model_file_explains_without_any_rows(classifier):
    """Against the typical row, of which the plan knows the medians and the most frequent categories."""
    plan = classifier.dls.plan

    @torch.no_grad()
    def probabilities(x):
        return classifier.target.activation(classifier.model(*x))

    found = row_shares(plan, probabilities, ROW)
    typical = {c.name: c.typical for c in plan.inputs[0].columns}
    assert found.start[1] == pytest.approx(float(classifier.predict(typical)[2][1]), abs=1e-6)
    assert (found.start + found.shares.sum(0))[1] == pytest.approx(float(found.end[1]), abs=1e-9)
    said = json.loads(json.dumps(found.answer()))
    assert said["of"] == "yes" and said["columns"][0]["column"] == "job"
    assert row_shares(plan, probabilities, typical).shares.abs().max() < 1e-6


def test_a_learner_from_a_file_is_given_rows(df, tmp_path):
    dls = TabularDataLoaders.from_df(
        df, cat_names=["job", "town"], cont_names=["age", "hours"], y_names="rich", valid_pct=0.4, seed=1
    )
    learn = tabular_learner(dls, arch="mlp", metrics="accuracy")
    again = load_learner(learn.export(tmp_path / "x.tipoff"))
    with pytest.raises(UsageError, match="comes from a model file"):
        explain_row(again, ROW)
    row = {k: v for k, v in ROW.items() if k != "noise"}
    other = explain_row(again, row, dl=again.dls.test_dl(dls.valid_ds.frame), n_rounds=20)
    assert other.end == pytest.approx(explain_row(learn, row, n_rounds=20).end, abs=1e-5)


def test_rows_come_in_any_form(classifier, df):
    one = df.iloc[[3]]
    made = [
        explain_row(classifier, r, n_rounds=4).ranked() for r in (one, one.iloc[0], one.iloc[0].to_dict())
    ]
    assert made[0] == made[1] == made[2]
    with pytest.raises(UsageError, match="One row was expected, and there are 2"):
        explain_row(classifier, df.iloc[:2])


def test_a_missing_value_has_a_share_too(classifier):
    found = explain_row(classifier, {**ROW, "age": None}, n_rounds=20)
    assert found.end == pytest.approx(float(classifier.predict({**ROW, "age": None})[2].max()), abs=1e-6)


def test_a_row_that_is_wrong_is_said_as_in_prediction(classifier):
    with pytest.raises(DataError, match="'old' is not a number"):
        explain_row(classifier, {**ROW, "age": "old"})
    with pytest.raises(DataError, match="hours"):
        explain_row(classifier, {k: v for k, v in ROW.items() if k != "hours"})
    with pytest.raises(UsageError, match="no answer 'rich'"):
        explain_row(classifier, ROW, of="rich")


def test_it_is_said_in_a_sentence_and_drawn(classifier, regressor):
    found = explain_row(classifier, ROW, n_rounds=50)
    assert str(found).startswith("yes: ") and "job = pilot (+" in str(found) and "points)" in str(found)
    figure = found.plot(n=3, show=False)
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert labels[0] == "job = pilot" and labels[-1] == "2 other columns"
    assert "points" not in str(explain_row(regressor, ROW, n_rounds=4))
    assert list(found.table().columns) == ["column", "value", "share", "error"]
