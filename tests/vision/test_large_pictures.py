"""A large picture is converted in strips and downscaled as it is decoded: the same pixels, in bounded memory."""

import io

import numpy as np
import pytest
from PIL import Image

from tipoff import decode
from tipoff.decode import decode_image
from tipoff.vision.triangle import resize


def saved(image, form="PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def noise(mode, size=(150, 90)):
    rng = np.random.default_rng(0)
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65536, size[::-1], dtype=np.uint16))
    x = Image.fromarray(rng.integers(0, 256, (*size[::-1], 4), dtype=np.uint8))
    return x if mode == "RGBA" else x.convert("RGB").convert(mode)


@pytest.fixture
def in_strips(monkeypatch):
    """Every picture counts as large, in strips of a few rows."""

    def begin():
        monkeypatch.setattr(decode, "LARGE_PIXELS", 0)
        monkeypatch.setattr("tipoff.downscale.STRIP_PIXELS", 1000)
        monkeypatch.setattr(decode, "cv2", None)

    return begin


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "1", "I;16"])
@pytest.mark.parametrize("grey", ["RGB", "L"])
def test_a_picture_in_strips_is_the_same(in_strips, mode, grey):
    data = saved(noise(mode))
    whole = decode_image(data, mode=grey)
    in_strips()
    assert np.array_equal(decode_image(data, mode=grey), whole)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_strips_are_turned_too(in_strips, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(noise("RGB"), exif=exif)
    whole = decode_image(data)
    in_strips()
    assert np.array_equal(decode_image(data), whole)


def test_pixels_are_means_of_squares(in_strips):
    x = np.arange(6 * 9, dtype=np.uint8).reshape(6, 9) * 3
    data = saved(Image.fromarray(x))
    in_strips()
    small = decode_image(data, keep_pixels=8)[..., 0]
    assert small.shape == (2, 3)
    assert np.abs(small - x.reshape(2, 3, 3, 3).mean((1, 3))).max() <= 0.5


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_no_more_pixels_are_kept_than_asked(form):
    data = saved(noise("RGB", (1801, 1203)), form)
    small = decode_image(data, keep_pixels=600_000)
    assert 100_000 < small.shape[0] * small.shape[1] <= 600_000
    assert small.shape[1] / small.shape[0] == pytest.approx(1801 / 1203, abs=0.01)
    assert decode_image(data).shape == decode_image(data, keep_pixels=1801 * 1203).shape == (1203, 1801, 3)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_downscaled_picture_looks_the_same_to_a_network(form):
    """Within a grey level of the whole one, brought to a network's size."""
    soft = np.asarray(noise("RGB", (40, 30)).resize((1600, 1200), Image.Resampling.BICUBIC))
    data = saved(Image.fromarray(soft), form)
    whole, small = decode_image(data), decode_image(data, keep_pixels=500_000)
    assert small.shape == (600, 800, 3)
    assert np.abs(resize(whole, 96, 128) - resize(small, 96, 128)).max() < 1.0


def test_resizing_a_large_picture_takes_its_rows_one_after_the_other(monkeypatch):
    x = np.random.default_rng(1).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    at_once = resize(x, 64, 48)
    monkeypatch.setattr("tipoff.vision.triangle._AT_ONCE", 0)
    assert np.array_equal(resize(x, 64, 48), at_once)
