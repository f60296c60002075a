"""How a server is run. The defaults are the careful ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """`max_upload` is in MB a request, `max_pixels` in pixels a picture; `token` None lets everybody in."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    max_upload: float = 20.0
    max_files: int = 32
    max_pixels: int = 50_000_000
    token: str | None = None
    cors: tuple[str, ...] = ()
    log: str = "text"
    queue: int = 128  # uploads under way
    room: int = 512  # MB of uploads held at once

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in ("127.0.0.1", "localhost", "::1")

    @property
    def max_bytes(self) -> int:
        return int(self.max_upload * 2**20)
