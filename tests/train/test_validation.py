"""The network that validates: the one that trains, laid out for the processor where there are batches enough."""

import torch
from torch import nn

from tipoff.nn.fold import fold_norms
from tipoff.train.engine import TorchEngine


def convolutions():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 2),
    )
    fold_norms(net)
    return net.eval()


@torch.no_grad()
def test_it_answers_as_the_weights_are_at_each_validation():
    net, engine, x = convolutions(), TorchEngine(), torch.rand(5, 3, 8, 8)
    first = engine.for_validation(net, 4)
    assert first is not net or not torch.backends.mkldnn.is_available()
    torch.testing.assert_close(first(x), net(x))
    next(net.parameters()).mul_(-2)
    torch.testing.assert_close(engine.for_validation(net, 4)(x), net(x))


def test_for_a_few_batches_it_is_the_network_itself():
    net = convolutions()
    assert TorchEngine().for_validation(net, 3) is net
