"""The loop against plain PyTorch: optimizer, weight decay, accumulation, and a recorded loss curve."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.train.train_parts import CLASSES, FEATURES, learner, loaders, network, rows, weights
from tipoff.callbacks.gradients import GradientAccumulation, GradientClip
from tipoff.train.optim import SGD, Adam, param_groups


def plain(model: nn.Module, dls, opt, n_epoch: int, lrs=None, clip: float | None = None) -> nn.Module:
    """The loop that everybody writes."""
    step = 0
    for epoch in range(n_epoch):
        model.train()
        for batch in dls.train.batches(epoch):
            if lrs is not None:
                for group in opt.param_groups:
                    group["lr"], group["betas"] = lrs[step][0], (lrs[step][1], group["betas"][1])
            opt.zero_grad()
            nn.functional.cross_entropy(model(*batch.x), *batch.y).backward()
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            opt.step()
            step += 1
    return model


def flat(model: nn.Module) -> torch.Tensor:
    return torch.cat([v.flatten().double() for v in model.state_dict().values()])


def adamw(model: nn.Module, lr: float, wd: float, **kwargs) -> torch.optim.Optimizer:
    """torch's own, with the groups made by hand: weights of the linear layers decay, nothing else does."""
    decays = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": decays, "weight_decay": wd}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99), eps=1e-5, **kwargs)


def test_training_equals_a_plain_loop_with_torchs_adamw_to_the_bit():
    learn = learner(wd=0.1)
    learn.fit(3, 0.01)
    other = network()
    plain(other, loaders(), adamw(other, 0.01, 0.1, fused=True), 3)
    assert torch.equal(weights(learn), flat(other))


def test_training_equals_torchs_unfused_adamw_nearly():
    learn = learner(model=network(norm=False), wd=0.1)
    learn.fit(3, 0.01)
    other = network(norm=False)
    plain(other, loaders(), adamw(other, 0.01, 0.1), 3)
    assert torch.allclose(weights(learn), flat(other), atol=1e-6)


def test_one_cycle_equals_a_plain_loop_that_sets_rate_and_momentum():
    learn = learner(wd=0.05)
    learn.fit_one_cycle(2, 0.02, cbs=GradientClip(0.5))
    other = network()
    lrs = list(zip(learn.recorder.lrs, learn.recorder.moms, strict=True))
    plain(other, loaders(), adamw(other, 0.02, 0.05, fused=True), 2, lrs, clip=0.5)
    assert torch.equal(weights(learn), flat(other))


def test_plain_sgd_with_momentum_equals_torchs():
    from functools import partial

    learn = learner(opt_func=partial(SGD, mom=0.9, decouple_wd=False), wd=0.01)
    learn.fit(2, 0.05)
    other = network()
    opt = torch.optim.SGD(
        [
            {"params": [p for p in other.parameters() if p.ndim > 1], "weight_decay": 0.01},
            {"params": [p for p in other.parameters() if p.ndim == 1]},
        ],
        lr=0.05, momentum=0.9,
    )  # fmt: skip
    plain(other, loaders(), opt, 2)
    assert torch.allclose(weights(learn), flat(other), atol=1e-6)


class OwnRMSNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))


@pytest.mark.parametrize(
    "layer",
    [nn.BatchNorm1d(4), nn.BatchNorm2d(4), nn.LayerNorm(4), nn.LayerNorm((4, 2)), nn.GroupNorm(2, 4),
     nn.InstanceNorm2d(4, affine=True), nn.RMSNorm(4), OwnRMSNorm()],
    ids=lambda m: type(m).__name__,
)  # fmt: skip
def test_norms_do_not_decay(layer):
    model = nn.Sequential(nn.Linear(3, 4, bias=False), layer)
    groups = param_groups(model, [list(model.parameters())], 0.3, False)
    decay = {id(p): g["weight_decay"] for g in groups for p in g["params"]}
    assert decay[id(model[0].weight)] == 0.3
    assert {decay[id(p)] for p in layer.parameters()} == {0.0}


