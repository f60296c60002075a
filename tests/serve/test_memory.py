"""What work takes in memory is counted before it begins, and work for nobody is not done."""

import asyncio
import io
import socket
import subprocess
import sys
import threading
import time

import httpx2 as httpx
import pytest
from PIL import Image

from tests.serve.running import Slow, picture_bytes, running
from tipoff.errors import DataError
from tipoff.serve.batcher import Batcher
from tipoff.serve.inputs import image
from tipoff.serve.memory import Memory, Turns
from tipoff.serve.settings import Settings


def flat(side, form="PNG", mode="RGB", **options) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (side, side)).save(out, form, **options)
    return out.getvalue()


# counting ---------------------------------------------------------------------------------------


def test_who_asks_for_more_than_is_left_waits_for_its_turn():
    async def three():
        memory, order = Memory(10), []

        async def work(name, n):
            hold = await memory.take(n)
            order.append(name)
            await asyncio.sleep(0.01)
            assert memory.held <= 10
            hold.shrink()

        await asyncio.gather(work("a", 6), work("b", 6), work("c", 2))
        assert order == ["a", "b", "c"] and memory.held == 0

    asyncio.run(three())


def test_what_is_larger_than_the_limit_is_done_alone():
    async def two():
        memory = Memory(10)
        hold = await memory.take(1)
        large = asyncio.create_task(memory.take(50))
        await asyncio.sleep(0)
        assert not large.done()
        hold.shrink()
        assert (await large).n == 50

    asyncio.run(two())


def test_a_turn_that_is_given_up_goes_to_the_next():
    async def three():
        memory = Memory(10)
        hold = await memory.take(10)
        second, third = (asyncio.create_task(memory.take(5)) for _ in range(2))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        hold.shrink()
        assert (await third).n == memory.held == 5

    asyncio.run(three())


def test_threads_wait_for_their_turn():
    turns, most, now = Turns(4), [], 0

    def work():
        nonlocal now
        with turns.of(2):
            now += 1
            most.append(now)
            time.sleep(0.01)
            now -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert max(most) == 2 and turns.held == 0


# pictures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "at_least"),
    [
        (flat(3000), 4 * 9_000_000),
        (flat(3000, "WEBP"), 16 * 9_000_000),
        (flat(3000, "JPEG", progressive=True), 6 * 9_000_000),
        (flat(3000, "TIFF", "RGBA", compression="tiff_deflate", strip_size=1 << 30), 8 * 9_000_000),
    ],
    ids=["png", "webp", "progressive", "one strip"],
)
def test_a_picture_is_charged_for_its_pixels(data, at_least):
    assert len(data) < 500_000
    assert at_least <= image.memory(data, "a.png", 50_000_000) <= 3 * at_least


def test_a_picture_that_its_decoder_needs_too_much_for_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"^big\.webp has 6,000 × 6,000 pixels, and decoding a WEBP .* MB"):
        image.memory(flat(6000, "WEBP"), "big.webp", 50_000_000)
    assert image.memory(b"no picture", "a.png", 1) == 0


def test_pictures_wait_until_there_is_memory_for_them():
    class Measured(Slow):
        reading = most = 0

        def memory(self, data, name):
            return 10

        def read(self, data, name):
            Measured.reading += 1
            Measured.most = max(Measured.most, Measured.reading)
            time.sleep(0.01)
            Measured.reading -= 1
            return data

    async def many():
        memory = Memory(20)
        batcher = Batcher(Measured(0), memory=memory, readers=8)
        await asyncio.gather(*(batcher.answer(b"a", "a", False) for _ in range(12)))
        return memory.held

    assert asyncio.run(many()) == 0 and Measured.most == 2


