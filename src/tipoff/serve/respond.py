"""From the files of a request to its response, as long as somebody waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tipoff.errors import BundleError, DataError
from tipoff.serve.batcher import Batcher
from tipoff.serve.counters import Counters
from tipoff.serve.memory import Memory
from tipoff.serve.settings import TIMES
from tipoff.serve.tables import as_csv, by_row, notes_of, wants_csv
from tipoff.serve.upload import Upload, gone, is_unnamed


async def while_there(request: Request, work: Coroutine[Any, Any, Response]) -> Response:
    """The response that `work` makes. Where the client leaves before, `work` is cancelled and `Refused` raised."""
    task, left = asyncio.create_task(work), asyncio.create_task(_left(request))
    try:
        await asyncio.wait((task, left), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise gone()
    finally:
        left.cancel()
        if task.cancel():
            with suppress(asyncio.CancelledError):
                await task


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def respond(
    request: Request,
    files: Sequence[Upload],
    heat: bool,
    *,
    batcher: Batcher,
    memory: Memory,
    counters: Counters,
) -> Response:
    """An answer for each of `files`; the status is 422 where there is none at all."""
    about = batcher.model.about
    # a table is counted until its response is made; pictures are counted one by one, by their batcher
    hold = await memory.take(TIMES.get(about.input, 0) * sum(len(f.data) for f in files))
    try:
        answers = await asyncio.gather(*(_one(f, heat, batcher, counters) for f in files))
        answered = sum("error" not in a for a in answers)
        request.scope["tipoff.note"] = f"{len(answers)} files, {answered} answered"
        said: dict[str, Any] = {"model": about.name, "answers": answers}
        if about.input in ("row", "text"):
            if answered == len(answers) == 1 and wants_csv(request):
                return await run_in_threadpool(as_csv, answers[0])
            said["notes"] = notes_of(answers)
            said["answers"] = await run_in_threadpool(by_row, answers)
        return JSONResponse(said, 200 if answered else 422)
    finally:
        hold.shrink()


async def _one(upload: Upload, heat: bool, batcher: Batcher, counters: Counters) -> dict[str, Any]:
    about, began = batcher.model.about, time.perf_counter()
    file = {} if is_unnamed(upload.name) and about.input != "image" else {"file": upload.name}
    try:
        with counters.under_way.labels(about.name).track_inprogress():
            answer = await batcher.answer(upload.data, upload.name, heat)
    except (BundleError, DataError) as e:
        counters.files.labels(about.name, "refused").inc()
        return {**file, "error": str(e)}
    counters.files.labels(about.name, "answered").inc()
    return {**file, **answer, "milliseconds": round((time.perf_counter() - began) * 1e3, 1)}
