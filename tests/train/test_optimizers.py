"""Optimizers beyond Adam: figures of fastai 2.8.12 (optimizers.json), of torch.optim, and arithmetic on paper."""

import copy
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tipoff import optimizer as o
from tipoff.bundle.parts import OPTIMIZERS
from tipoff.data import DataLoaders
from tipoff.errors import UsageError
from tipoff.learner import Learner
from tipoff.learner.named import as_named, rebuilt
from tipoff.train.optim import set_hyperparameter

SAID = json.loads((Path(__file__).parent / "optimizers.json").read_text())
MADE: dict[str, Any] = {  # as fastai's were made
    "sgd": partial(o.SGD, lr=0.1, mom=0.9, wd=0.1),
    "sgd_l2": partial(o.SGD, lr=0.1, mom=0.9, wd=0.1, decouple_wd=False),
    "sgd_plain": partial(o.SGD, lr=0.1, wd=0.1),
    "rms_prop": partial(o.RMSProp, lr=0.01, wd=0.1),
    "rms_prop_mom": partial(o.RMSProp, lr=0.01, mom=0.9, wd=0.1, decouple_wd=False),
    "adam": partial(o.Adam, lr=0.01),
    "radam": partial(o.RAdam, lr=0.01, wd=0.1),
    "radam_beta": partial(o.RAdam, lr=0.01, beta=50.0),
    "qhadam": partial(o.QHAdam, lr=0.01, wd=0.1),
    "larc": partial(o.Larc, lr=0.1, wd=0.1),
    "lars": partial(o.Larc, lr=0.1, clip=False, mom=0.0),
    "lamb": partial(o.Lamb, lr=0.01, wd=0.1),
    "ranger": partial(o.ranger, lr=0.01),
}
FUNCTIONS = [o.RMSProp, o.RAdam, o.QHAdam, o.Larc, o.Lamb, o.ranger]


def stepped(make: Any, n: int = 8) -> list[float]:
    """The weights after `n` steps along gradients that are always the same."""
    generator = torch.Generator().manual_seed(0)
    params = [nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((3, 2), (4,))]
    opt = make(params)
    for i in range(n):
        generator = torch.Generator().manual_seed(100 + i)
        for p in params:
            p.grad = torch.randn(p.shape, generator=generator)
        opt.step()
    return [v for p in params for v in p.detach().flatten().tolist()]


@pytest.mark.parametrize("name", MADE)
def test_steps_are_those_of_fastai(name):
    assert stepped(MADE[name]) == pytest.approx(SAID[name], abs=3e-6)


def test_rms_prop_is_that_of_torch():
    theirs = partial(torch.optim.RMSprop, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=0.1)
    assert stepped(partial(o.RMSProp, lr=0.01, wd=0.1, decouple_wd=False)) == pytest.approx(stepped(theirs))


def test_radam_is_that_of_torch_but_for_the_place_of_eps():
    theirs = partial(torch.optim.RAdam, lr=0.01, betas=(0.9, 0.99), eps=0.0, weight_decay=0.1)
    ours = partial(o.RAdam, lr=0.01, eps=0.0, wd=0.1, decouple_wd=False)
    assert stepped(ours, 30) == pytest.approx(stepped(theirs, 30), abs=1e-5)


def test_qhadam_with_both_shares_of_one_is_adam():
    adam = partial(o.Adam, lr=0.01, wd=0.0)
    assert stepped(partial(o.QHAdam, lr=0.01, mom=0.9, sqr_mom=0.99, nu_1=1.0, eps=1e-5)) == pytest.approx(
        stepped(adam), abs=1e-6
    )


def test_momentum_by_hand():
    weight = nn.Parameter(torch.tensor([1.0]))
    opt = o.Optimizer([weight], cbs=[o.average_grad, o.momentum_step], lr=0.1, mom=0.5)
    for _ in range(2):
        weight.grad = torch.tensor([1.0])
        opt.step()
    assert weight.item() == pytest.approx(1 - 0.1 * 1 - 0.1 * 1.5)


def test_a_stepper_of_ones_own_as_in_the_book(pairs):
    def sgd_cb(p, lr, **kwargs):
        p.data.add_(p.grad.data, alpha=-lr)

    learn = Learner(pairs, nn.Linear(1, 1), nn.functional.mse_loss, opt_func=partial(o.Optimizer, cbs=[sgd_cb]))
    before = learn.validate()[0]
    learn.fit_one_cycle(3, 0.1)
    assert learn.validate()[0] < before


