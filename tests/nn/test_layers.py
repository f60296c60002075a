"""Layers and networks: sizes, what they begin as, and that they learn."""

import pytest
import torch
import torchvision
from torch import nn

from tipoff.nn.conv import ConvLayer, NormType
from tipoff.nn.layers import AdaptiveConcatPool2d, SigmoidRange
from tipoff.nn.resnet import ResBlock, xresnet18, xresnet34, xresnet50
from tipoff.vision.body import create_body, num_features
from tipoff.vision.head import create_head


def count(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    ("kwargs", "layers"),
    [
        ({}, [nn.Conv2d, nn.BatchNorm2d, nn.ReLU]),
        ({"bn_1st": False}, [nn.Conv2d, nn.ReLU, nn.BatchNorm2d]),
        ({"norm_type": None}, [nn.Conv2d, nn.ReLU]),
        ({"act_cls": None, "ndim": 1}, [nn.Conv1d, nn.BatchNorm1d]),
        ({"norm_type": NormType.Instance, "act_cls": nn.SiLU}, [nn.Conv2d, nn.InstanceNorm2d, nn.SiLU]),
    ],
)
def test_a_conv_layer_is_made_of(kwargs, layers):
    assert [type(m) for m in ConvLayer(3, 4, **kwargs)] == layers


def test_a_bias_is_there_only_where_no_norm_follows():
    assert ConvLayer(3, 4)[0].bias is None and ConvLayer(3, 4, norm_type=None)[0].bias is not None


@pytest.mark.parametrize("norm", list(NormType))
def test_a_conv_layer_keeps_the_size_and_learns(norm):
    layer = ConvLayer(3, 4, norm_type=norm)
    out = layer(torch.randn(2, 3, 9, 9))
    out.sum().backward()
    assert out.shape == (2, 4, 9, 9) and any(p.grad is not None for p in layer.parameters())


def test_a_transposed_conv_layer_grows():
    assert ConvLayer(3, 4, ks=2, stride=2, transpose=True)(torch.randn(1, 3, 5, 5)).shape == (1, 4, 10, 10)


def test_a_residual_branch_begins_silent():
    x = torch.rand(2, 8, 6, 6)
    assert torch.allclose(ResBlock(1, 8, 8).eval()(x), x + 1e-3, atol=1e-6)


@pytest.mark.parametrize("expansion", [1, 4])
def test_a_block_with_a_stride_halves_and_widens(expansion):
    assert ResBlock(expansion, 4, 8, stride=2)(torch.randn(1, 4 * expansion, 7, 7)).shape == (
        1,
        8 * expansion,
        4,
        4,
    )


@pytest.mark.parametrize("name", ["18", "34", "50"])
def test_an_xresnet_is_as_large_as_a_resnet(name):
    ours = {"18": xresnet18, "34": xresnet34, "50": xresnet50}[name]()
    theirs = torchvision.models.get_model(f"resnet{name}", weights=None)
    assert abs(count(ours) / count(theirs) - 1) < 0.01
    assert ours.eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)


def test_an_xresnet_takes_its_number_of_outputs_and_channels():
    assert xresnet18(n_out=3, c_in=1)(torch.zeros(2, 1, 32, 32)).shape == (2, 3)


def test_concat_pool_is_maximum_and_mean():
    x = torch.randn(2, 5, 4, 3)
    want = torch.cat([nn.AdaptiveMaxPool2d(1)(x), nn.AdaptiveAvgPool2d(1)(x)], 1)
    assert torch.allclose(AdaptiveConcatPool2d()(x), want)


def test_a_sigmoid_range_stays_in_it():
    out = SigmoidRange(1, 5.5)(torch.tensor([-100.0, 0.0, 100.0]))
    assert torch.allclose(out, torch.tensor([1.0, 3.25, 5.5]))


def test_a_body_and_a_head_fit_together():
    body = create_body("resnet18", pretrained=False)
    head = create_head(num_features(body), 7)
    assert head(body(torch.zeros(2, 3, 64, 64))).shape == (2, 7)
    assert [type(m).__name__ for m in head] == [
        "AdaptiveConcatPool2d", "Flatten", "BatchNorm1d", "Dropout", "Linear", "ReLU", "BatchNorm1d", "Dropout", "Linear",
    ]  # fmt: skip
