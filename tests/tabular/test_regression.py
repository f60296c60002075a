"""Numbers that are predicted: logarithms, deviations, ranges, and the figures that go with them."""

import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tipoff.bundle.catalog import CATALOG
from tipoff.data.target import RegressionBlock
from tipoff.errors import DataError, UsageError
from tipoff.metrics import exp_rmspe, rmspe
from tipoff.metrics.resolve import as_metric
from tipoff.spec import dump, load
from tipoff.testing import check_target

Y = torch.tensor([[10.0, 1.0], [30.0, 4.0], [80.0, 9.0]])


def test_a_standardized_target_is_scikit_learns_scaler():
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(Y.numpy())
    target = RegressionBlock(2).standardized(Y)
    pred = torch.randn(3, 2)
    assert np.allclose(target.activation(pred), scaler.inverse_transform(pred.numpy()), rtol=1e-5)
    wanted = F.mse_loss(pred, torch.tensor(scaler.transform(Y.numpy())).float())
    assert torch.allclose(target.loss(pred, Y), wanted, atol=1e-5)


def test_with_logarithms_errors_count_by_their_share():
    target = RegressionBlock(1, log=True)
    y, pred = torch.tensor([[100.0], [1.0]]), torch.tensor([[110.0], [1.1]]).log()
    assert torch.allclose(target.activation(pred), torch.tensor([[110.0], [1.1]]))
    assert torch.allclose(target.loss_each(pred, y), torch.tensor(1.1).log().square().expand(2))
    assert target.activation(torch.tensor([[1e6]])).isfinite().all()


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("y_range", [None, (0.5, 100.0)])
def test_every_kind_of_number_keeps_the_contract(log, y_range):
    block = RegressionBlock(1, y_range, log=log).standardized(torch.tensor([[1.0], [2.0], [50.0]]))
    check_target(block, [1.5, 20.0, 30.25])
    assert load(json.loads(json.dumps(dump(block, CATALOG))), CATALOG) == block


def test_a_constant_column_has_deviation_one():
    target = RegressionBlock(1).standardized(torch.full((4, 1), 7.3))
    assert target.scale == (1.0,) and target.activation(torch.zeros(1, 1)).item() == pytest.approx(7.3)


def test_a_number_without_a_logarithm_is_refused():
    block = RegressionBlock(1, log=True)
    with pytest.raises(DataError, match="0 has no logarithm"):
        block.encode(0)
    with pytest.raises(DataError, match="-3.0 has no logarithm"):
        block.encode_all([1.0, -3.0])
    with pytest.raises(UsageError, match="above 0"):
        RegressionBlock(1, (0.0, 5.0), log=True)


def test_a_column_of_numbers_is_encoded_at_once_and_what_is_none_is_named():
    block = RegressionBlock(2)
    assert torch.equal(block.encode_all([[1, 2], [3, 4.5]]), torch.tensor([[1, 2], [3, 4.5]]))
    with pytest.raises(DataError, match="'abc' is not a number"):
        RegressionBlock(1).encode_all([1.0, "abc"])
    with pytest.raises(DataError, match="not a finite number"):
        RegressionBlock(1).encode_all([1.0, float("inf")])


def test_metrics_see_numbers_in_their_range():
    """With y_range the output of the network is not the answer."""
    from tipoff.data import DataLoaders, Plan
    from tipoff.data.dataset import TensorDataset
    from tipoff.data.loader import Loader
    from tipoff.learner import Learner

    x, y = torch.randn(20, 3), torch.rand(20, 1) * 5
    block = RegressionBlock(1, (0.0, 5.0))
    rows = TensorDataset(x, y)
    dls = DataLoaders(Loader(rows, 8, shuffle=True), Loader(rows, 8), plan=Plan((), (block,)), device="cpu")
    learn = Learner(dls, torch.nn.Linear(3, 1), metrics="mae")
    wanted = float((learn.model(x).sigmoid() * 5 - y).abs().mean().detach())
    assert learn.validate()[1] == pytest.approx(wanted, rel=1e-5)
    with learn.no_bar():
        learn.fit(1)
    assert learn.recorder.values[-1][2] == pytest.approx(learn.validate()[1], rel=1e-5)


def test_rmspe_over_uneven_batches_is_that_of_everything():
    g = torch.Generator().manual_seed(0)
    pred, y = torch.rand(50, 1, generator=g) + 1, torch.rand(50, 1, generator=g) + 1
    wanted = float((((y - pred) / y) ** 2).mean() ** 0.5)
    for metric, p, t in ((rmspe, pred, y), ("rmspe", pred, y), (exp_rmspe, pred.log(), y.log())):
        made = as_metric(metric)
        for part in torch.arange(50).split(16):
            made.update(p[part], t[part])
        assert made.compute() == pytest.approx(wanted, rel=1e-5) and not made.higher_is_better
        assert made.name.endswith("rmspe")
