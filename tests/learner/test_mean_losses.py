"""One loss, one number: in the progress table, of validate, and as the mean of the losses of get_preds; torch is the judge."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tipoff.callbacks import GradientAccumulation, MixUp
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.dataset import TensorDataset
from tipoff.data.loader import Loader
from tipoff.data.target import CategoryBlock
from tipoff.learner import Learner
from tipoff.nn import losses as L
from tipoff.nn.loss_weights import LossWeights

g = torch.Generator().manual_seed(3)
N, C = 23, 3  # of batches of 8: the last is smaller, and its weights are others
X = torch.randn(N, 4, generator=g)
Y = torch.tensor([0] * 12 + [1] * 7 + [2] * 4)  # in order: the batches have different weights
SEVERAL = (torch.rand(N, C, generator=g) > 0.6).float()
NUMBERS = torch.randn(N, C, generator=g)
SHARES = torch.rand(N, C, generator=g).softmax(1)
MAP = torch.randint(0, C, (N, 2, 2), generator=g)
MAP[::3, 0] = 255  # void
W = torch.tensor([1.0, 5.0, 20.0])


def learner(
    y: torch.Tensor, loss, bs: int = 8, n: int = N, net: nn.Module | None = None, **kwargs
) -> Learner:
    torch.manual_seed(0)
    data = TensorDataset(X[:n], y[:n])
    dls = DataLoaders(Loader(data, bs), Loader(data, bs), device="cpu")
    learn = Learner(dls, net or nn.Linear(4, C), loss_func=loss, **kwargs)
    learn.remove_cb(type(learn.progress))
    return learn


class Own(nn.Module):
    """A loss of the user's own, with weights that its mean is divided by."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = W

    def forward(self, pred, y):
        return (F.cross_entropy(pred, y, reduction="none") * self.weight[y]).sum() / self.weight[y].sum()


