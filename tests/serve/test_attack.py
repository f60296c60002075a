"""Ten thousand damaged uploads: always an answer or a sentence."""

import random
import resource
import sys
from pathlib import Path

import httpx2 as httpx
import pytest
from PIL import Image

from tests.serve.running import picture_bytes, running

N, AT_ONCE = 10_000, 50
ODD = Path(__file__).parents[3] / "shared" / "data" / "bad_inputs" / "images"


def seeds(photos: Path) -> list[bytes]:
    """Whole pictures of every kind that is read, and some that are none."""
    made = [picture_bytes(form=f) for f in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")]
    made += [f.read_bytes() for f in sorted(photos.rglob("*.jpg"))[:4]]
    return [*made, b"%PDF-1.7", b"<html>", b"", bytes(range(256))]


def damaged(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        how = rng.randrange(5)
        at = rng.randrange(len(out) + 1)
        if how == 0 and out:
            out[at - 1] = rng.randrange(256)
        elif how == 1:
            out = out[:at]
        elif how == 2:
            out[at:at] = rng.randbytes(rng.choice((1, 4, 100)))
        elif how == 3:
            del out[at : at + rng.choice((1, 4, 100))]
        else:  # sizes and counts of the file's own header
            out[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff"))
    return bytes(out)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 2**20)


@pytest.mark.slow
def test_ten_thousand_damaged_uploads(model, photos):
    rng, kinds = random.Random(7), seeds(photos)
    answered = refused = 0
    with running([model]) as url, httpx.Client(timeout=60) as client:
        for start in range(0, N, AT_ONCE):
            files = [("file", (f"{i}.jpg", damaged(rng.choice(kinds), rng))) for i in range(AT_ONCE)]
            for part in (files[:30], files[30:]):
                reply = client.post(f"{url}/predict", files=part)
                assert reply.status_code in (200, 422), reply.text
                for a in reply.json()["answers"]:
                    if "error" in a:
                        assert a["error"].startswith(a["file"]) and a["error"].endswith("."), a
                        refused += 1
                    else:
                        answered += 1
            if start == 2000:
                before = peak_mb()
        assert client.get(f"{url}/health").text == "ok\n"
    assert answered + refused == N and min(answered, refused) > 1000
    assert peak_mb() - before < 100


@pytest.mark.slow
def test_damaged_requests(model, photos):
    rng = random.Random(8)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    whole = head + picture_bytes() + b"\r\n" + head + b"\r\n--x--\r\n"
    with running([model]) as url, httpx.Client(timeout=10) as client:
        for _ in range(2000):
            kind = rng.choice(
                ("multipart/form-data; boundary=x", "multipart/form-data; boundary=\xff", "image/png", "")
            )
            reply = client.post(
                f"{url}/predict",
                content=damaged(whole, rng),
                headers={"content-type": kind.encode("latin-1")},
            )
            assert reply.status_code in (200, 400, 413, 422), reply.text
            assert "answers" in reply.json() or reply.json()["error"].endswith(".")


@pytest.mark.skipif(not ODD.is_dir(), reason="the odd pictures of shared data are not there")
def test_every_odd_picture_is_answered_as_python_answers_it(model, model_file):
    from tipoff.bundle.predictor import load_predictor
    from tipoff.errors import DataError

    predict = load_predictor(model_file)
    with running([model]) as url:
        for file in sorted(p for p in ODD.iterdir() if p.is_file()):
            reply = httpx.post(f"{url}/predict", files=[("file", (file.name, file.read_bytes()))], timeout=60)
            got = reply.json()["answers"][0]
            try:
                wanted = predict(file)
            except DataError:
                assert reply.status_code == 422 and got["error"].startswith(file.name), file
                continue
            if "error" in got:  # the server takes fewer pixels than Python does
                with Image.open(file) as image:
                    assert image.width * image.height > 50_000_000, got
                continue
            assert got["probabilities"] == pytest.approx(wanted["probabilities"], abs=1e-3), file
