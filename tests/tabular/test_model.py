"""The networks of tables against plain re-statements of what they compute."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from tipoff.bundle.catalog import CATALOG
from tipoff.errors import UsageError
from tipoff.nn.members import Adapter, MemberLinear, average
from tipoff.nn.numeric import PiecewiseLinear, quantile_edges
from tipoff.spec import dump, load
from tipoff.tabular.model import MLPSpec, TabMSpec, TabularModel

CATS, CONTS = torch.tensor([[1, 0], [2, 3], [0, 1], [2, 2], [1, 3]]), torch.randn(5, 3)
SIZES = ((3, 2), (4, 3))


def of_fastai(net: TabularModel, cats, conts, use_bn=True, y_range=None):
    """fastai's network, in evaluation, from the weights alone: embeddings, batch norm, (linear, ReLU, batch norm)*."""

    def norm(x, bn):
        return (x - bn.running_mean) / (bn.running_var + bn.eps).sqrt() * bn.weight + bn.bias

    x = torch.cat([e.weight[cats[:, i]] for i, e in enumerate(net.embeds)], 1)
    x = torch.cat([x, norm(conts, net.bn_cont)], 1)
    linears = [m for m in net.layers.modules() if isinstance(m, nn.Linear)]
    norms = [m for m in net.layers.modules() if isinstance(m, nn.BatchNorm1d)]
    for i, linear in enumerate(linears[:-1]):
        assert (linear.bias is None) == use_bn
        x = (x @ linear.weight.T + (0 if use_bn else linear.bias)).clamp(min=0)
        x = norm(x, norms[i]) if use_bn else x
    x = x @ linears[-1].weight.T + linears[-1].bias
    return x if y_range is None else x.sigmoid() * (y_range[1] - y_range[0]) + y_range[0]


@pytest.mark.parametrize("use_bn", [True, False])
@pytest.mark.parametrize("y_range", [None, (1.0, 6.0)])
def test_fastais_network(use_bn, y_range):
    net = TabularModel(SIZES, 3, 2, [8, 6], ps=[0.1, 0.2], embed_p=0.1, use_bn=use_bn, y_range=y_range)
    for _ in range(3):  # statistics that are not those of the beginning
        net(CATS, CONTS)
    net.eval()
    assert torch.allclose(net(CATS, CONTS), of_fastai(net, CATS, CONTS, use_bn, y_range), atol=1e-6)


def test_the_layers_of_fastais_network_are_in_its_order():
    net = TabularModel(SIZES, 3, 2, [8, 6], ps=0.5, bn_final=True)
    order = [type(m).__name__ for block in net.layers for m in block]
    assert order == ["Linear", "ReLU", "BatchNorm1d", "Dropout"] * 2 + ["Linear", "BatchNorm1d"]
    assert [m.p for m in net.modules() if isinstance(m, nn.Dropout)][1:] == [0.5, 0.5]
    other = TabularModel(SIZES, 3, 2, [8], ps=0.5, lin_first=False)
    assert [type(m).__name__ for m in other.layers[0]] == ["BatchNorm1d", "Dropout", "Linear", "ReLU"]


@pytest.mark.parametrize("sizes, n_cont", [((), 3), (SIZES, 0)])
def test_a_table_may_lack_categories_or_numbers(sizes, n_cont):
    cats, conts = CATS[:, : len(sizes)], CONTS[:, :n_cont]
    for spec in (MLPSpec(sizes, n_cont, 2), TabMSpec(sizes, n_cont, 2)):
        net = spec.build()
        assert net(cats, conts).shape[-1] == 2 and net.eval()(cats, conts).shape == (5, 2)
    with pytest.raises(UsageError, match="no columns"):
        MLPSpec((), 0, 2)


@pytest.mark.parametrize(
    "spec", [MLPSpec(SIZES, 3, 2, (8, 4), (0.1, 0.2)), TabMSpec(SIZES, 3, 2, average="softmax")]
)
def test_a_network_comes_back_from_words(spec):
    made = load(dump(spec, CATALOG), CATALOG)
    assert made == spec
    assert {k: v.shape for k, v in made.build().state_dict().items()} == {
        k: v.shape for k, v in spec.build().state_dict().items()
    }


# members


