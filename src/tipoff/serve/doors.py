"""Who may come in: under which name, from which site, with which token; what fails inside is said as JSON too."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import sys
import traceback
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response

from tipoff.serve.guard import App, Message, Receive, Scope, Send
from tipoff.serve.settings import Settings

OPEN = ("/health", "/ready")  # need no token: they say nothing of the model
READING = ("GET", "HEAD", "OPTIONS")
LOCAL_NAMES = ("localhost", "testserver")
CHALLENGE = {
    "WWW-Authenticate": 'Basic realm="tipoff: any name, and the token as the password", charset="UTF-8"'
}


class Cors(CORSMiddleware):
    """Which sites' pages may ask; what it refuses is JSON as every refusal."""

    def __init__(self, app: Any, settings: Settings) -> None:
        super().__init__(
            app,
            allow_origins=settings.cors,
            allow_methods=("GET", "POST"),
            allow_headers=("*",),
            expose_headers=("Retry-After", "X-Rows", "X-Columns", "X-Summary", "X-Notes", "X-Milliseconds"),
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        made = super().preflight_response(request_headers)
        if made.status_code < 400:
            return made
        kept = {k: v for k, v in made.headers.items() if k not in ("content-length", "content-type")}
        return refusal(
            made.status_code,
            f"{bytes(made.body).decode()}: the server was not started with --cors for this.",
            kept,
        )


class Doors:
    """Between the headers that every answer has and the application."""

    def __init__(self, app: App, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if (no := self._refused(scope, Headers(scope=scope))) is not None:
            await no(scope, receive, send)
            return
        began = False

        async def sending(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            if began:
                raise
            scope["tipoff.note"] = "failed: see the traceback above"
            await refusal(500, "The server failed at this request. Its log says why.")(scope, receive, send)

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        if self.settings.local and not is_local_name(headers.get("host", ""), self.settings.host):
            return refusal(
                400, "This server answers to localhost only, and not under the name it was asked by."
            )
        if scope["method"] not in READING and self._is_foreign(headers):
            return refusal(403, "Pages of other sites may not ask this server; --cors SITE lets one of them.")
        if self.settings.token is not None and scope["path"] not in OPEN:
            given = secret(headers.get("authorization", ""))
            if not hmac.compare_digest(given, self.settings.token.encode()):
                return refusal(
                    401,
                    "This server asks for a token: send the header 'Authorization: Bearer TOKEN'.",
                    CHALLENGE,
                )
        return None

    def _is_foreign(self, headers: Headers) -> bool:
        """Whether a page of a site that is not named sent it; a form needs nobody's leave for that, and costs work."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if "*" in self.settings.cors or (origin is not None and origin in self.settings.cors):
            return False
        if site is not None:
            return site not in ("same-origin", "none")
        return self.settings.local and origin is not None and urlsplit(origin).netloc != headers.get("host")


def refusal(status: int, why: str, headers: dict[str, str] | None = None) -> Response:
    """A refusal as every one is: JSON with a sentence."""
    return JSONResponse({"error": why}, status, headers)


def is_local_name(host: str, own: str = "") -> bool:
    """Whether the Host header names this machine and nothing that a stranger can point here.

    >>> is_local_name("127.0.0.2:8000"), is_local_name("[::1]"), is_local_name("evil.example")
    (True, True, False)
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name in (*LOCAL_NAMES, own.lower()):
            return True
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def secret(header: str) -> bytes:
    """The token in `Bearer TOKEN`, or the password in `Basic ...`, which is how a browser asks for it.

    >>> secret("Bearer abc")
    b'abc'
    """
    kind, _, rest = header.partition(" ")
    if kind.lower() == "bearer":
        return rest.strip().encode("latin-1", "replace")
    if kind.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
        except ValueError:
            return b""
    return b""
