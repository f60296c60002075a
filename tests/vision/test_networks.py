"""Networks of torchvision and timm that are cut in their own way give the feature maps of the whole network."""

import pytest
import timm
import torch
import torchvision

from tipoff.vision.body import TimmBody, cut_torchvision, num_features


@pytest.mark.filterwarnings("ignore:The default weight initialization")
def test_auxiliary_heads_stay_out():
    net = torchvision.models.googlenet(weights=None).eval()
    body, x, seen = cut_torchvision(net), torch.randn(1, 3, 64, 64), []
    net.avgpool.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.no_grad():
        net(x)
        assert torch.equal(body(x), seen[0])
    assert num_features(body) == 1024 and not any(
        n.startswith("aux") for n, _ in net.named_children() if hasattr(body, n)
    )


def test_a_network_whose_head_always_pools():
    net = timm.create_model("efficientvit_b0").eval()
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        expected = net.forward_features(x)
        body = TimmBody(net)
        assert torch.equal(body(x), expected)
    assert num_features(body) == expected.shape[1]
