"""Attention of transformers' models in bfloat16: in float32 where it learns, and the same otherwise."""

import pytest
import torch

from tests.text.small_models import bert
from tipoff.text.attention import NAME
from tipoff.text.transformer import TransformerClassifier, config_of, written
from tipoff.text.weights import find


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return find(bert(tmp_path_factory.mktemp("bert")))


WORDS = torch.tensor([[2, 9, 8, 7, 3, 0, 0], [2, 5, 6, 7, 8, 9, 3]])


def first_gradient(net, dtype):
    net.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        net(WORDS).float().square().sum().backward()
    return net[0].body.encoder.layer[0].attention.self.query.weight.grad.clone()


def test_what_is_learned_in_bfloat16_is_what_is_learned_in_float32(found):
    torch.manual_seed(0)
    net = TransformerClassifier(written(config_of(found)), 2, ps=0.0).build_pretrained(found).eval()
    assert net[0].body.config._attn_implementation == NAME
    exact, ours = (first_gradient(net, d) for d in (torch.float32, torch.bfloat16))
    net[0].body.set_attn_implementation("sdpa")
    torch.testing.assert_close(first_gradient(net, torch.float32), exact)
    theirs = first_gradient(net, torch.bfloat16)
    assert (ours - exact).norm() < 0.05 * exact.norm() and (ours - exact).norm() < 1.2 * (
        theirs - exact
    ).norm()


def test_the_configuration_that_is_kept_names_no_attention_of_ours(found):
    assert NAME not in TransformerClassifier(written(config_of(found)), 2).config


def test_attention_written_out_is_left_as_it_is(found):
    config = config_of(found)
    config._attn_implementation = "eager"
    from transformers import AutoModel

    from tipoff.text.attention import attend_faster

    body = AutoModel.from_config(config, attn_implementation="eager")
    attend_faster(body)
    assert body.config._attn_implementation == "eager"
