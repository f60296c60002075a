"""Requests that arrive together are answered together; one that is alone never waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from tipoff.serve.model import ServedModel


class Busy(Exception):
    """More is waiting than may wait."""


class _Waiting(NamedTuple):
    sample: Any
    key: Hashable
    heat: bool
    answer: asyncio.Future[dict[str, Any]]


class Batcher:
    """Reads uploads in threads and gives the model as many samples at once as have come meanwhile.

    A sample that finds the model idle is answered at once; what arrives while it works is its next batch, of
    at most `max_batch` samples of one key. At most `limit` uploads are under way; for more `Busy` is raised.
    """

    def __init__(
        self, model: ServedModel, *, limit: int = 128, max_batch: int = 16, readers: int = 2
    ) -> None:
        self.model, self.limit, self.max_batch = model, limit, max_batch
        self.under_way = 0
        self._waiting: deque[_Waiting] = deque()
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix=f"read-{model.about.name}")
        self._runners = ThreadPoolExecutor(model.at_once, thread_name_prefix=f"answer-{model.about.name}")
        self._working: set[asyncio.Task[None]] = set()

    async def answer(self, data: bytes, name: str, heat: bool) -> dict[str, Any]:
        """The answer for one file. Raises `DataError` for one that cannot be read, `Busy` at the limit."""
        if self.under_way >= self.limit:
            raise Busy
        self.under_way += 1
        try:
            loop = asyncio.get_running_loop()
            sample = await loop.run_in_executor(self._readers, self.model.read, data, name)
            one = _Waiting(sample, (self.model.key(sample), heat), heat, loop.create_future())
            self._waiting.append(one)
            if len(self._working) < self.model.at_once:
                self._working.add(asyncio.create_task(self._work()))
            return await one.answer
        finally:
            self.under_way -= 1

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
        try:
            answers = await loop.run_in_executor(self._runners, self.model.answer, samples, heat)
        except BaseException as e:
            for w in batch:
                if not w.answer.done():
                    w.answer.set_exception(e)
            if not isinstance(e, Exception):
                raise
            return
        for w, made in zip(batch, answers, strict=True):
            if not w.answer.done():
                w.answer.set_result(made)

    def _next(self) -> list[_Waiting]:
        """The longest waiting sample, and others of its key; those whose client has gone are dropped."""
        batch: list[_Waiting] = []
        later: deque[_Waiting] = deque()
        while self._waiting and len(batch) < self.max_batch:
            w = self._waiting.popleft()
            if w.answer.done():
                continue
            (batch if not batch or w.key == batch[0].key else later).append(w)
        self._waiting.extendleft(reversed(later))
        return batch

    def close(self) -> None:
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._runners.shutdown(wait=False, cancel_futures=True)