class Pixels(nn.Module):
    """A network that gives maps."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, C * 4)

    def forward(self, x):
        return self.layer(x).reshape(len(x), C, 2, 2)


LOSSES = {
    "cross entropy": (Y, nn.CrossEntropyLoss()),
    "weighted": (Y, nn.CrossEntropyLoss(weight=W)),
    "weighted and smoothed": (Y, nn.CrossEntropyLoss(weight=W, label_smoothing=0.1)),
    "a class that counts for nothing": (Y, nn.CrossEntropyLoss(weight=torch.tensor([0.0, 1.0, 2.0]))),
    "ignored": (Y, nn.CrossEntropyLoss(weight=W, ignore_index=1)),
    "shares of classes": (SHARES, nn.CrossEntropyLoss(weight=W)),
    "nll": (Y, nn.NLLLoss(weight=W)),
    "flat": (Y, L.CrossEntropyLossFlat(weight=W)),
    "label smoothing": (Y, L.LabelSmoothingCrossEntropy(weight=W)),
    "label smoothing flat": (Y, L.LabelSmoothingCrossEntropyFlat(0.2, weight=W)),
    "focal": (Y, L.FocalLoss(weight=W)),
    "focal flat": (Y, L.FocalLossFlat(weight=W)),
    "partial": (Y, partial(F.cross_entropy, weight=W)),
    "function": (Y, F.cross_entropy),
    "own": (Y, Own()),
    "multi margin": (Y, nn.MultiMarginLoss(weight=W)),
    "several labels": (SEVERAL, nn.BCEWithLogitsLoss(pos_weight=W)),
    "several labels, weighted": (SEVERAL, L.BCEWithLogitsLossFlat(weight=W, pos_weight=W)),
    "numbers": (NUMBERS, nn.MSELoss()),
    "numbers, flat": (NUMBERS, L.L1LossFlat()),
    "lambda": (NUMBERS, lambda p, y: (p - y).abs().mean()),
    "kl": (SHARES, lambda p, y: F.kl_div(p.log_softmax(1), y, reduction="batchmean")),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_table_validate_and_get_preds_have_the_loss_of_all_items(name):
    y, loss = LOSSES[name]
    learn = learner(y, loss)
    learn.fit(1, 0.0)  # nothing moves: training and validation see the same
    with torch.no_grad():
        wanted = float(loss(learn.model(X), y))
    each = learn.get_preds(with_loss=True)[-1]
    assert each.shape == (N,)
    assert [*learn.recorder.values[0], *learn.validate(), float(each.mean())] == pytest.approx(
        [wanted] * 4, rel=1e-5
    )


@pytest.mark.parametrize("bs", [8, 5, N])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_weights_of_a_block_count_the_same(bs, smoothing):
    block = CategoryBlock(vocab=(0, 1, 2), weight=(1.0, 5.0, 20.0), smoothing=smoothing)
    learn = learner(Y, block.loss, bs)
    learn.fit(1, 0.0)
    with torch.no_grad():
        wanted = float(F.cross_entropy(learn.model(X), Y, W, label_smoothing=smoothing))
    assert learn.recorder.values[0] == pytest.approx([wanted] * 2, rel=1e-5)
    assert learn.validate()[0] == pytest.approx(wanted, rel=1e-5)
    assert float(learn.get_preds(with_loss=True)[-1].mean()) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(
    "loss", [nn.CrossEntropyLoss(weight=W, ignore_index=255), nn.CrossEntropyLoss(ignore_index=255)]
)
def test_of_maps_with_void_too(loss):
    learn = learner(MAP, loss, net=Pixels())
    learn.fit(1, 0.0)
    with torch.no_grad():
        wanted = float(loss(learn.model(X), MAP))
    made = [*learn.recorder.values[0], *learn.validate(), float(learn.get_preds(with_loss=True)[-1].mean())]
    assert made == pytest.approx([wanted] * 4, rel=1e-5)


def test_a_sum_is_told_as_the_mean():
    learn = learner(Y, nn.CrossEntropyLoss(weight=W, reduction="sum"))
    learn.fit(1, 0.0)
    with torch.no_grad():
        wanted = float(F.cross_entropy(learn.model(X), Y, W))
    made = [*learn.recorder.values[0], *learn.validate(), float(learn.get_preds(with_loss=True)[-1].mean())]
    assert made == pytest.approx([wanted] * 4, rel=1e-5)
    assert sum(learn.recorder.losses) == pytest.approx(wanted * float(W[Y].sum()), rel=1e-5)


def test_the_losses_of_samples_are_in_proportion_to_torchs():
    for loss in (nn.CrossEntropyLoss(weight=W), lambda p, y: F.cross_entropy(p, y)):
        learn = learner(Y, loss)
        each = learn.get_preds(with_loss=True)[-1]
        w = W if isinstance(loss, nn.Module) else None
        with torch.no_grad():
            theirs = F.cross_entropy(learn.model(X), Y, w, reduction="none")
        assert torch.allclose(each / each.mean(), theirs / theirs.mean(), rtol=1e-4)


@pytest.mark.parametrize(
    "loss", [nn.CrossEntropyLoss(weight=W), nn.CrossEntropyLoss(weight=W, reduction="sum")]
)
def test_accumulation_equals_the_large_batch_with_weights_too(loss):
    made = []
    for bs, cbs in ((6, [GradientAccumulation(12)]), (12, [])):
        learn = learner(Y, loss, bs, opt_func=torch.optim.SGD)
        learn.fit(2, 0.01, cbs=cbs)
        made.append(torch.cat([p.detach().flatten() for p in learn.model.parameters()]))
    assert torch.allclose(*made, atol=1e-6)


def test_mixtures_keep_the_weights_of_their_batch():
    learn = learner(Y, nn.CrossEntropyLoss(weight=W))
    learn.fit(1, 0.0, cbs=MixUp())
    of_batches = torch.tensor([float(W[Y[i : i + 8]].sum()) for i in range(0, N, 8)])
    wanted = (torch.tensor(learn.recorder.losses) * of_batches).sum() / of_batches.sum()
    assert learn.recorder.values[0][0] == pytest.approx(float(wanted), rel=1e-5)


def test_weights_that_a_mean_is_not_divided_by_are_known():
    assert LossWeights(L.FocalLoss(weight=W)).total(Y) == N
    assert float(LossWeights(nn.CrossEntropyLoss(weight=W)).total(Y)) == float(W[Y].sum())
    assert LossWeights(nn.MSELoss()).total(NUMBERS) == N * C