def test_a_stepper_without_what_it_needs_says_so():
    weight = nn.Parameter(torch.ones(1))
    weight.grad = torch.ones(1)
    with pytest.raises(UsageError, match=r"momentum_step needs grad_avg.*before momentum_step"):
        o.Optimizer([weight], [o.momentum_step], lr=0.1).step()
    with pytest.raises(UsageError, match=r"sgd_step needs lr.*lr=\.\.\."):
        o.Optimizer([weight], o.sgd_step).step()
    with pytest.raises(UsageError, match="needs a stepper"):
        o.Optimizer([weight], [])


def test_hyperparameters_can_be_scheduled():
    group = o.QHAdam([nn.Parameter(torch.ones(1))]).param_groups[0]
    for name, value in {"lr": 0.5, "mom": 0.8, "sqr_mom": 0.7, "wd": 0.3, "eps": 0.1, "nu_1": 0.4}.items():
        set_hyperparameter(group, name, value)
    assert (group["lr"], group["mom"], group["sqr_mom"], group["weight_decay"]) == (0.5, 0.8, 0.7, 0.3)
    assert (group["eps"], group["nu_1"]) == (0.1, 0.4)


@pytest.fixture
def pairs():
    x = torch.linspace(-1, 1, 64)[:, None]
    both = list(zip(x, 3 * x + 1))
    return DataLoaders.from_dsets(both[::2], both[1::2], bs=16, seed=3)


@pytest.mark.parametrize("opt_func", FUNCTIONS)
def test_a_learner_trains_with_it_and_spares_biases_of_decay(opt_func, pairs):
    learn = Learner(pairs, nn.Linear(1, 1), nn.functional.mse_loss, opt_func=opt_func, wd=0.1)
    before = learn.validate()[0]
    learn.fit_one_cycle(3, 0.05)
    assert learn.validate()[0] < before
    assert [g["weight_decay"] for g in learn.opt.param_groups] == [0.1, 0.0]


@pytest.mark.parametrize("make", [*MADE.values()], ids=[*MADE])
def test_a_saved_state_goes_on_as_if_nothing_had_happened(make):
    def run(cut: bool) -> list[float]:
        generator = torch.Generator().manual_seed(0)
        weight = nn.Parameter(torch.randn(3, generator=generator))
        opt = make([weight])
        for i in range(9):
            if cut and i == 4:
                saved, weight = copy.deepcopy(opt.state_dict()), nn.Parameter(weight.detach().clone())
                opt = make([weight])
                opt.load_state_dict(saved)
            weight.grad = torch.randn(3, generator=generator)
            opt.step()
        return weight.tolist()

    assert run(cut=True) == run(cut=False)


def test_lookahead_around_adam_leaves_alone_what_has_no_gradient():
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    opt = o.Lookahead(o.Adam([used, unused], lr=0.1), k=2)
    for _ in range(4):
        used.grad = torch.ones(2)
        opt.step()
    unused.grad = torch.ones(2)
    opt.step()
    assert (used < 1).all() and (unused < 1).all()


@pytest.mark.parametrize("bad", [{"k": 0}, {"alpha": 0.0}, {"alpha": 1.5}])
def test_lookahead_refuses_what_means_nothing(bad):
    with pytest.raises(UsageError, match=next(iter(bad))):
        o.Lookahead(o.SGD([nn.Parameter(torch.ones(1))]), **bad)


def test_an_optimizer_of_torch_is_taken_as_fastai_wraps_it(pairs):
    made = partial(o.OptimWrapper, opt=torch.optim.AdamW)
    learn = Learner(pairs, nn.Linear(1, 1), nn.functional.mse_loss, opt_func=made)
    learn.fit(1, 0.1)
    assert type(learn.opt) is torch.optim.AdamW
    ready = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    assert o.OptimWrapper(opt=ready) is ready
    for wrong in ({}, {"params": [nn.Parameter(torch.ones(1))]}, {"opt": ready, "hp_map": {"a": "lr"}}):
        with pytest.raises(UsageError):
            o.OptimWrapper(**wrong)


@pytest.mark.parametrize("opt_func", FUNCTIONS)
def test_a_model_file_can_name_it(opt_func):
    named = as_named(partial(opt_func, eps=1e-4), OPTIMIZERS)
    assert named is not None
    assert rebuilt(named, OPTIMIZERS, call=False).func is opt_func
