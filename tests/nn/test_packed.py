import pytest
import timm
import torch
import torchvision
from torch import nn

from tipoff.nn.fold import fold_norms
from tipoff.nn.packed import PackedConv2d, Watch, packed

NETS = {
    "resnet18": lambda: torchvision.models.resnet18(weights=None),
    "tf_efficientnet_lite0": lambda: timm.create_model("tf_efficientnet_lite0", pretrained=False),
    "mobilenetv3_small_050": lambda: timm.create_model("mobilenetv3_small_050", pretrained=False),
    "efficientnet_b0": lambda: timm.create_model("efficientnet_b0", pretrained=False),
}


@pytest.mark.parametrize("name", NETS)
def test_a_packed_network_answers_alike(name):
    torch.manual_seed(0)
    net = NETS[name]().eval()
    x = torch.rand(2, 3, 65, 96)
    with torch.no_grad():
        wanted = net(x)
        fold_norms(net)
        made = packed(net)
        got = made(x.contiguous(memory_format=torch.channels_last))
    if torch.backends.mkldnn.is_available():
        assert any(isinstance(m, PackedConv2d) for m in made.modules())
    assert torch.allclose(got, wanted, 1e-3, 1e-4 * float(wanted.abs().max()))


def test_packing_leaves_the_network_alone():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
    fold_norms(net)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    made = packed(net)
    net(torch.rand(1, 3, 8, 8)).sum().backward()
    assert made is not net and all(torch.equal(before[k], v) for k, v in net.state_dict().items())


def test_a_network_without_convolutions_is_itself():
    net = nn.Linear(2, 2)
    assert packed(net) is net


def test_in_bfloat16_answers_are_as_autocast_gives_them():
    torch.manual_seed(0)
    net = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    fold_norms(net)
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        wanted, got = net(x).float(), packed(net, torch.bfloat16)(x).float()
    assert float((got - wanted).abs().max()) < 0.05 * float(wanted.abs().max())


def test_a_network_with_hooks_is_left_to_them():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
    fold_norms(net)
    net[0].register_forward_hook(lambda *_: None)
    assert packed(net) is net


def add_through_data(net):
    net.weight.data[0, 0] += 1


def add_in_place(net):
    net.bias.mul_(1)


def other_numbers(net):
    net.weight.data = net.weight.data + 1e-6


def another_parameter(net):
    net.bias = nn.Parameter(net.bias.clone())


@pytest.mark.parametrize("change", [add_through_data, add_in_place, other_numbers, another_parameter])
@torch.no_grad()
def test_a_change_of_a_weight_is_seen(change):
    net = nn.Linear(3, 3)
    watch = Watch(net)
    assert watch.unchanged(net)
    change(net)
    assert not watch.unchanged(net)


def test_another_network_is_not_the_watched_one():
    net = nn.Linear(3, 3)
    assert not Watch(net).unchanged(nn.Linear(3, 3))


@pytest.mark.parametrize("size", [(64, 64), (65, 96), (63, 50)])
def test_same_padding_without_a_copy_is_the_same(size):
    torch.manual_seed(0)
    net = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    x = torch.rand(1, 3, *size)
    with torch.no_grad():
        wanted = net(x)
        fold_norms(net)
        got = packed(net)(x)
    assert torch.allclose(got, wanted, 1e-3, 1e-4 * float(wanted.abs().max()))
