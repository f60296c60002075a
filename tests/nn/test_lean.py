"""Operations that do what PyTorch's do, with less memory: their results are the same to the bit."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tipoff.nn.pad import pad, padded
from tipoff.nn.relu6 import LeanReLU6, lean_relu6


def maps(*shape):
    torch.manual_seed(0)
    return (5 * torch.randn(*shape)).contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_relu6_and_its_gradient_are_those_of_pytorch(dtype):
    x, grad = maps(2, 3, 5, 4).to(dtype), maps(2, 3, 5, 4).to(dtype)
    x.flatten()[:4] = torch.tensor([0.0, 6.0, -0.0, float("nan")])
    found = []
    for act in (LeanReLU6(), nn.ReLU6()):
        leaf = x.clone().requires_grad_()
        out = act(leaf * 1)
        out.backward(grad)
        found.append((out.detach(), leaf.grad))
    for a, b in zip(*found, strict=True):
        assert torch.equal(a.nan_to_num(7), b.nan_to_num(7))


def test_relu6_keeps_no_copy_of_its_input():
    kept = []
    x = maps(2, 3, 5, 4).requires_grad_() * 1
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.data_ptr()), lambda t: t):
        out = LeanReLU6()(x)
    assert kept == [out.data_ptr()] == [x.data_ptr()]


def test_only_relu6_in_place_is_replaced():
    net = nn.Sequential(nn.ReLU6(inplace=True), nn.ReLU6(), nn.ReLU(inplace=True), nn.Hardtanh(inplace=True))
    lean_relu6(net)
    assert [type(m) for m in net] == [LeanReLU6, nn.ReLU6, nn.ReLU, nn.Hardtanh]


@pytest.mark.parametrize("sides", [(0, 1, 0, 1), (2, 2, 1, 0), (0, 0, 0, 0), (-1, 3, 0, 0), (2, -2, -1, 1)])
def test_zeros_around_are_those_of_pytorch(sides):
    x = maps(2, 3, 6, 5)
    assert torch.equal(padded(x, sides), F.pad(x, sides))


def test_the_gradient_of_zeros_around_is_that_of_pytorch():
    x, grad = maps(2, 3, 6, 5), maps(2, 3, 7, 8)
    found = []
    for around in (pad, F.pad):
        leaf = x.clone().requires_grad_()
        around(leaf, (1, 2, 0, 1)).backward(grad)
        found.append(leaf.grad)
    assert torch.equal(*found)
