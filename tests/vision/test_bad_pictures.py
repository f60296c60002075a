"""Odd and broken picture files: turned right, or refused with a sentence that names the file."""

import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tipoff.decode import check_header, decode_image
from tipoff.errors import DataError
from tipoff.notes import listening
from tipoff.vision import ImageDataLoaders, Resize, vision_learner

SHARED = Path(__file__).parents[3] / "shared" / "data" / "bad_inputs" / "images"


def gradient(size=(40, 30)) -> Image.Image:
    """Red grows to the right, green downwards: turned wrongly it looks otherwise."""
    x = np.zeros((size[1], size[0], 3), np.uint8)
    x[..., 0] = np.linspace(0, 250, size[0])
    x[..., 1] = np.linspace(0, 250, size[1])[:, None]
    return Image.fromarray(x)


def near(a: np.ndarray, b: np.ndarray, by: float = 12) -> bool:
    return a.shape == b.shape and float(np.abs(a.astype(int) - b.astype(int)).mean()) < by


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_its_exif_data_says(tmp_path, orientation):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    stored = gradient() if orientation == 1 else gradient().transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "p.jpg", exif=exif, quality=95)
    assert near(decode_image(tmp_path / "p.jpg"), np.asarray(gradient()))


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "1", "RGBA", "LA"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    picture = gradient().convert(mode)
    path = tmp_path / ("p.jpg" if mode == "CMYK" else "p.png")
    picture.save(path)
    assert near(decode_image(path), np.asarray(picture.convert("RGB")), 20)


def test_16_bit_grey_is_scaled_to_8(tmp_path):
    x = np.linspace(0, 65535, 30 * 40).reshape(30, 40).astype(np.uint16)
    Image.fromarray(x).save(tmp_path / "p.png")
    assert near(decode_image(tmp_path / "p.png")[..., 0], (x / 257).round().astype(np.uint8), 1)


def test_transparency_is_put_on_white(tmp_path):
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(tmp_path / "p.png")
    assert (decode_image(tmp_path / "p.png") == 255).all()


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [Image.new("RGB", (8, 8), c) for c in ("red", "blue")]
    frames[0].save(tmp_path / "p.gif", save_all=True, append_images=frames[1:])
    assert decode_image(tmp_path / "p.gif")[0, 0].tolist() == [255, 0, 0]


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header claims this size; its pixels are not there."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def jpeg() -> bytes:
    import io

    out = io.BytesIO()
    gradient((200, 150)).save(out, "JPEG", quality=90)
    return out.getvalue()


BROKEN = {
    "truncated.jpg": (lambda: jpeg()[:-800], "damaged"),
    "empty.jpg": (lambda: b"", "empty"),
    "page.jpg": (lambda: b"<!doctype html><html>Not found</html>", "HTML page"),
    "text.jpg": (lambda: b"hello there", "not a picture"),
    "paper.jpg": (lambda: b"%PDF-1.7 ...", "PDF"),
    "drawing.jpg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "header_only.jpg": (lambda: jpeg()[:20], "damaged|not a picture"),
    "bomb.png": (lambda: bomb(60_000, 60_000), "pixels"),
    "cut.png": (lambda: bomb(40, 30), "damaged"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_by_name(tmp_path, name):
    make, why = BROKEN[name]
    (tmp_path / name).write_bytes(make())
    with pytest.raises(DataError, match=why) as e:
        decode_image(tmp_path / name)
    assert name in str(e.value)


@pytest.mark.parametrize("name", ["empty.jpg", "page.jpg", "text.jpg", "paper.jpg", "bomb.png"])
def test_what_the_header_tells_is_found_before_training(tmp_path, name):
    (tmp_path / name).write_bytes(BROKEN[name][0]())
    why = check_header(tmp_path / name)
    assert why is not None and name in why


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root and Windows may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    gradient().save(tmp_path / "p.jpg")
    (tmp_path / "p.jpg").chmod(0)
    with pytest.raises(DataError, match=r"p\.jpg may not be read"):
        decode_image(tmp_path / "p.jpg")


@pytest.mark.parametrize("name", ["größe ünd leer.jpg", "猫 (1).jpeg", "UPPER.JPG", "a'b\"c.jpg"])
def test_any_name_will_do(tmp_path, name):
    gradient().save(tmp_path / name, "JPEG")
    assert decode_image(tmp_path / name).shape == (30, 40, 3)


def test_the_ending_may_be_wrong(tmp_path):
    gradient().save(tmp_path / "really_png.jpg", "PNG")
    assert near(decode_image(tmp_path / "really_png.jpg"), np.asarray(gradient()), 1)


@pytest.mark.parametrize("size", [(1, 1), (192, 1), (1, 50)])
def test_tiny_pictures_are_resized(tmp_path, photos, size):
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for i in range(4):
            gradient(size).save(tmp_path / label / f"{i}.png")
    dls = ImageDataLoaders.from_folder(tmp_path, valid_pct=0.25, seed=1, item_tfms=Resize(32), bs=2)
    assert dls.one_batch()[0].shape == (2, 3, 32, 32)


def test_training_goes_on_without_the_broken_and_says_so(tmp_path):
    for label, colour in (("a", "red"), ("b", "blue")):
        (tmp_path / label).mkdir()
        for i in range(6):
            Image.new("RGB", (40, 40), colour).save(tmp_path / label / f"{i}.png")
    for name, (make, _) in BROKEN.items():
        (tmp_path / "a" / name).write_bytes(make())
    said: list[str] = []
    with listening(said.append):
        dls = ImageDataLoaders.from_folder(tmp_path, valid_pct=0.2, seed=1, item_tfms=Resize(32), bs=4)
        learn = vision_learner(dls, "resnet10t", pretrained=False, metrics="accuracy")
        with learn.no_bar():
            learn.fit(1)
    dropped = {Path(str(d[0])).name for d in dls.source.dropped}
    assert dropped | {n for n in BROKEN if any(n in s for s in said)} >= set(BROKEN)
    assert len(learn.recorder.values) == 1


@pytest.mark.skipif(not SHARED.exists(), reason="the folder of bad inputs is not here")
@pytest.mark.parametrize("path", sorted(SHARED.glob("*")) if SHARED.exists() else [], ids=lambda p: p.name)
def test_a_real_bad_file_is_read_or_refused(path):
    try:
        made = decode_image(path)
    except DataError as e:
        assert path.name in str(e)
    else:
        assert made.dtype == np.uint8 and made.ndim == 3 and made.shape[2] == 3


@pytest.mark.skipif(not SHARED.exists(), reason="the folder of bad inputs is not here")
def test_the_eight_orientations_look_the_same():
    first, *rest = (decode_image(SHARED / f"exif_orientation_{i}.jpg") for i in range(1, 9))
    assert all(near(first, other, 4) for other in rest)


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (3, 700)])
def test_a_strip_that_would_take_gigabytes_when_it_is_resized_is_refused(tmp_path, size):
    file = tmp_path / "strip.png"
    Image.new("RGB", size).save(file)
    with pytest.raises(DataError, match=r"strip\.png has .* one side more than 200 times the other"):
        decode_image(file)
    assert "200 times" in str(check_header(file))
    Image.new("RGB", (1, 200)).save(file)
    assert decode_image(file).shape == (200, 1, 3)
