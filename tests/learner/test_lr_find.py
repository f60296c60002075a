"""The learning-rate finder: it leaves everything as it was, and suggests nothing where the curve says nothing."""

import copy
import math
import random

import numpy as np
import pytest
import torch
from torch import nn

from tests.train.train_parts import FEATURES, learner, loaders, network, rows, weights
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.dataset import TensorDataset
from tipoff.data.loader import Loader
from tipoff.errors import UsageError
from tipoff.notes import listening


@pytest.fixture
def heard():
    out: list[str] = []
    with listening(out.append):
        yield out


def test_weights_optimizer_modes_randomness_and_the_record_are_as_before(heard):
    learn = learner(loaders(8, 200), network(dropout=0.3))
    learn.fit_one_cycle(1, 0.01)
    learn.model.eval()
    before, opt = weights(learn), copy.deepcopy(learn.opt.state_dict())
    values, losses = list(learn.recorder.values), list(learn.recorder.losses)
    torch.manual_seed(1), random.seed(1), np.random.seed(1)
    random_state = torch.get_rng_state()
    learn.lr_find(show_plot=False)
    assert torch.equal(weights(learn), before) and torch.equal(torch.get_rng_state(), random_state)
    now = learn.opt.state_dict()
    assert now["param_groups"] == opt["param_groups"]
    for i, state in opt["state"].items():
        assert all(torch.equal(now["state"][i][k], v) for k, v in state.items())
    assert (learn.recorder.values, learn.recorder.losses) == (values, losses)
    assert not any(m.training for m in learn.model.modules()) and learn.n_epochs_done == 1
    assert random.random() == random.Random(1).random()
    assert np.random.rand() == np.random.RandomState(1).rand()


def test_a_learner_that_was_not_trained_has_no_optimizer_afterwards(heard):
    learn = learner(loaders(8, 200))
    assert learn.lr_find(show_plot=False).valley > 1e-4 and learn.opt is None and heard == []


def test_a_trained_model_gets_no_suggestion(heard):
    learn = learner(loaders(8, 200))
    learn.fit_one_cycle(20, 0.05)
    found = learn.lr_find(show_plot=False)
    assert found.valley is None
    assert "the loss of this trained model, 0." in heard[0] and heard[0].endswith(
        "Call lr_find before training."
    )
    assert len(learn.recorder.lr_curve[0]) > 30
    with pytest.raises(UsageError, match="lr_find that suggested no learning rate; pass a number"):
        learn.fit(1, found)


def test_a_loss_near_zero_does_not_end_the_sweep_at_once(heard):
    """The first batch happens to be right, the next is not: that is no divergence."""
    x = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    y = torch.zeros(64)
    y[8:] = 0.05
    dls = DataLoaders(Loader(TensorDataset(x, y), 8), device="cpu")
    model = nn.Linear(2, 1)
    nn.init.zeros_(model.weight), nn.init.zeros_(model.bias)
    learn = learner(dls, model, loss_func=lambda p, t: (p[:, 0] - t).abs().mean())
    learn.lr_find(show_plot=False)
    assert len(learn.recorder.lrs) == 0 and len(learn.recorder.lr_curve[0]) > 30


@pytest.mark.parametrize("what", ["targets", "inputs"])
def test_a_loss_that_is_no_number_from_the_start_is_said(heard, what):
    x, y = rows(64)[0], torch.arange(64.0)
    (y if what == "targets" else x)[3] = math.nan
    dls = DataLoaders(Loader(TensorDataset(x, y), 8), device="cpu")
    learn = learner(dls, nn.Linear(FEATURES, 1), loss_func=lambda p, t: ((p[:, 0] - t) ** 2).mean())
    assert learn.lr_find(show_plot=False).valley is None
    assert heard == [
        "lr_find suggests no learning rate: the loss is nan at the first step, with a learning rate that changes nothing. "
        f"the {what} of items 3 of the training set are not finite numbers: leave these items out."
    ]


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"num_it": 0}, "num_it is 0; a whole number of 2 or more"),
        ({"num_it": "100"}, "num_it is '100'"),
        ({"start_lr": 0}, "start_lr is 0; a number above 0"),
        ({"start_lr": 1e-2, "end_lr": 1e-3}, "end_lr is 0.001; a number above 0.01"),
        ({"end_lr": math.inf}, "end_lr is inf"),
        ({"suggest_funcs": "valley"}, "suggest_funcs holds 'valley'; functions are needed"),
    ],
)
def test_wrong_arguments_are_said(arguments, said):
    with pytest.raises(UsageError, match=said):
        learner().lr_find(**arguments)
