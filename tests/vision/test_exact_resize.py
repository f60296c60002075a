"""The one definition of resizing, against the formula: a triangle as wide as the step between two results."""

import numpy as np
import pytest
import torch

from tipoff.vision.triangle import _bands, resize


def weights(n_in, n_out):
    """Row i: what each input counts for output i."""
    step = n_in / n_out
    reach = max(step, 1.0)
    middles = step * (np.arange(n_out) + 0.5)
    near = 1 - np.abs((np.arange(n_in) + 0.5 - middles[:, None]) / reach)
    w = np.clip(near, 0, None)
    return w / w.sum(1, keepdims=True)


@pytest.mark.parametrize("to", [(224, 1), (100, 1), (1, 100), (1, 1), (50, 2), (400, 7), (30, 40)])
@pytest.mark.parametrize("size", [(300, 3), (60, 80), (5, 200)])
def test_it_is_the_triangle_filter(size, to):
    x = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    wanted = np.einsum("ia,jb,abc->ijc", weights(size[0], to[0]), weights(size[1], to[1]), x.astype(float))
    assert np.abs(resize(x, *to) - wanted).max() < 1e-3


@pytest.mark.parametrize("to", [(224, 299), (37, 50), (600, 800)])
def test_it_is_what_torch_computes(to):
    x = np.random.default_rng(1).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    picture = torch.from_numpy(x).permute(2, 0, 1)[None].double()
    wanted = torch.nn.functional.interpolate(picture, to, mode="bilinear", antialias=True)[0].permute(1, 2, 0)
    assert np.abs(resize(x, *to) - wanted.numpy()).max() < 1e-3


def test_a_part_is_what_would_have_been_cut_out():
    x = np.random.default_rng(2).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    whole = resize(x, 224, 299)
    np.testing.assert_allclose(resize(x, 224, 299, (10, 37, 200, 224)), whole[10:210, 37:261], atol=1e-3)


def test_what_is_kept_for_a_size_is_small():
    """A server sees pictures of any size, and keeps the weights of hundreds of them."""
    for n_in, n_out in ((375, 224), (4000, 299), (8000, 224)):
        assert _bands(n_in, n_out, 0, n_out).weights.nbytes < 100_000
