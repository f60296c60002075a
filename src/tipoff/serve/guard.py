"""What every answer of the server goes through: the security headers, the log line, the counters."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tipoff.serve.counters import Counters
from tipoff.serve.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PROBES = ("/health", "/ready")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=()"),
]


class Guard:
    """Around the whole application."""

    def __init__(self, app: App, settings: Settings, counters: Counters) -> None:
        self.app, self.settings, self.counters = app, settings, counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, sent = time.perf_counter(), 500, 0

        async def sending(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            spent = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "other")
            self.counters.request(route, status, spent)
            if status != 200 or scope["path"] not in PROBES:  # which are asked for again and again
                self._log(scope, status, spent, sent)

    def _log(self, scope: Scope, status: int, seconds: float, sent: int) -> None:
        ms = round(seconds * 1e3, 1)
        note = scope.get("tipoff.note", "")  # set by the application: how many files, what was refused
        if self.settings.log == "json":
            line = json.dumps(
                {"time": _now(), "method": scope["method"], "path": scope["path"], "status": status, "ms": ms,
                 "bytes": sent, "note": note}
            )  # fmt: skip
        else:
            path = scope["path"].encode("unicode_escape").decode()  # no line breaks from outside
            line = f"{_now()} {scope['method']} {path} {status} {ms:g} ms{'  ' + note if note else ''}"
        print(line, file=sys.stderr, flush=True)


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
