"""How a server is run. The defaults are the careful ones."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

# measured: what a table or texts become from the first byte to the response, in the size of the body
TIMES = {"row": 45, "text": 45, "pair": 45}
RUN_MB = 300  # numbers of pictures in a network


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
    room: int = 256  # MB of uploads held at once
    work: int = 512  # MB of what becomes of them: decoded pictures, tables

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    @property
    def max_bytes(self) -> int:
        return int(self.max_upload * 2**20)

    def most_mb(self, inputs: Collection[str]) -> int:
        """MB that requests take at most in each worker, where there are models of these `inputs`, such as image and row."""
        largest = max((int(TIMES.get(i, 0) * self.max_upload) for i in inputs), default=0)
        return self.room + max(self.work, largest) + (RUN_MB if "image" in inputs else 0)


def is_loopback(host: str) -> bool:
    """Whether what listens there is reached from this machine alone: 127.0.0.0/8, ::1, and names of these.

    >>> is_loopback("127.0.0.2"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        mapped = getattr(address, "ipv4_mapped", None)
        return bool((mapped or address).is_loopback)
    try:  # a name, or a short form such as 127.1
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)} if host else set()
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(is_loopback(address.partition("%")[0]) for address in found)
