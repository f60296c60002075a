"""A model of ratings that was loaded goes on learning as it did, from other ratings too."""

import math

import pytest
import torch

from tests.collab.films import ratings
from tipoff.collab import CollabDataLoaders, collab_learner
from tipoff.learner import load_learner


def loaders(frame, bs=64):
    return CollabDataLoaders.from_df(frame, seed=1, bs=bs, device="cpu")


@pytest.fixture
def learn():
    made = collab_learner(loaders(ratings()), n_factors=10, lr=0.01)
    with made.no_bar():
        made.fit_one_cycle(1)
    return made


def test_rates_are_those_it_was_made_with(learn, tmp_path):
    again = load_learner(learn.export((tmp_path / "m.tipoff").absolute()))
    for name in ("lr", "wd", "moms", "opt_func"):
        assert getattr(again, name) == getattr(learn, name), name
    again.dls = loaders(ratings(), bs=256)
    assert (again.lr, again.wd) == pytest.approx((2 * learn.lr, 2 * learn.wd))


def test_other_ratings_are_of_the_users_and_items_that_it_knows(learn, tmp_path):
    again = load_learner(learn.export((tmp_path / "m.tipoff").absolute()))
    other = ratings(seed=4)
    other = other[~other.user.isin([1, 2, 3])].replace({"user": {120: 999}})
    again.dls = loaders(other)
    data, pairs = again.dls.train_ds, again.dls.plan.inputs[0]
    assert pairs == learn.dls.plan.inputs[0]
    rows = other.iloc[data.rows]
    wanted = pairs.encode_columns(rows["user"], rows["title"])
    assert torch.equal(data.x, wanted) and 0 in data.x[:, 0]
    with again.no_bar():
        again.fit_auto(epochs=1)
    assert math.isfinite(again.validate()[0])
