"""How much memory the work of a server takes: counted before it begins, and never more than a limit.

What counts is what an upload becomes, not its size: a picture of 50 megapixels in one colour is a file of 160 kB.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_MMAP_THRESHOLD = -3  # malloc.h
LARGE_BLOCK = 8 << 20


class Hold:
    """Some bytes of a `Memory`, until they are given back; fewer in the meantime."""

    def __init__(self, memory: Memory, n: int) -> None:
        self._memory, self.n = memory, n

    def shrink(self, n: int = 0) -> None:
        """Keep `n` bytes, and give back the rest; of a call that comes twice the second does nothing."""
        n = min(n, self.n)
        self._memory._give(self.n - n)
        self.n = n


class Memory:
    """At most `limit` bytes of work at once, in one event loop. Who asks for more than is left waits for its turn.

    What is larger than the limit by itself is done alone.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.held = limit, 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, n: int) -> Hold:
        """`n` bytes, as soon as they are free and nobody waited longer."""
        if not n or (not self._waiting and self._fits(n)):
            self.held += n
            return Hold(self, n)
        turn = (n, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        try:
            await turn[1]
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
                self._give(0)
            else:  # its turn came in the same moment
                self._give(n)
            raise
        return Hold(self, n)

    def _fits(self, n: int) -> bool:
        return not self.held or self.held + n <= self.limit

    def _give(self, n: int) -> None:
        self.held -= n
        while self._waiting and self._fits(self._waiting[0][0]):
            n, turn = self._waiting.popleft()
            if not turn.done():
                self.held += n
                turn.set_result(None)


class Turns:
    """At most `limit` of something at once, over all threads; what is larger by itself is done alone."""

    def __init__(self, limit: int) -> None:
        self.limit, self.held = limit, 0
        self._changed = threading.Condition()

    @contextmanager
    def of(self, n: int) -> Iterator[None]:
        """Wait until `n` are free, and hold them until the block ends."""
        with self._changed:
            self._changed.wait_for(lambda: not self.held or self.held + n <= self.limit)
            self.held += n
        try:
            yield
        finally:
            with self._changed:
                self.held -= n
                self._changed.notify_all()


def give_back_large_blocks() -> None:
    """Have glibc return the memory of a large picture to the system when it is freed.

    Left alone it keeps such blocks from the second one on, several hundred MB of them. TIPOFF_ALLOCATOR=0 leaves it alone.
    """
    if os.environ.get("TIPOFF_ALLOCATOR") != "0" and platform.libc_ver()[0] == "glibc":
        with suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").mallopt(_MMAP_THRESHOLD, LARGE_BLOCK)


def size_of(value: Any) -> int:
    """The bytes of the arrays and tensors in `value`, which may be a tuple of them.

    >>> import numpy as np
    >>> size_of((np.zeros((2, 3), np.uint8), "a name", (np.zeros(4),)))
    38
    """
    if isinstance(value, tuple):
        return sum(map(size_of, value))
    return int(getattr(value, "nbytes", 0))
