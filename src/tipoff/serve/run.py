"""Starting and stopping the server."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from tipoff.notes import note
from tipoff.serve.app import create_app
from tipoff.serve.guard import HEADERS
from tipoff.serve.memory import give_back_large_blocks
from tipoff.serve.model import find_models, open_model
from tipoff.serve.ready import when_ready
from tipoff.serve.settings import Settings

FROM_PARENT = "TIPOFF_SERVE"  # how worker processes learn what to serve
COUNTERS = "tipoff-counters-"  # folders in that of temporary files
HEADER_SECONDS = 20.0
STOP_SECONDS = 30
# on a busy machine a worker takes long to load; uvicorn's 5 s would start it again and again
START_SECONDS = 120


class Patient(H11Protocol):
    """HTTP, but a client that has not sent its whole header after 20 seconds is disconnected."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family != getattr(socket, "AF_UNIX", None):
            # asyncio forgets it for sockets that worker processes inherit, and each answer then takes 40 ms more
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._clock: asyncio.TimerHandle | None = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def data_received(self, data: bytes) -> None:
        if self._clock is None and (self.cycle is None or self.cycle.response_complete):
            self._clock = self.loop.call_later(HEADER_SECONDS, self._give_up)
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_clock()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused as everything is: with a sentence in JSON, and with the headers."""
        body = json.dumps({"error": f"{msg.rstrip('.')}."}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *HEADERS,
        ]
        for event in (
            h11.Response(status_code=400, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event))
        self.transport.close()

    def on_response_complete(self) -> None:
        self._stop_clock()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        self._clock = None
        if not self.transport.is_closing():
            self.transport.close()


def from_parent() -> FastAPI:
    """The application in a worker process, which ends when its parent does."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    give_back_large_blocks()
    given = json.loads(os.environ[FROM_PARENT])
    settings = Settings(**{**given["settings"], "cors": tuple(given["settings"]["cors"])})
    return create_app([open_model(Path(p), settings.max_pixels) for p in given["paths"]], settings)


def _end_with_parent() -> None:
    """A parent that is killed cannot tell its workers; without it they would answer for ever, and hold the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS + 5)
        os._exit(1)


def _remove_old_counters() -> None:
    """The folders that killed servers left; their names end in the process."""
    for folder in Path(tempfile.gettempdir()).glob(f"{COUNTERS}*"):
        pid = folder.name.removeprefix(COUNTERS).partition("-")[0]
        if pid.isdigit() and not _lives(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    if os.name != "posix":  # there, this would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def serve(path: Path, settings: Settings, ready: Callable[[], None] = lambda: None) -> None:
    """Serve the model file or folder at `path` until a signal comes; what is under way is finished first.

    Args:
        path: A model file, or a folder of them.
        settings: Where and how.
        ready: Called in a thread once the server answers.

    Raises:
        BundleError: There is no model that can be served.
    """
    paths = find_models(path)
    common: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "http": Patient,
        "access_log": False,
        "log_level": "warning",
        "server_header": False,
        "timeout_keep_alive": 15,
        "timeout_graceful_shutdown": STOP_SECONDS,
        "timeout_worker_healthcheck": START_SECONDS,
        "backlog": 512,
    }
    when_ready("127.0.0.1" if settings.host == "0.0.0.0" else settings.host, settings.port, ready)
    if settings.workers == 1:
        give_back_large_blocks()
        models = [open_model(p, settings.max_pixels) for p in paths]
        note(
            f"requests take {settings.most_mb({m.about.input for m in models}):,} MB at most, beside the models themselves"
        )
        uvicorn.run(create_app(models, settings), **common)
        return
    _remove_old_counters()
    with tempfile.TemporaryDirectory(prefix=f"{COUNTERS}{os.getpid()}-") as counters:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counters
        os.environ[FROM_PARENT] = json.dumps(
            {"paths": [str(p.absolute()) for p in paths], "settings": asdict(settings)}
        )
        uvicorn.run("tipoff.serve.run:from_parent", factory=True, workers=settings.workers, **common)
