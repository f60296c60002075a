"""The networks, against formulas."""

import numpy as np
import pytest
import torch

from tipoff.collab.model import CollabModel, EmbeddingDotBias, EmbeddingNN
from tipoff.collab.seen import Seen
from tipoff.collab.targets import RatingBlock
from tipoff.errors import DataError, UsageError
from tipoff.nn.embedding import Embedding, emb_sz_rule
from tipoff.nn.vectors import pca

X = torch.tensor([[1, 2], [3, 1], [0, 0], [4, 6]])


def test_the_dot_product_is_that_of_the_lesson():
    torch.manual_seed(0)
    net = EmbeddingDotBias(6, 5, 7, y_range=(0, 5.5)).eval()
    p, q = net.u_weight.weight[X[:, 0]], net.i_weight.weight[X[:, 1]]
    z = (p * q).sum(1) + net.u_bias.weight[X[:, 0], 0] + net.i_bias.weight[X[:, 1], 0]
    assert torch.allclose(net(X)[:, 0], torch.sigmoid(z) * 5.5)


def test_the_answer_is_the_mean_of_the_members():
    torch.manual_seed(0)
    net = EmbeddingDotBias(12, 5, 7, members=4)
    each = net.train()(X)
    assert each.shape == (4, 4)
    assert torch.allclose(each.mean(1, keepdim=True), net.eval()(X), atol=1e-6)


def test_each_member_sees_its_own_factors_alone():
    net = EmbeddingDotBias(12, 5, 7, members=4)
    with torch.no_grad():
        net.u_weight.weight[:, 3:6] += 1.0
    before = net.train()(X)
    with torch.no_grad():
        net.i_weight.weight[:, 3:6] += 1.0
    assert ((net(X) - before).abs().sum(0) > 0).tolist() == [False, True, False, False]


def test_the_loss_is_the_mean_of_the_members_losses():
    pred, y = torch.randn(5, 3), torch.randn(5, 1)
    each = [torch.nn.functional.mse_loss(pred[:, k], y[:, 0]) for k in range(3)]
    block = RatingBlock(1.0, 5.0)
    assert torch.allclose(block.loss(pred, y), torch.stack(each).mean())
    assert torch.allclose(block.loss_each(pred, y).mean(), block.loss(pred, y))


def test_answers_stay_within_the_ratings():
    assert RatingBlock(1.0, 5.0).activation(torch.tensor([[0.2], [3.0], [5.4]])).tolist() == [
        [1.0],
        [3.0],
        [5.0],
    ]


def test_factors_that_cannot_be_dealt_out_are_refused():
    with pytest.raises(UsageError, match="10 factors cannot be dealt out to 3 members"):
        EmbeddingDotBias(10, 5, 7, members=3)


def test_weights_and_biases_by_name():
    net = EmbeddingDotBias.from_classes(4, {"user": ["#na#", 1, 2], "film": ["#na#", "Alien", "Fargo"]})
    assert torch.equal(net.weight(["Fargo", "Alien"]), net.i_weight.weight[[2, 1]])
    assert torch.equal(net.bias([2], is_item=False), net.u_bias.weight[[2], 0])
    with pytest.raises(DataError, match="film 'Fargos' is not in the training data.*Did you mean 'Fargo'"):
        net.weight(["Fargos"])


def test_features_add_their_vectors():
    net = EmbeddingDotBias(4, 5, 7, n_user_features=3).eval()
    net.u_tower.table.copy_(torch.rand(5, 3))
    factors, biases = net.side(torch.tensor([2, 4]), items=False)
    added = net.u_tower.table[[2, 4]] @ net.u_tower.weight
    assert torch.allclose(factors, net.u_weight.weight[[2, 4]] + added[:, :4])
    assert torch.allclose(biases, net.u_bias.weight[[2, 4]] + added[:, 4:])


@pytest.mark.parametrize(
    "net", [EmbeddingDotBias(4, 3, 4), EmbeddingNN([(3, 4), (4, 4)], [8])], ids=["dot", "layers"]
)
def test_the_unknown_is_the_mean_of_the_known_by_their_ratings(net):
    table = net.u_weight if isinstance(net, EmbeddingDotBias) else net.embeds[0]
    one, two = table.weight[1].clone(), table.weight[2].clone()
    net.fill_unknown(torch.tensor([5, 3, 1]), torch.tensor([0, 2, 0, 1]))
    assert torch.allclose(table.weight[0], 0.75 * one + 0.25 * two)
    assert torch.equal(table.weight[1], one)
    items = net.i_weight if isinstance(net, EmbeddingDotBias) else net.embeds[1]
    assert torch.allclose(items.weight[2], items.weight[0])  # an item without ratings is an average one


def test_layers_give_one_number_on_the_range():
    net = CollabModel(5, 7, layers=(8, 4), emb_szs=(3, 2), y_range=(1.0, 5.0), members=1, ps=0.1).build()
    out = net(X)
    assert out.shape == (4, 1) and bool(((out > 1) & (out < 5)).all())


def test_sizes_that_no_network_has_are_refused():
    with pytest.raises(UsageError, match="No network is of these sizes"):
        CollabModel(0, 7)


def test_embeddings_are_drawn_and_sized_as_fastais():
    torch.manual_seed(0)
    weight = Embedding(2000, 20).weight.detach()
    assert float(weight.abs().max()) <= 0.02 and float(weight.std()) == pytest.approx(0.0088, rel=0.02)
    assert [emb_sz_rule(n) for n in (2, 10, 944, 10**9)] == [2, 6, 74, 600]


def test_principal_components_are_those_of_scikit_learn():
    from sklearn.decomposition import PCA

    x = torch.randn(40, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor([5.0, 3, 2, 1, 1, 1])
    ours, theirs = pca(x, 3).numpy(), PCA(3).fit_transform(x.numpy())
    assert np.allclose(np.abs(ours), np.abs(theirs), atol=1e-4)
    assert all(column[np.abs(column).argmax()] > 0 for column in ours.T)


def test_who_rated_what():
    seen = Seen.of_pairs(torch.tensor([[2, 3], [1, 4], [2, 1], [0, 2], [3, 0]]), 4, 5)
    assert [seen.of(u).tolist() for u in range(4)] == [[], [4], [1, 3], []]
    assert seen.item_counts.tolist() == [0, 1, 0, 1, 1]