SERVED = """
import io, re, sys
from pathlib import Path
from PIL import Image
from fastapi.testclient import TestClient
from tipoff.serve.memory import give_back_large_blocks
from tipoff.serve.run import create_app, open_model
give_back_large_blocks()
def mb(what): return int(re.search(what + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
side, n = int(sys.argv[2]), int(sys.argv[3])
out = io.BytesIO()
Image.new("L", (side, side)).save(out, "PNG")
data = out.getvalue()
with TestClient(create_app([open_model(Path(sys.argv[1]), 50_000_000)]), base_url="http://localhost") as client:
    before = mb("VmRSS")
    got = client.post("/predict", files=[("file", (f"{i}.png", data)) for i in range(n)]).json()["answers"]
    assert len(got) == n and all("label" in a for a in got), got[0]
print(mb("VmHWM") - before, mb("VmRSS") - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_many_large_pictures_take_no_more_than_the_server_says(model_file):
    """Ten of 36 megapixels are 70 kB to send and 1.1 GB to hold."""
    done = subprocess.run(
        [sys.executable, "-c", SERVED, str(model_file), "6000", "10"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    most, after = map(float, done.stdout.split())
    assert most < 500 < Settings().most_mb(["image"]) and after < 120


# clients that leave -----------------------------------------------------------------------------


def post_and_leave(url, n, after):
    """Send `n` files, and close the connection after so many seconds."""
    host, port = url.removeprefix("http://").split(":")
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%d"\r\n\r\nabc%d\r\n'
    body = b"".join(part % (i, i) for i in range(n)) + b"--x--\r\n"
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as s:
        s.sendall(head.encode() + body)
        time.sleep(after)


def test_work_for_a_client_that_left_is_not_begun(capsys):
    slow = Slow(0.15)
    slow.key = lambda sample: sample  # each answered by itself
    with running([slow]) as url:
        post_and_leave(url, 20, 0.3)
        time.sleep(0.4)
        done = len(slow.batches)
        time.sleep(0.5)
        assert len(slow.batches) == done < 10
        assert httpx.post(f"{url}/predict", content=b"x").json()["answers"][0]["label"] == "x"
    assert "499" in capsys.readouterr().err


def test_long_work_stops_in_the_middle_when_nobody_waits(row_model):
    from tipoff.serve.wanted import Unwanted, while_wanted

    parts = []
    real = row_model.rows.predictor.probabilities
    row_model.rows.predictor.probabilities = lambda part: parts.append(1) or real(part)
    try:
        row = b'{"job": "nurse", "age": 40, "city": "Rome", "hours": 30}'
        sample = row_model.read(b"[" + b",".join([row] * 5000) + b"]", "the file")
        answer = while_wanted(lambda: len(parts) < 2, row_model.answer)
        with pytest.raises(Unwanted):
            answer([sample], False)
        assert len(parts) == 2
    finally:
        row_model.rows.predictor.probabilities = real


def test_reading_for_nobody_gives_its_memory_back():
    class Measured(Slow):
        def memory(self, data, name):
            return 10

        def read(self, data, name):
            time.sleep(0.1)
            return data

    async def cancelled():
        memory = Memory(100)
        batcher = Batcher(Measured(0), memory=memory, readers=1)
        tasks = [asyncio.create_task(batcher.answer(b"a", "a", False)) for _ in range(3)]
        await asyncio.sleep(0.05)
        for t in tasks:
            t.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert memory.held == 10  # of the thread that still reads
        await asyncio.sleep(0.2)
        return memory.held, batcher.under_way

    assert asyncio.run(cancelled()) == (0, 0)


def test_a_picture_whole_in_python_is_answered_alike_by_the_server(model, model_file, monkeypatch):
    """Both downscale it as they decode it."""
    from tipoff.bundle.predictor import load_predictor

    for module in ("tipoff.serve.inputs.image", "tipoff.vision.block"):
        monkeypatch.setattr(f"{module}.KEEP_PIXELS", 1000)
    data = picture_bytes((30, 60, 190), (130, 90), "JPEG")
    sample = model.read(data, "a.jpg")
    want = load_predictor(model_file)(data)["probabilities"]
    assert model.answer([sample], False)[0]["probabilities"] == pytest.approx(want, abs=1e-5)
