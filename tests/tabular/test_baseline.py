"""The tree beside the network: the same rows, the same split, the same figures."""

import numpy as np
import pytest
import torch
from sklearn import metrics as sk
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from tests.tabular.conftest import CATS, CONTS, people
from tests.tabular.test_learner import learner, loaders, prices
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import UsageError
from tipoff.tabular import TabularDataLoaders, tree_baseline
from tipoff.tabular.baseline import figures_of


def inputs(dls):
    return [torch.cat([d.cats, d.conts], 1).numpy() for d in (dls.train.dataset, dls.valid.dataset)]


def test_the_tree_is_scikit_learns_on_the_same_rows():
    dls = loaders()
    made = tree_baseline(dls)
    x, xv = inputs(dls)
    tree = HistGradientBoostingClassifier(categorical_features=[0, 1, 2], random_state=0)
    prob = tree.fit(x, dls.train.dataset.ys[0]).predict_proba(xv)
    y = dls.valid.dataset.ys[0].numpy()
    assert np.allclose(made["prob"], prob)
    assert made["figures"] == pytest.approx({
        "accuracy": sk.accuracy_score(y, prob.argmax(1)),
        "roc_auc": sk.roc_auc_score(y, prob[:, 1]),
        "log_loss": sk.log_loss(y, prob),
    })  # fmt: skip
    assert made["name"] == "HistGradientBoosting" and made["seconds"] > 0


def test_the_tree_learns_numbers_and_logarithms_of_them():
    for log in (False, True):
        dls = loaders(prices(), "price", y_block=RegressionBlock(log=log))
        made, (x, xv) = tree_baseline(dls), inputs(dls)
        y, yv = (d.ys[0].numpy()[:, 0] for d in (dls.train.dataset, dls.valid.dataset))
        tree = HistGradientBoostingRegressor(categorical_features=[0, 1, 2], random_state=0)
        said = np.exp(tree.fit(x, np.log(y)).predict(xv)) if log else tree.fit(x, y).predict(xv)
        wanted = {
            "mae": sk.mean_absolute_error(yv, said), "rmse": sk.root_mean_squared_error(yv, said), "r2": sk.r2_score(yv, said)
        }  # fmt: skip
        if log:
            wanted["rmspe"] = float(np.sqrt((((yv - said) / yv) ** 2).mean()))
        assert made["figures"] == pytest.approx(wanted, rel=1e-4)


def test_the_tree_has_several_answers_where_the_network_has():
    df = people().assign(old=lambda d: d.age.fillna(0) > 50, tall=lambda d: d.height > 1.7)
    labels = tree_baseline(loaders(df, ["old", "tall"], y_block=MultiCategoryBlock))
    assert labels["prob"].shape[1] == 2 and labels["figures"]["accuracy"] > 0.9
    numbers = tree_baseline(loaders(prices(), ["price", "rooms"]))
    assert numbers["prob"].shape[1] == 2


def test_the_network_is_judged_by_the_same_figures():
    learn = learner(metrics=["accuracy", "roc_auc"])
    prob, y = learn.get_preds()
    made = figures_of(learn.target, prob, y)
    loss, accuracy, auc = learn.validate()
    assert (made["accuracy"], made["roc_auc"], made["log_loss"]) == pytest.approx(
        (accuracy, auc, loss), rel=1e-4
    )


def test_a_class_without_rows_to_learn_from_is_never_said():
    df = people(60)
    dls = loaders(df, y_block=CategoryBlock(vocab=("high", "low", "middle")))
    assert not tree_baseline(dls)["prob"][:, 2].any()


def test_without_rows_to_check_on_there_is_no_baseline():
    dls = loaders()
    dls.loaders = dls.loaders[:1]
    with pytest.raises(UsageError, match="rows to check on"):
        tree_baseline(dls)


def test_a_category_of_many_codes_is_no_category_for_the_tree():
    df = people(400).assign(shop=[f"s{i}" for i in range(400)])
    dls = TabularDataLoaders.from_df(
        df, cat_names=[*CATS, "shop"], cont_names=CONTS, y_names="salary", seed=1
    )
    assert tree_baseline(dls)["figures"]["accuracy"] > 0.5