@pytest.mark.parametrize(
    "layer", [nn.Linear(3, 4), nn.Conv2d(3, 4, 1), nn.MultiheadAttention(4, 2), nn.LSTM(3, 4)]
)
def test_biases_do_not_decay_and_weights_do(layer):
    groups = param_groups(layer, [list(layer.parameters())], 0.3, False)
    decay = {id(p): g["weight_decay"] for g in groups for p in g["params"]}
    for name, p in layer.named_parameters():
        assert decay[id(p)] == (0.0 if "bias" in name else 0.3), name


def test_weight_decay_without_gradient_shrinks_weights_alone():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    nn.init.ones_(model[0].bias)
    before = {k: v.clone() for k, v in model.named_parameters()}
    opt = Adam(param_groups(model, [list(model.parameters())], 0.5, False), lr=0.1)
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    opt.step()
    after = dict(model.named_parameters())
    assert torch.allclose(after["0.weight"], before["0.weight"] * (1 - 0.1 * 0.5))
    assert all(torch.equal(after[k], before[k]) for k in ("0.bias", "1.weight", "1.bias"))


def test_a_weight_decay_given_later_counts():
    learn = learner(wd=0.1)
    learn.fit(1)
    learn.fit(1, wd=0.4)
    assert {g["weight_decay"] for g in learn.opt.param_groups} == {0.4, 0.0}
    learn.fit(1)
    assert {g["weight_decay"] for g in learn.opt.param_groups} == {0.1, 0.0}


@pytest.mark.parametrize("n", [48, 44, 41])
def test_accumulation_equals_the_large_batch_in_the_uneven_last_group_too(n):
    """Groups of 3 batches of 8, in order, against batches of 24; SGD shows differences that Adam would hide."""
    from functools import partial

    sgd, model = partial(torch.optim.SGD, momentum=0.9), partial(network, norm=False)
    small = learner(loaders(8, n, shuffle=False), model(), opt_func=sgd)
    small.fit(3, 0.1, cbs=GradientAccumulation(24))
    large = learner(loaders(24, n, shuffle=False), model(), opt_func=sgd)
    large.fit(3, 0.1)
    assert small.recorder.lrs == large.recorder.lrs
    assert torch.allclose(weights(small), weights(large), atol=1e-6)
    ours, theirs = ([v[:2] for v in learn.recorder.values] for learn in (small, large))
    assert torch.allclose(torch.tensor(ours), torch.tensor(theirs), atol=1e-6)


def test_the_losses_of_an_epoch_are_means_over_samples_not_batches():
    learn = learner(loaders(8, 41, shuffle=False), network(norm=False), opt_func=torch.optim.SGD)
    learn.fit(1, 0.0)
    x, y = rows(19, 1)
    with torch.no_grad():
        valid = nn.functional.cross_entropy(learn.model.eval()(x), y)
    losses, sizes = torch.tensor(learn.recorder.losses), torch.tensor([8.0] * 5 + [1.0])
    assert learn.recorder.values[0][0] == pytest.approx(float((losses * sizes).sum() / 41), abs=1e-6)
    assert learn.recorder.values[0][1] == pytest.approx(float(valid), abs=1e-6)


CURVE = Path(__file__).with_name("loss_curve.json")


def curve() -> dict[str, list[float]]:
    """A small fixed run: dropout, two groups of layers, one cycle, frozen and not."""
    torch.manual_seed(11)
    learn = learner(
        model=network(dropout=0.1), metrics="accuracy",
        splitter=lambda m: [list(m[:2].parameters()), list(m[2:].parameters())],
    )  # fmt: skip
    torch.manual_seed(12)
    learn.fine_tune(4, 0.02)
    return {"losses": learn.recorder.losses, "valid": [v[1] for v in learn.recorder.values]}


def test_the_loss_curve_is_the_recorded_one():
    """A change of train or data moves it. Where that is meant, record it anew: python tests/train/test_loop_numbers.py"""
    recorded = json.loads(CURVE.read_text())
    now = curve()
    for name, values in recorded.items():
        assert now[name] == pytest.approx(values, abs=1e-4), name


def test_the_network_of_these_tests_learns():
    learn = learner(loaders(8, 200), metrics="accuracy")
    learn.fit_one_cycle(8, 0.05)
    assert learn.recorder.values[-1][2] > 0.7 and (FEATURES, CLASSES) == (6, 3)


if __name__ == "__main__":
    CURVE.write_text(json.dumps({k: [round(v, 6) for v in vs] for k, vs in curve().items()}, indent=1) + "\n")
