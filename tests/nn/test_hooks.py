"""Hooks keep what layers give, and nothing once they are removed."""

import torch
from torch import nn

from tipoff.callback.hook import (
    Hook,
    hook_output,
    hook_outputs,
    model_sizes,
    num_features_model,
    total_params,
)


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


def test_an_output_is_kept_until_the_hook_is_removed():
    model, x = net(), torch.ones(4, 2)
    with hook_output(model[0]) as hook:
        model(x)
    assert torch.equal(hook.stored, model[0](x)) and not hook.stored.requires_grad
    kept = hook.stored
    model(x + 1)
    assert hook.stored is kept


def test_gradients_are_those_of_autograd():
    model, x = net(), torch.ones(4, 2)
    with hook_output(model[0], grad=True) as hook:
        out = model[0](x)
        model[2](model[1](out)).sum().backward()
    by_hand = (model[0](x) > 0).float() * model[2].weight
    assert torch.allclose(hook.stored[0], by_hand)


def test_of_several_layers_and_of_a_function_of_ones_own():
    model, x = net(), torch.ones(4, 2)
    with hook_outputs(model) as hooks, Hook(model[1], lambda m, i, o: o.mean()) as mean:
        y = model(x)
    assert len(hooks) == 3 and torch.equal(hooks.stored[-1], y)
    assert torch.equal(mean.stored, hooks[1].stored.mean())


def test_sizes_are_those_of_arithmetic_and_the_mode_stays():
    body = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 6, 3, 2, 1))
    assert model_sizes(body, (20, 12)) == [(1, 4, 10, 6), (1, 4, 10, 6), (1, 6, 5, 3)]
    assert num_features_model(body) == 6 and body.training
    assert total_params(body[0]) == (4 * 9 + 4, True) and total_params(nn.ReLU()) == (0, False)
