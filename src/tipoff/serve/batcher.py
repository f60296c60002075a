"""Requests that arrive together are answered together; one that is alone never waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tipoff.serve.memory import Hold, Memory, size_of
from tipoff.serve.model import Measured, ServedModel
from tipoff.serve.wanted import while_wanted

BATCH_BYTES = 48 << 20  # of samples that go together: whole photos are answered a few at a time


class Busy(Exception):
    """More is waiting than may wait."""


@dataclass(eq=False)
class _Waiting:
    sample: Any
    key: Hashable
    heat: bool
    hold: Hold
    answer: asyncio.Future[dict[str, Any]]


class Batcher:
    """Reads uploads in threads and gives the model as many samples at once as have come meanwhile.

    A sample that finds the model idle is answered at once; what arrives while it works is its next batch, of
    at most `max_batch` samples of one key. At most `limit` uploads are under way; for more `Busy` is raised. An upload is
    read when `memory` has room for what becomes of it.
    """

    def __init__(
        self,
        model: ServedModel,
        *,
        memory: Memory | None = None,
        limit: int = 128,
        max_batch: int = 16,
        readers: int = 2,
    ) -> None:
        self.model, self.limit, self.max_batch = model, limit, max_batch
        self.memory = memory or Memory(1 << 30)
        self.under_way = 0
        self._waiting: deque[_Waiting] = deque()
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix=f"read-{model.about.name}")
        self._runners = ThreadPoolExecutor(model.at_once, thread_name_prefix=f"answer-{model.about.name}")
        self._working: set[asyncio.Task[None]] = set()

    async def answer(self, data: bytes, name: str, heat: bool) -> dict[str, Any]:
        """The answer for one file. Raises `DataError` for one that cannot be read, `Busy` at the limit.

        Where it is cancelled, because nobody waits for the answer any more, what has not begun is not done.
        """
        if self.under_way >= self.limit:
            raise Busy
        self.under_way += 1
        try:
            sample, hold = await self._read(data, name)
            loop = asyncio.get_running_loop()
            one = _Waiting(sample, (self.model.key(sample), heat), heat, hold, loop.create_future())
            self._waiting.append(one)
            if len(self._working) < self.model.at_once:
                self._working.add(asyncio.create_task(self._work()))
            try:
                return await one.answer
            finally:
                if one in self._waiting:
                    self._waiting.remove(one)
                    hold.shrink()
        finally:
            self.under_way -= 1

    async def _read(self, data: bytes, name: str) -> tuple[Any, Hold]:
        """The sample, and the memory that it is counted with until it is answered."""
        loop = asyncio.get_running_loop()
        needed = 0
        if isinstance(self.model, Measured):
            needed = await loop.run_in_executor(self._readers, self.model.memory, data, name)
        hold = await self.memory.take(needed)
        gone = False

        def done(work: Future[Any]) -> None:  # a thread that reads for nobody takes memory all the same
            good = not (gone or work.cancelled() or work.exception())
            hold.shrink(size_of(work.result()) if good else 0)

        work = self._readers.submit(self.model.read, data, name)
        work.add_done_callback(lambda w: _soon(loop, lambda: done(w)))
        try:
            return await asyncio.wrap_future(work), hold
        except BaseException:
            gone = True
            if work.done():
                hold.shrink()
            raise

    async def _work(self) -> None:
        """Answer batches until nothing waits."""
        try:
            while batch := self._next():
                await self._answer(batch)
        finally:  # in the same turn of the loop in which nothing was found to wait, or a sample could be left behind
            task = asyncio.current_task()
            assert task is not None
            self._working.discard(task)

    async def _answer(self, batch: list[_Waiting]) -> None:
        samples, heat = [w.sample for w in batch], batch[0].heat
        loop = asyncio.get_running_loop()
        answer = while_wanted(lambda: any(not w.answer.done() for w in batch), self.model.answer)
        try:
            answers = await loop.run_in_executor(self._runners, answer, samples, heat)
        except BaseException as e:
            for w in batch:
                if not w.answer.done():
                    w.answer.set_exception(e)
            if not isinstance(e, Exception):
                raise
            return
        finally:
            for w in batch:
                w.hold.shrink()
        for w, made in zip(batch, answers, strict=True):
            if not w.answer.done():
                w.answer.set_result(made)

    def _next(self) -> list[_Waiting]:
        """The longest waiting sample, and others of its key; those whose client has gone are dropped."""
        batch: list[_Waiting] = []
        later: deque[_Waiting] = deque()
        size = 0
        while self._waiting and len(batch) < self.max_batch:
            w = self._waiting.popleft()
            if w.answer.done():
                w.hold.shrink()
                continue
            fits = not batch or (w.key == batch[0].key and size + w.hold.n <= BATCH_BYTES)
            size += w.hold.n if fits else 0
            (batch if fits else later).append(w)
        self._waiting.extendleft(reversed(later))
        return batch

    def close(self) -> None:
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._runners.shutdown(wait=False, cancel_futures=True)


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the server has stopped
        loop.call_soon_threadsafe(call)
