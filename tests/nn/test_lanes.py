"""A network in several threads answers as it does in one, and leaves PyTorch's threads as they were."""

import contextlib

import pytest
import torch
from torch import nn

from tipoff.nn.lanes import SAMPLES, Lanes


@pytest.fixture
def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(5)).eval()


@pytest.mark.parametrize("n", [1, SAMPLES, 3 * SAMPLES + 1])
def test_the_answers_are_those_of_the_network_in_order(net, n):
    x = torch.rand(n, 3, 8, 8)
    with torch.no_grad():
        expected = net(x)
    with Lanes(net, contextlib.nullcontext) as lanes:
        waits = [lanes.submit((x,)), lanes.submit((x.flip(0),))]
        torch.testing.assert_close(waits[0](), expected)
        torch.testing.assert_close(waits[1](), expected.flip(0))


def test_the_context_holds_in_the_threads_too(net):
    with torch.no_grad():
        net(torch.rand(1, 3, 8, 8))
    with Lanes(net, lambda: torch.autocast("cpu", torch.bfloat16)) as lanes:
        assert lanes.submit((torch.rand(2, 3, 8, 8),))().dtype is torch.bfloat16


def test_an_error_is_raised_where_the_answer_is_waited_for_and_the_threads_are_as_before(net):
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError), Lanes(net, contextlib.nullcontext) as lanes:
        lanes.submit((torch.rand(2, 9, 8, 8),))()
    assert torch.get_num_threads() == before
