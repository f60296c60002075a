"""Masks of dropout: how much they drop, what they keep the mean of, and that places do not know of each other."""

import pytest
import torch

from tipoff.nn.dropout import Dropout, dropout_mask


@pytest.mark.parametrize("p", [0.02, 0.1, 0.5, 0.9])
def test_a_share_p_is_dropped_and_the_rest_scaled_so_that_the_mean_stays(p):
    torch.manual_seed(0)
    mask = dropout_mask(torch.empty(0), (1000, 1003), p)
    dropped = (mask == 0).double().mean()
    assert dropped == pytest.approx(p, abs=4 * (p * (1 - p) / mask.numel()) ** 0.5 + 1e-5)
    assert mask.unique().tolist() == [0, pytest.approx(1 / (1 - p), rel=1e-4)]


def test_what_is_dropped_at_one_place_says_nothing_of_the_places_beside_it():
    torch.manual_seed(0)
    dropped = (dropout_mask(torch.empty(0), (400_001,), 0.3) == 0).double()
    for step in (1, 2, 3, 4, 8):
        pairs = torch.stack([dropped[:-step], dropped[step:]])
        assert abs(torch.corrcoef(pairs)[0, 1]) < 4 / 400_000**0.5


def test_the_same_seed_gives_the_same_mask_in_any_type():
    torch.manual_seed(3)
    a = dropout_mask(torch.empty(0), (7, 5), 0.5)
    torch.manual_seed(3)
    b = dropout_mask(torch.empty(0, dtype=torch.bfloat16), (7, 5), 0.5)
    assert b.dtype is torch.bfloat16 and torch.equal(a, b.float())


def test_the_layer_passes_the_gradient_where_it_passes_the_number_and_nothing_is_dropped_in_evaluation():
    torch.manual_seed(0)
    layer, x = Dropout(0.25), torch.ones(50, 40, requires_grad=True)
    out = layer(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())
    assert torch.equal(layer.eval()(x), x)


def test_everything_may_be_dropped():
    assert not Dropout(1.0)(torch.ones(9)).any()
