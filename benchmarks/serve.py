"""Photos over HTTP: one client, then 64 at once; milliseconds and requests a second. WHO FOLDER

WHO is tipoff (by onnxruntime), "tipoff torch", torch or fastai (see serve_by_hand.py), or memory: 22,000 requests to tipoff.
Photos are real, of different sizes, about 20 kB each, and sent as a form. Server and clients share the machine.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path

from common import photos, report

who, folder = sys.argv[1], Path(sys.argv[2])
HERE = Path(__file__).resolve().parent
ALONE, CLIENTS, SECONDS = 200, 64, 10.0
MANY, WARM, PARTS = 20_000, 2_000, 8


def command(port: int) -> list[str]:
    if who in ("torch", "fastai"):
        return [sys.executable, str(HERE / "serve_by_hand.py"), who, str(port), str(folder)]
    file = "model.tipoff" if who == "tipoff torch" else "onnx/model.onnx"
    return [str(Path(sys.executable).parent / "tipoff"), "serve", str(folder / file), "--port", str(port)]


def request(photo: bytes) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    body = head + photo + b"\r\n--x--\r\n"
    lines = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    return f"{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Client:
    """One connection that asks again and again."""

    async def connect(self, port: int) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)

    async def ask(self, what: bytes) -> float:
        began = time.perf_counter()
        self.writer.write(what)
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.split(b"\r\n")[0], head
        length = next(x for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:"))
        await self.reader.readexactly(int(length.split(b":")[1]))
        return time.perf_counter() - began


async def ready(port: int) -> None:
    for _ in range(600):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit("the server did not start")


async def many(port: int, what: list[bytes], until: float | int) -> list[float]:
    """Answers' times of 64 clients: for `until` seconds, or until so many answers where it is an int."""
    times: list[float] = []
    stop = time.perf_counter() + until if isinstance(until, float) else None

    async def work(i: int) -> None:
        c = Client()
        await c.connect(port)
        while (time.perf_counter() < stop) if stop is not None else (len(times) < until):
            i += CLIENTS
            times.append(await c.ask(what[i % len(what)]))

    await asyncio.gather(*map(work, range(CLIENTS)))
    return times


def percentile(times: list[float], share: float) -> float:
    return round(sorted(times)[min(len(times) - 1, int(share * len(times)))] * 1e3, 2)


def resident_mb(pid: int) -> float:
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024, 1)


async def measure(port: int, pid: int) -> None:
    await ready(port)
    what = [request(Path(p).read_bytes()) for p in photos("pets")[0]]
    one = Client()
    await one.connect(port)
    for i in range(20):
        await one.ask(what[i])
    if who == "memory":
        seen, n = [], 0
        for part in (WARM, *[MANY // PARTS] * PARTS):
            n += len(await many(port, what, part))
            seen.append(resident_mb(pid))
        report(resident_mb=seen, requests=n)
        return
    alone = [await one.ask(what[i % len(what)]) for i in range(ALONE)]
    await many(port, what, 2.0)
    began = time.perf_counter()
    times = await many(port, what, SECONDS)
    report(
        p50=percentile(alone, 0.5), p99=percentile(alone, 0.99), rate=round(len(times) / (time.perf_counter() - began), 1),
        p50_of_64=percentile(times, 0.5), p99_of_64=percentile(times, 0.99), resident_mb=resident_mb(pid),
    )  # fmt: skip


with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    free = s.getsockname()[1]
server = subprocess.Popen(command(free), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    asyncio.run(measure(free, server.pid))
finally:
    server.terminate()
    server.wait(20)
