"""Rows of hundreds of columns explained: in bounded time and memory, with shares for the columns that matter."""

import numpy as np
import pandas as pd
import pytest
import torch

from tests.interpret.people import Linear
from tipoff.bundle.predictor import Predictor
from tipoff.data import RegressionBlock
from tipoff.data.shares import MOST, WIDE, row_shares
from tipoff.data.strongest import strongest
from tipoff.learner import Learner
from tipoff.tabular import TabularDataLoaders

K = WIDE + 50


@pytest.fixture(scope="module")
def wide():
    """A sum of three of 250 columns, and the frame of its rows."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(40, K)), columns=[f"g{i}" for i in range(K)]).assign(y=1.0)
    dls = TabularDataLoaders.from_df(
        frame, cat_names=[], cont_names=list(frame.columns[:-1]), y_names="y", y_block=RegressionBlock(), seed=0
    )  # fmt: skip
    model = Linear([], K)
    weights = torch.zeros(K)
    weights[[7, 123, 240]] = torch.tensor([3.0, -2.0, 1.0])
    model.weight.data = weights
    return Learner(dls, model), frame


def test_the_columns_that_matter_get_their_shares_and_the_others_one_together(wide):
    learn, frame = wide
    predictor, row = Predictor(learn.dls.plan, learn.model), frame.drop(columns="y").iloc[0].to_dict()
    found = row_shares(predictor.plan, predictor.probabilities, row)
    assert len(found.columns) == MOST + 1 and found.columns[-1] == f"{K - MOST} other columns"
    assert torch.allclose(found.shares.sum(0), found.end - found.start, atol=1e-5)
    shares = {name: share for name, _, share, _ in found.ranked()}
    block = learn.dls.plan.inputs[0]
    there, typical = (
        block.encode_all(pd.DataFrame([values]))[1][0]
        for values in (row, {c.name: c.typical for c in block.columns})
    )
    for k, weight in ((7, 3.0), (123, -2.0), (240, 1.0)):
        assert shares[f"g{k}"] == pytest.approx(float(weight * (there[k] - typical[k])), abs=1e-4)
    assert shares[found.columns[-1]] == pytest.approx(0.0, abs=1e-4)


def test_halves_find_single_columns():
    rng = np.random.default_rng(1)
    weights = torch.zeros(1000)
    chosen = sorted(rng.choice(1000, 10, replace=False).tolist())
    weights[chosen] = torch.from_numpy(rng.uniform(1, 2, 10)).float()
    asked = []

    def answer(mixed):
        asked.append(len(mixed))
        return torch.from_numpy(mixed).float() @ weights[:, None]

    assert strongest(answer, 1000, 10) == chosen and sum(asked) < 500
