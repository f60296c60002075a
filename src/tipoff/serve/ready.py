"""Waiting until a server answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from threading import Thread

PAUSE, SECONDS = 0.1, 2.0  # between two requests; for one


def when_ready(host: str, port: int, then: Callable[[], None]) -> Thread:
    """Call `then` once the server at `host` and `port` answers `/ready` with 200, in a thread that ends with the process.

    >>> when_ready("127.0.0.1", 8000, lambda: print("ready"))  # doctest: +SKIP
    """

    def wait() -> None:
        while not _is_ready(host, port):
            time.sleep(PAUSE)
        then()

    thread = Thread(target=wait, daemon=True, name="when-ready")
    thread.start()
    return thread


def _is_ready(host: str, port: int) -> bool:
    connection = HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
