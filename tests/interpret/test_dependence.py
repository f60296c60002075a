"""Partial dependence: scikit-learn's numbers, a line for each row, dates and categories."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.inspection import partial_dependence as sklearns

from tests.interpret.people import Linear
from tipoff.errors import UsageError
from tipoff.interpret import partial_dependence
from tipoff.learner import Learner
from tipoff.tabular import TabularDataLoaders
from tipoff.tabular.dates import Datepart

COLUMNS = ["job", "town", "age", "hours", "noise"]


@pytest.mark.parametrize(
    ("fixture", "column"), [("classifier", "hours"), ("regressor", "age"), ("classifier", "job")]
)
def test_the_lines_are_those_of_scikit_learn(fixture, column, request, estimator):
    learn = request.getfixturevalue(fixture)
    rows = learn.dls.valid_ds.frame[COLUMNS]
    ours = partial_dependence(learn, column, n_rows=None)
    theirs = sklearns(
        estimator(learn),
        rows,
        [column],
        categorical_features=[column] if column == "job" else None,
        custom_values={column: np.array(ours.values)},
        kind="both",
        method="brute",
        response_method="predict_proba" if fixture == "classifier" else "auto",
    )
    np.testing.assert_allclose(ours.lines.numpy(), theirs["individual"][0], atol=1e-6)
    np.testing.assert_allclose(ours.means.numpy(), theirs["average"][0], atol=1e-6)


def test_a_number_is_varied_between_its_5th_and_95th_percentile(regressor):
    found = partial_dependence(regressor, "hours", n_values=10)
    low, high = np.quantile(regressor.dls.valid_ds.frame.hours, [0.05, 0.95], method="nearest")
    np.testing.assert_allclose(found.values, np.linspace(low, high, 10))
    assert found.lines.shape == (160, 10) and found.of == "pay"


def test_a_category_has_its_classes_the_most_frequent_first(classifier):
    found = partial_dependence(classifier, "job", n_rows=50)
    assert found.values == ("cook", "nurse", "pilot") and found.lines.shape == (50, 3)
    assert found.means[2] > found.means[0] + 0.2


def test_the_line_of_a_linear_model_is_its_weight(linear):
    found = partial_dependence(linear, "hours", values=[30, 31])
    block = linear.dls.plan.inputs[0]
    std = next(s for s in block.steps if hasattr(s, "stds")).stds[1]
    slope = found.lines[:, 1] - found.lines[:, 0]
    assert torch.allclose(slope, linear.model.weight[1].double().detach() / std, atol=1e-5)


def test_which_answer_is_named_or_asked_for(classifier):
    yes = partial_dependence(classifier, "age", n_values=3)
    no = partial_dependence(classifier, "age", "no", n_values=3)
    assert yes.of == "yes" and torch.allclose(yes.lines + no.lines, torch.ones(160, 3, dtype=torch.float64))
    with pytest.raises(UsageError, match="no answer 'maybe': 'no', 'yes'"):
        partial_dependence(classifier, "age", "maybe")


def test_a_date_goes_with_all_its_parts(df):
    rows = df.assign(day=pd.date_range("2024-01-01", periods=len(df)).astype(str))
    dls = TabularDataLoaders.from_df(
        rows, procs=[Datepart("day")], cat_names=["day"], y_names="pay", valid_pct=0.3, seed=1
    )
    block = dls.plan.inputs[0]
    learn = Learner(dls, Linear(block.cat_sizes, len(block.cont_names)))
    found = partial_dependence(learn, "day", values=["2024-03-01", "2024-03-02"], n_rows=5)
    assert (found.lines == found.lines[0]).all() and (found.lines[:, 0] != found.lines[:, 1]).all()
    grid = partial_dependence(learn, "day", n_values=4)
    assert len(grid.values) == 4 and str(grid.values[0]).startswith("2024-01")
    grid.plot(show=False)


@pytest.mark.parametrize("column", ["age", "job", "town"])
def test_it_is_drawn(classifier, column):
    figure = partial_dependence(classifier, column, n_rows=30).plot(show=False)
    ax = figure.axes[0]
    assert ax.get_xlabel() == column and ax.get_ylabel() == "probability of yes"


def test_the_table_says_where_most_rows_lie(regressor):
    table = partial_dependence(regressor, "age", n_values=5).table()
    assert list(table.columns) == ["age", "mean", "low", "high"] and len(table) == 5
    assert (table.low < table["mean"]).all() and (table["mean"] < table.high).all()
