"""Two hundred photos of every odd kind: the server's answer is Python's, by PyTorch and by onnxruntime."""

import io
import random

import httpx2 as httpx
import numpy as np
import pytest
from PIL import Image

from tests.serve.running import running
from tipoff.bundle.predictor import load_predictor
from tipoff.serve.onnx_model import OnnxModel

N = 200


def noise(rng, height, width):
    """A picture with colours and edges."""
    coarse = np.asarray(rng.integers(0, 256, (max(1, height // 9), max(1, width // 9), 3)), np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def saved(image, form, **more):
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def turned(image, i):
    exif = Image.Exif()
    exif[0x0112] = 1 + i % 8
    return saved(image, "JPEG", exif=exif)


def sixteen_bits(image, _):
    return saved(Image.fromarray(np.asarray(image.convert("L"), np.uint16) * 257), "PNG")


def animated(image, _):
    return saved(image, "GIF", save_all=True, append_images=[image.rotate(90).resize(image.size)])


KINDS = {
    "turned.jpg": turned,
    "cmyk.jpg": lambda x, _: saved(x.convert("CMYK"), "JPEG"),
    "grey.jpg": lambda x, _: saved(x.convert("L"), "JPEG"),
    "sixteen.png": sixteen_bits,
    "palette.png": lambda x, _: saved(x.convert("P"), "PNG"),
    "clear.png": lambda x, i: saved(x.convert("RGBA").rotate(i), "PNG"),
    "bits.png": lambda x, _: saved(x.convert("1"), "PNG"),
    "animated.gif": animated,
    "web.webp": lambda x, _: saved(x, "WEBP"),
    "progressive.jpg": lambda x, _: saved(x, "JPEG", progressive=True),
    "plain.bmp": lambda x, _: saved(x, "BMP"),
    "scan.tiff": lambda x, _: saved(x, "TIFF"),
}


@pytest.fixture(scope="module")
def pictures():
    rng, sizes = np.random.default_rng(0), random.Random(0)
    made = []
    for i in range(N):
        name, make = list(KINDS.items())[i % len(KINDS)]
        height, width = (sizes.choice((1, 7, 33, 64, 120, 200)) for _ in "hw")
        if i in (50, 51):
            height, width = 2400, 3200  # huge
        made.append((f"{i}_{name}", make(noise(rng, height, width), i)))
    return made


@pytest.fixture(scope="module")
def onnx_model(model_file, tmp_path_factory):
    from tipoff.onnx.export import export_onnx

    path = tmp_path_factory.mktemp("onnx") / "colours.onnx"
    export_onnx(model_file, path)
    return OnnxModel(path)


@pytest.mark.slow
@pytest.mark.parametrize("which", ["model", "onnx_model"])
def test_the_answer_is_that_of_python(which, model_file, pictures, request):
    predict = load_predictor(model_file)
    with running([request.getfixturevalue(which)]) as url:
        for start in range(0, N, 25):
            group = pictures[start : start + 25]
            reply = httpx.post(f"{url}/predict", files=[("file", p) for p in group], timeout=60)
            for (name, data), got in zip(group, reply.json()["answers"], strict=True):
                assert got["file"] == name
                assert got["probabilities"] == pytest.approx(predict(data)["probabilities"], abs=1e-3), name
