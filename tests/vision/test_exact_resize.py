"""The one definition of resizing, against the formula: a triangle as wide as the step between two results."""

import numpy as np
import pytest

from tipoff.vision.resize import exact_resize


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
    assert np.abs(exact_resize(x, *to) - wanted).max() < 0.02
