"""Augmentation against plain torch and numpy, and its one promise: a picture's draws are its own."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tipoff.data.kind import Kind
from tipoff.data.transform import run_batch_transforms
from tipoff.errors import UsageError
from tipoff.vision.augment import Brightness, Contrast, IntToFloat, Normalize, aug_transforms
from tipoff.vision.geometry import Dihedral, Flip, RandomCrop, ResizeBatch, Rotate, Warp, Zoom, compose, eye


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    """Four smooth pictures of 40 × 40, uint8."""
    g = torch.Generator().manual_seed(0)
    small = torch.rand(4, 3, 6, 6, generator=g)
    return (F.interpolate(small, (40, 40), mode="bicubic").clamp(0, 1) * 255).to(torch.uint8)


def finished(tfms, x, key=(0, 0), positions=None):
    at = torch.arange(len(x)) if positions is None else positions
    return run_batch_transforms([IntToFloat(), *tfms], [Kind.IMAGE], [x], at, key)[0]


def test_a_flip_is_a_mirror(pictures):
    assert torch.equal(finished([Flip(p=1.0)], pictures), pictures.flip(-1) / 255)


def test_dihedral_gives_the_eight_pictures_of_a_square(pictures):
    x = pictures[:1].repeat(200, 1, 1, 1)
    got = {t.numpy().tobytes() for t in (finished([Dihedral(p=1.0)], x) * 255).round().to(torch.uint8)}
    turned = [torch.rot90(p, k, (-2, -1)) for p in (x[0], x[0].flip(-1)) for k in range(4)]
    assert got == {t.contiguous().numpy().tobytes() for t in turned}


def test_a_turn_moves_points_by_its_angle():
    t = Rotate(max_deg=90, p=1.0)
    m = t.matrix(np.array([[0.0, 1.0]]))[0]
    assert np.allclose(m @ [1, 0, 1], [0, 1, 1])


def test_a_zoom_stays_inside_the_picture():
    m = Zoom(1.0, 2.0, p=1.0).matrix(np.random.default_rng(0).random((500, 4)))
    corners = m @ np.array([[-1, -1, 1], [1, 1, 1]]).T
    assert np.abs(corners[:, :2]).max() <= 1 + 1e-9


def test_a_warp_takes_corners_to_where_it_says():
    m = Warp(magnitude=0.2, p=1.0).matrix(np.array([[0.0, 0.5, 1.0]]))[0]  # dy = 0.2
    at = m @ [-1, -1, 1]
    assert np.allclose(at[:2] / at[2], [-0.8, -1.0])


def test_brightness_and_contrast_are_what_the_formula_says(pictures):
    x = pictures.double() / 255
    logit = torch.logit(x.clamp(1e-3, 1 - 1e-3))
    u = torch.tensor([[0.0, 1.0]]).repeat(4, 1)
    lighter = torch.sigmoid(logit + np.log(0.6 / 0.4))
    assert torch.allclose(Brightness(0.2, 1.0).point(x, u), lighter, atol=1e-6)
    harder = torch.sigmoid(logit / 0.8)
    assert torch.allclose(Contrast(0.2, 1.0).point(x, u), harder, atol=1e-6)


def test_normalising_is_undone(pictures):
    norm = Normalize((0.4, 0.5, 0.6), (0.2, 0.3, 0.1))
    out = finished([norm], pictures, key=None)
    assert torch.allclose(norm.undo(Kind.IMAGE, out), pictures / 255, atol=1e-6)


def test_nothing_random_happens_without_a_key(pictures):
    assert torch.equal(finished(aug_transforms(), pictures, key=None), pictures / 255)


def test_draws_belong_to_the_item_and_not_to_its_place_in_the_batch(pictures):
    whole = finished(aug_transforms(), pictures, key=(1, 2))
    some = finished(aug_transforms(), pictures[[3, 1]], key=(1, 2), positions=torch.tensor([3, 1]))
    assert torch.equal(whole[[3, 1]], some)


def test_the_table_on_bytes_and_the_arithmetic_on_floats_agree(pictures):
    """The processor's way and the other devices' way, within the rounding to whole grey levels."""
    tfms = aug_transforms(max_lighting=0.0)
    off = (finished(tfms, pictures) - finished(tfms, pictures.float())).abs()
    assert off.mean() < 0.004 and off.max() < 0.05


@pytest.mark.parametrize("size", [24, (20, 30), 64])
def test_a_size_is_the_size_of_the_result_in_training_and_validation(pictures, size):
    tfms = aug_transforms(size=size, min_scale=0.75)
    want = (size, size) if isinstance(size, int) else size
    assert finished(tfms, pictures).shape[-2:] == want
    assert finished(tfms, pictures, key=None).shape[-2:] == want


def test_a_size_at_validation_is_torchs_antialiased_resize(pictures):
    got = finished([ResizeBatch(16)], pictures, key=None)
    want = F.interpolate(pictures.float(), (16, 16), mode="bilinear", antialias=True) / 255
    assert torch.allclose(got, want, atol=1e-6)


def test_shrinking_in_training_does_not_alias():
    """One black line in eight, shrunk four times, is grey and not black or white."""
    x = torch.full((1, 3, 160, 160), 255, dtype=torch.uint8)
    x[..., ::8] = 0
    got = finished([ResizeBatch(40), Zoom(1.0, 1.0001, p=1.0)], x)
    assert float(got.min()) > 0.5


def test_a_crop_has_at_least_its_share_of_the_area():
    m = RandomCrop(0.5).matrix(np.random.default_rng(0).random((500, 4)))
    area = m[:, 0, 0] * m[:, 1, 1]
    assert area.min() > 0.42 and area.max() <= 1  # a shape that does not fit is cut to the picture


def test_moves_are_applied_in_order():
    flip, zoom = Flip(p=1.0), Zoom(2.0, 2.0, p=1.0)
    u = torch.tensor([[0.0, 0.0, 1.0, 0.5]])
    both = compose([flip, zoom], [torch.zeros(1, 1), u], 1)
    assert np.allclose(both, flip.matrix(np.zeros((1, 1))) @ zoom.matrix(u.double().numpy()))
    assert np.allclose(compose([flip], [None], 1), eye(1))


@pytest.mark.parametrize(
    "bad", [{"pad_mode": "mirror"}, {"size": 0}, {"min_scale": 0.0}, {"mode": "nearest"}]
)
def test_what_it_cannot_do_is_refused(bad):
    with pytest.raises(UsageError):
        aug_transforms(**bad)


def test_with_batch_all_images_of_a_batch_change_alike():
    x = torch.rand(1, 3, 24, 24).expand(6, 3, 24, 24).clone()
    for batch in (True, False):
        tfms = aug_transforms(batch=batch, flip_vert=True, p_affine=1, p_lighting=1, min_scale=0.5)
        assert all(t.batch is batch for t in tfms)
        (out,) = run_batch_transforms(tfms, [Kind.IMAGE], [x], torch.arange(6), (1, 0))
        (other,) = run_batch_transforms(tfms, [Kind.IMAGE], [x], torch.arange(6) + 6, (1, 0))
        assert torch.allclose(out, out[:1].expand_as(out), atol=1e-5) is batch
        assert not torch.allclose(out[0], x[0], atol=0.05) and not torch.allclose(out[0], other[0], atol=0.05)