def test_members_are_networks_of_their_own():
    """TabM in training, against a loop over its members."""
    net = TabMSpec(SIZES, 3, 2, (8, 6), 0.0, 4, 5, 7).build()
    net.fit(CONTS)
    nn.init.normal_(net.numbers.weight)
    together = net(CATS, CONTS)
    assert together.shape == (5, 4, 2)
    x = torch.cat([e(CATS[:, i]) for i, e in enumerate(net.embeds)] + [net.numbers(CONTS).flatten(1)], 1)
    for k in range(4):
        h = x * net.adapter.weight[k]
        for layer in net.layers:
            h = F.relu(layer(h))
        assert torch.allclose(together[:, k], h @ net.head.weight[k] + net.head.bias[k], atol=1e-5)


def test_dropout_is_the_same_for_all_members_and_another_for_each_row():
    net = TabMSpec(SIZES, 3, 2, ps=0.5).build()
    x = net._drop(torch.ones(6, 8, 50))
    assert torch.equal(x, x[:, :1].expand_as(x)) and not torch.equal(x[0], x[1])
    assert set(x.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(net.eval()._drop(x), x)


def test_a_column_is_scaled_alike_by_a_member():
    adapter = Adapter([2, 3], 5)
    assert all(len(row.unique()) == 2 for row in adapter.weight)
    assert MemberLinear(4, 2, 3)(torch.ones(6, 3, 4)).shape == (6, 3, 2)


def test_what_members_say_together_is_the_mean_of_their_probabilities():
    out = torch.randn(7, 5, 3)
    assert torch.allclose(average(out, "softmax").softmax(-1), out.softmax(-1).mean(1), atol=1e-6)
    assert torch.allclose(average(out, "sigmoid").sigmoid(), out.sigmoid().mean(1), atol=1e-6)
    assert torch.allclose(average(out, "mean"), out.mean(1))
    assert average(out * 1e4, "softmax").isfinite().all() and average(out * 1e4, "sigmoid").isfinite().all()


# numbers


def test_a_number_is_a_piecewise_linear_function_of_its_column():
    """Against interpolation between the knots."""
    layer = PiecewiseLinear(1, 4, 2)
    layer.fit(torch.tensor([[0.0], [1], [3], [4], [10]]))
    with torch.no_grad():
        layer.weight.normal_()
        knots, x = torch.tensor([0.0, 1, 3, 4, 10]), torch.linspace(-5, 15, 101)
        at_knots, made = layer(knots[:, None])[:, 0], layer(x[:, None])[:, 0]
    for e in range(2):
        assert np.allclose(made[:, e], np.interp(x, knots, at_knots[:, e]), atol=1e-5)


def test_zeros_that_fill_most_of_a_column_take_one_edge():
    x = torch.cat([torch.zeros(900), torch.arange(1, 101).float()])[:, None]
    (edges,) = quantile_edges(x, 10)
    assert edges[0] == 0 and edges[-1] == 100 and len(edges) == 11
    assert torch.allclose(edges[1:-1], torch.arange(1, 10) * 10.0, atol=1.5)


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=60),
    st.integers(1, 12),
    st.floats(-2e6, 2e6),
)
@example([0.0, 3.565365721735562e-40], 1, 0.0)
@settings(max_examples=80, deadline=None)
def test_any_column_has_edges_and_any_number_an_embedding(values, n_bins, x):
    column = torch.tensor(values)[:, None]
    (edges,) = quantile_edges(column, n_bins)
    assert len(edges) <= n_bins + 1 and (edges.diff() > 0).all()
    assert edges[0] == column.min() and edges[-1] == column.max()
    layer = PiecewiseLinear(1, n_bins, 3)
    layer.fit(column)
    assert layer(torch.tensor([[x]])).isfinite().all() and layer(column).isfinite().all()
    if len(edges) > 1 and edges.diff().min() < torch.finfo(torch.float32).tiny:
        return  # no number says how much of such a bin lies below
    share = layer.encode(torch.cat([column.min(0).values, column.max(0).values])[:, None]).sum(-1)
    assert share[0] == 0 and torch.allclose(share[1], torch.tensor(float(len(edges) - 1)), atol=1e-4)


def test_a_category_that_was_never_seen_has_no_direction():
    net = TabMSpec(((5, 3),), 0, 2).build()
    assert not net.embeds[0].weight[0].any() and net.embeds[0].weight[1:].any()
