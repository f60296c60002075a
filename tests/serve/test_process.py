"""`tipoff serve` as a process: it starts, stops gracefully, and leaves nothing to repair when it is killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx2 as httpx
import pytest

from tests.serve.running import picture_bytes

RED = picture_bytes((200, 50, 40))


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def process(*args, port):
    env = {k: v for k, v in os.environ.items() if k != "PROMETHEUS_MULTIPROC_DIR"}
    command = [sys.executable, "-m", "tipoff.cli.main", "serve", *map(str, args), "--port", str(port)]
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{url}/ready", timeout=1).status_code == 200:
                    break
            except httpx.TransportError:
                assert p.poll() is None, p.stdout.read()
                time.sleep(0.05)
        yield p, url
    finally:
        if p.poll() is None:
            p.kill()
        p.wait(10)


def ask(url, out):
    try:
        out.append(httpx.post(f"{url}/predict", content=RED, timeout=20).status_code)
    except httpx.TransportError:
        out.append(None)


@pytest.mark.slow
def test_a_stop_finishes_what_is_under_way(model_file):
    with process(model_file, port=free_port()) as (p, url):
        # a request whose body is half sent when the signal comes
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as s:
            head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(RED)}\r\n\r\n".encode()
            s.sendall(head + RED[:20])
            time.sleep(0.3)
            p.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            s.sendall(RED[20:])
            assert b" 200 " in s.recv(10_000).split(b"\r\n")[0]
        assert p.wait(10) in (0, -signal.SIGTERM)


@pytest.mark.slow
def test_killed_under_load_it_starts_again(model_file):
    port = free_port()
    for _ in range(2):
        with process(model_file, port=port) as (p, url):
            codes: list[int | None] = []
            clients = [threading.Thread(target=ask, args=(url, codes)) for _ in range(8)]
            for c in clients:
                c.start()
            p.kill()
            for c in clients:
                c.join()
    with process(model_file, port=port) as (p, url):
        codes = []
        ask(url, codes)
        assert codes == [200]


@pytest.mark.slow
def test_several_workers_answer_and_count_together(model_file):
    with process(model_file, "--workers", "2", port=free_port()) as (p, url):
        codes: list[int | None] = []
        for _ in range(10):
            ask(url, codes)
        assert codes == [200] * 10
        counted = [
            x
            for x in httpx.get(f"{url}/metrics").text.splitlines()
            if x.startswith('tipoff_files_total{model="colours",outcome="answered"}')
        ]
        assert counted and float(counted[0].split()[-1]) == 10
        p.send_signal(signal.SIGTERM)
        p.wait(20)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_workers_end_with_a_server_that_is_killed(model_file, tmp_path, monkeypatch):
    """The port is free at once, and what it left among the temporary files goes at the next start."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    port = free_port()
    with process(model_file, "--workers", "2", port=port) as (p, url):
        assert list(tmp_path.glob("tipoff-counters-*"))
        p.kill()
        p.wait(10)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.1)
        else:
            raise AssertionError("the workers still hold the port")
    left = set(tmp_path.glob("tipoff-counters-*"))
    with process(model_file, "--workers", "2", port=port) as (p, url):
        assert httpx.get(f"{url}/health").status_code == 200
        assert not left & set(tmp_path.glob("tipoff-counters-*"))
        p.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_address_is_said_when_it_answers(model_file, workers):
    command = [sys.executable, "-m", "tipoff.cli.main", "serve", str(model_file), "--workers", str(workers)]
    port = free_port()
    p = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE, text=True)
    try:
        for line in p.stdout:
            if line.startswith("Ready at"):
                break
        assert line == f"Ready at http://localhost:{port}  (stop with Ctrl+C)\n"
        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=10).status_code == 200
    finally:
        p.terminate()
        p.wait(20)


def test_a_taken_port_is_a_sentence(model_file):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        command = [
            sys.executable,
            "-m",
            "tipoff.cli.main",
            "serve",
            str(model_file),
            "--port",
            str(s.getsockname()[1]),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "--port" in done.stderr and "Traceback" not in done.stderr


def test_nothing_to_serve_is_a_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tipoff.cli.main", "serve", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2 and "holds no model file" in " ".join(done.stderr.split())
