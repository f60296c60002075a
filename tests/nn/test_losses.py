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


# what fastai 2.8.12's own losses give for these outputs: activation (its first row), decodes of all
OUT = torch.tensor([[[1.5, -2.0, 0.25], [0.0, 1.0, 3.0]], [[-1.0, 0.5, 2.0], [0.1, 0.2, 0.3]]])
LAST = ([0.7594732, 0.0229341, 0.2175927], [[0, 2], [2, 2]])
FIRST = ([0.8175744, 0.0474259, 0.0600866], [[0, 1, 1], [1, 0, 0]])
FASTAI = [
    (L.CrossEntropyLossFlat(), *LAST),
    (L.CrossEntropyLossFlat(axis=1), *FIRST),
    (L.FocalLossFlat(), *LAST),
    (L.FocalLossFlat(axis=1), *FIRST),
    (L.FocalLoss(), *FIRST),  # which fastai has no activation for: classes are in axis 1
    (L.LabelSmoothingCrossEntropy(axis=-1), *LAST),
    (L.LabelSmoothingCrossEntropyFlat(), *LAST),
    (
        L.BCEWithLogitsLossFlat(thresh=0.7),
        [0.8175744, 0.1192029, 0.5621765],
        [[[True, False, False], [False, True, True]], [[False, False, True], [False, False, False]]],
    ),
    (L.BCELossFlat(), [1.5, -2.0, 0.25], OUT.tolist()),
    (L.MSELossFlat(), [1.5, -2.0, 0.25], OUT.tolist()),
    (L.L1LossFlat(), [1.5, -2.0, 0.25], OUT.tolist()),
]


@pytest.mark.parametrize(("loss", "first_row", "decoded"), FASTAI, ids=lambda v: type(v).__name__)
def test_activation_and_decodes_are_those_of_fastai(loss, first_row, decoded):
    made = loss.activation(OUT)
    assert made.shape == OUT.shape and made[0, 0].tolist() == pytest.approx(first_row, abs=1e-6)
    assert loss.decodes(made).tolist() == decoded


def test_the_positional_argument_is_fastais():
    assert torch.allclose(L.CrossEntropyLossFlat(W)(PRED, Y), F.cross_entropy(PRED, Y, W))
    assert torch.allclose(L.LabelSmoothingCrossEntropyFlat(0.2)(PRED, Y), smoothed(PRED, Y, 0.2))
    assert torch.allclose(L.FocalLossFlat(1.0)(PRED, Y), L.FocalLoss(gamma=1.0)(PRED, Y))


def test_weights_of_labels_are_applied_to_their_columns():
    y = (torch.rand(6, 4, generator=g) > 0.5).float()
    each = F.binary_cross_entropy_with_logits(PRED, y, reduction="none")
    assert torch.allclose(L.BCEWithLogitsLossFlat(W)(PRED, y), (each * W).mean())
    ones = F.binary_cross_entropy_with_logits(PRED, y, pos_weight=W)
    assert torch.allclose(L.BCEWithLogitsLossFlat(pos_weight=W.tolist())(PRED, y), ones)
    assert float(L.BCEWithLogitsLossFlat(pos_weight=[1.0, 2.0, 3.0])(OUT, (OUT > 0.3).float())) == (
        pytest.approx(0.5549, abs=1e-4)  # fastai's
    )
