"""Losses against their formulas in plain torch, and inside a Learner."""

import pytest
import torch
from torch.nn import functional as F

from tipoff.nn import losses as L

g = torch.Generator().manual_seed(0)
PRED, Y = torch.randn(6, 4, generator=g), torch.randint(0, 4, (6,), generator=g)
W = torch.tensor([1.0, 2.0, 0.5, 3.0])


def smoothed(pred, y, eps):
    logp = pred.log_softmax(-1)
    return ((1 - eps) * -logp[range(len(y)), y] + eps * -logp.mean(-1)).mean()


def test_cross_entropy_flat_takes_any_axis():
    maps, y = torch.randn(2, 5, 3, 3, generator=g), torch.randint(0, 5, (2, 3, 3), generator=g)
    assert torch.allclose(L.CrossEntropyLossFlat(axis=1)(maps, y), F.cross_entropy(maps, y))
    assert torch.allclose(L.CrossEntropyLossFlat(weight=W)(PRED, Y), F.cross_entropy(PRED, Y, W))


def test_cross_entropy_flat_leaves_out_what_is_to_be_ignored():
    y = Y.clone()
    y[2] = 255
    keep = y != 255
    assert torch.allclose(
        L.CrossEntropyLossFlat(ignore_index=255)(PRED, y), F.cross_entropy(PRED[keep], y[keep])
    )


@pytest.mark.parametrize(
    "loss", [L.LabelSmoothingCrossEntropy(0.2), L.LabelSmoothingCrossEntropyFlat(eps=0.2)]
)
def test_label_smoothing_is_what_the_paper_says(loss):
    assert torch.allclose(loss(PRED, Y), smoothed(PRED, Y, 0.2))


@pytest.mark.parametrize("loss", [L.FocalLoss(2.0), L.FocalLossFlat(gamma=2.0)])
def test_focal_loss_is_what_the_paper_says(loss):
    p = PRED.softmax(-1)[range(6), Y]
    assert torch.allclose(loss(PRED, Y), ((1 - p) ** 2 * -p.log()).mean())


def test_focal_loss_weighs_classes():
    p = PRED.softmax(-1)[range(6), Y]
    assert torch.allclose(L.FocalLoss(1.0, W)(PRED, Y), ((1 - p) * -p.log() * W[Y]).mean())


def test_numbers_of_one_column_are_numbers():
    pred, y = torch.randn(6, 1, generator=g), torch.randn(6, generator=g)
    assert torch.allclose(L.MSELossFlat()(pred, y), ((pred[:, 0] - y) ** 2).mean())
    assert torch.allclose(L.L1LossFlat()(pred, y), (pred[:, 0] - y).abs().mean())


def test_shapes_that_do_not_fit_are_refused_instead_of_broadcast():
    with pytest.raises(ValueError, match=r"\(6, 4\).*\(6,\)"):
        L.MSELossFlat()(PRED, torch.zeros(6))


def test_binary_cross_entropy_of_several_labels():
    y = (torch.rand(6, 4, generator=g) > 0.5).float()
    want = F.binary_cross_entropy(PRED.sigmoid(), y)
    assert torch.allclose(L.BCEWithLogitsLossFlat()(PRED, y), want)
    assert torch.allclose(L.BCELossFlat()(PRED.sigmoid(), y), want)
    assert torch.allclose(L.BCEWithLogitsLossFlat()(PRED, y.long()), want)


ALL = [
    (L.CrossEntropyLossFlat, PRED, Y),
    (L.LabelSmoothingCrossEntropy, PRED, Y),
    (L.LabelSmoothingCrossEntropyFlat, PRED, Y),
    (L.FocalLoss, PRED, Y),
    (L.FocalLossFlat, PRED, Y),
    (L.BCEWithLogitsLossFlat, PRED, (PRED > 0).float()),
    (L.BCELossFlat, PRED.sigmoid(), (PRED > 0).float()),
    (L.MSELossFlat, PRED, PRED + 1),
    (L.L1LossFlat, PRED, PRED + 1),
]


@pytest.mark.parametrize(("loss", "pred", "y"), ALL, ids=lambda v: getattr(v, "__name__", ""))
def test_the_mean_is_the_mean_of_each(loss, pred, y):
    each = loss(reduction="none")(pred, y)
    assert torch.allclose(each.mean(), loss()(pred, y)) and torch.allclose(
        each.sum(), loss(reduction="sum")(pred, y)
    )


@pytest.mark.parametrize("name", ["CrossEntropyLossFlat", "LabelSmoothingCrossEntropy", "FocalLossFlat"])
def test_a_classifier_learns_with_it(name, photos):
    from tipoff.callbacks import MixUp
    from tipoff.vision import ImageDataLoaders, Resize, vision_learner

    dls = ImageDataLoaders.from_folder(photos, valid_pct=0.25, seed=0, item_tfms=Resize(32), bs=8)
    learn = vision_learner(dls, "resnet18", pretrained=False, loss_func=getattr(L, name)(), cbs=MixUp())
    learn.fit(1, 1e-3)
    assert learn.get_preds()[0].sum(1).allclose(torch.ones(9))
