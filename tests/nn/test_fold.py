import copy

import pytest
import timm
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from tipoff.nn.depthwise import conv2d
from tipoff.nn.fold import FoldedConv2d, fold_norms

NETS = {
    "plain": lambda: nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1, bias=True), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 1)
    ),
    "resnet18": lambda: torchvision.models.resnet18(weights=None),
    "densenet121": lambda: torchvision.models.densenet121(weights=None),
    "tf_efficientnet_lite0": lambda: timm.create_model("tf_efficientnet_lite0", pretrained=False),
    "mobilenetv3_small_050": lambda: timm.create_model("mobilenetv3_small_050", pretrained=False),
    "resnet10t": lambda: timm.create_model("resnet10t", pretrained=False),
    "convnext_atto": lambda: timm.create_model("convnext_atto", pretrained=False),
}


def pair(name):
    """The network with norms that have seen something, and the same one folded."""
    torch.manual_seed(0)
    net = NETS[name]().double()  # no rounding that sends a ReLU the other way
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.1)
            m.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(m.weight, 0.5, 1.5)
            nn.init.normal_(m.bias, 0, 0.1)
    return net, copy.deepcopy(net)


@pytest.mark.parametrize("name", NETS)
def test_folding_changes_neither_answers_nor_gradients_nor_names(name):
    net, folded = pair(name)
    n = fold_norms(folded)
    assert n > 0 or name == "convnext_atto"
    assert list(folded.state_dict()) == list(net.state_dict())
    x = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    grads = []
    for m in (net.eval(), folded.eval()):
        out = m(x)
        out.square().mean().backward()
        grads.append({k: p.grad for k, p in m.named_parameters()})
    wanted = net(x)
    assert torch.allclose(folded(x), wanted, 1e-8, 1e-8)
    for k, g in grads[0].items():
        assert torch.allclose(grads[1][k], g, 1e-6, 1e-6 * float(g.abs().max())), k


def test_a_norm_in_training_mode_normalises_by_the_batch():
    net, folded = pair("resnet18")
    fold_norms(folded)
    x = torch.rand(4, 3, 64, 64, dtype=torch.float64)
    assert torch.allclose(net.train()(x), folded.train()(x), 1e-4, 1e-4)
    for a, b in zip(net.buffers(), folded.buffers(), strict=True):
        assert torch.allclose(a, b, 1e-4, 1e-5)


def test_a_folded_network_can_be_copied_saved_and_loaded():
    net, folded = pair("plain")
    fold_norms(folded)
    twin = copy.deepcopy(folded)
    twin.load_state_dict(net.state_dict())
    with torch.no_grad():
        twin[1].weight.mul_(2)
    x = torch.rand(1, 3, 16, 16, dtype=torch.float64)
    assert not torch.equal(twin.eval()(x), folded.eval()(x))
    assert torch.allclose(folded(x), net.eval()(x), atol=1e-5)


def test_what_only_looks_like_a_pair_is_left_alone():
    class Between(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

        def forward(self, x):
            return self.norm(self.conv(x).relu())

    class Twice(Between):
        def forward(self, x):
            y = self.conv(x)
            return self.norm(y) + y

    for net in (Between(), Twice()):
        net.norm.running_mean.fill_(1.0)
        assert fold_norms(net) == 0
        assert not any(isinstance(m, FoldedConv2d) for m in net.modules())


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        (3, 1, 1),
        (3, 2, 1),
        (5, 1, 2),
        (5, 2, 2),
        (5, 2, 0),
        (7, 1, 3),
        (7, 3, 1),
        (4, 2, 0),
        (1, 2, 0),
        (3, 1, 2),
    ],
)
@pytest.mark.parametrize(("half", "tolerance"), [(True, 0.03), (False, 1e-5)], ids=["bfloat16", "float32"])
def test_the_gradient_of_a_depthwise_convolution(half, tolerance, kernel, stride, padding):
    torch.manual_seed(0)
    x, w, b = torch.randn(2, 16, 13, 12), torch.randn(16, 1, kernel, kernel), torch.randn(16)
    wanted, found = [], []
    for out, convolve in ((wanted, F.conv2d), (found, conv2d)):
        leaves = [t.clone().requires_grad_() for t in (x, w, b)]
        with torch.autocast("cpu", torch.bfloat16, enabled=half and convolve is conv2d):
            y = convolve(*leaves, (stride, stride), (padding, padding), (1, 1), 16)
        y.float().square().sum().backward()
        out += [y.detach().float(), *(t.grad for t in leaves)]
    for a, c in zip(wanted, found, strict=True):
        assert a.shape == c.shape and float((a - c).abs().max()) < tolerance * float(a.abs().max())
