"""A server on this machine that behaves as badly as the web."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Web:
    """Pages by path: bytes, or a function of the request handler. `asked` counts requests by path."""

    def __init__(self) -> None:
        self.pages: dict[str, object] = {}
        self.asked: dict[str, int] = {}
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def do_GET(self) -> None:
                path = self.path.split("?")[0]
                web.asked[path] = web.asked.get(path, 0) + 1
                page = web.pages.get(path)
                with contextlib.suppress(ConnectionError):
                    if page is None:
                        self.send_error(404)
                    elif callable(page):
                        self.close_connection = True
                        page(self)
                    else:
                        self.whole(page)

            def whole(self, body: bytes) -> None:
                """With a length, a tag and ranges, as a good server answers."""
                tag = f'"{hashlib.md5(body).hexdigest()}"'
                span = self.headers.get("Range")
                at = 0
                if span and self.headers.get("If-Range") == tag:
                    at = int(span.removeprefix("bytes=").split("-")[0])
                self.send_response(206 if at else 200)
                if at:
                    self.send_header("Content-Range", f"bytes {at}-{len(body) - 1}/{len(body)}")
                self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(body) - at))
                self.end_headers()
                self.wfile.write(body[at:])

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __call__(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"


@pytest.fixture
def web():
    web = Web()
    yield web
    web.server.shutdown()
    web.server.server_close()


def cut_off(body: bytes, after: int, times: int = 1):
    """Ends the connection after some bytes, the first `times` times."""
    left = [times]

    def page(h) -> None:
        if left[0] <= 0 or h.headers.get("Range"):
            return h.whole(body)
        left[0] -= 1
        h.send_response(200)
        h.send_header("ETag", f'"{hashlib.md5(body).hexdigest()}"')
        h.send_header("Content-Length", str(len(body)))
        h.end_headers()
        h.wfile.write(body[:after])

    return page


def fails(status: int, times: int, then: bytes = b""):
    left = [times]

    def page(h) -> None:
        if left[0] <= 0:
            return h.whole(then)
        left[0] -= 1
        h.send_response(status)
        h.send_header("Content-Length", "0")
        h.end_headers()

    return page


def silent(seconds: float):
    return lambda h: time.sleep(seconds)


def drips(h) -> None:
    """A byte now and then, for ever."""
    h.send_response(200)
    h.send_header("Content-Length", "100000")
    h.end_headers()
    for _ in range(400):
        h.wfile.write(b"x")
        h.wfile.flush()
        time.sleep(0.02)


def endless(h) -> None:
    """A body without a length and without an end."""
    h.send_response(200)
    h.end_headers()
    for _ in range(2000):
        h.wfile.write(b"\0" * 65536)


def redirect(to: str):
    def page(h) -> None:
        h.send_response(302)
        h.send_header("Location", to)
        h.send_header("Content-Length", "0")
        h.end_headers()

    return page
