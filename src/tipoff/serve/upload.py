"""The body of a request as files in memory: bounded in bytes, files and time. Nothing is written to the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

MAX_NAME = 200  # characters of a file's name that are kept
MAX_PART_HEADER = 16 << 10  # bytes of all headers of a part
UNNAMED = "the file"
UNNAMED_TABLES = {  # of bodies and parts that come without a name, by their content type
    b"text/csv": "the body.csv",
    b"application/csv": "the body.csv",
    b"text/tab-separated-values": "the body.tsv",
}
READ_ON_BYTES = 64 << 20  # of a body that is too large: who still sends does not hear why it is refused
FIRST_SECONDS = 20.0  # until the body must be there, and so much more:
SECONDS_PER_BYTE = 1 / 16_000


class Refused(Exception):
    """A request that is not answered, with the status and a sentence."""

    def __init__(self, status: int, why: str, retry_after: int | None = None) -> None:
        super().__init__(why)
        self.status, self.why, self.retry_after = status, why, retry_after


class Upload(NamedTuple):
    """One file of a request."""

    name: str
    data: bytes


@dataclass
class Room:
    """The bytes of all bodies that are held at once, at most `limit`."""

    limit: int
    held: int = 0

    def take(self, n: int) -> None:
        if self.held + n > self.limit:
            raise Refused(503, "The server holds as many uploads as it may. Try again in a second.", 1)
        self.held += n


@asynccontextmanager
async def uploads(
    request: Request, room: Room, *, max_bytes: int, max_files: int
) -> AsyncIterator[list[Upload]]:
    """The files of a multipart or raw body; their bytes are counted in `room` until the block ends.

    Raises `Refused` for a body that is too large, too slow, of too many files, or no multipart body.
    """
    held = 0
    try:
        declared = request.headers.get("content-length", "")
        over = declared.isdigit() and int(declared[:20]) > max_bytes
        if over and "expect" in request.headers:  # which has not sent it yet
            raise _too_large(max_bytes)
        parts, n = _parts(request, max_files), 0
        try:
            async for chunk in _chunks(request):
                n += len(chunk)
                over = over or n > max_bytes
                if n > max_bytes + READ_ON_BYTES:
                    break
                if not over:
                    room.take(len(chunk))
                    held += len(chunk)
                    parts.feed(chunk)
        except Refused:
            if not over:
                raise
        if over:
            raise _too_large(max_bytes)
        files = parts.done()
        if not files:
            raise Refused(
                400, "The request holds no file: send one as the form field 'file', or as the body."
            )
        yield files
    except ClientDisconnect:
        raise gone() from None
    finally:
        room.held -= held


def gone() -> Refused:
    """What is said, to nobody, where the client has left."""
    return Refused(499, "The client went away.")


def _too_large(max_bytes: int) -> Refused:
    return Refused(
        413, f"A request may hold {max_bytes / 2**20:.3g} MB at most. Send a smaller file, or fewer at once."
    )


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes; a client that is slower than 16 kB a second is given up after 20 seconds."""
    loop = asyncio.get_running_loop()
    stream, deadline = request.stream().__aiter__(), loop.time() + FIRST_SECONDS
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Refused(408, "The upload took too long and was given up.") from None
        deadline += len(chunk) * SECONDS_PER_BYTE
        yield chunk


class _Raw:
    """A body that is one file."""

    def __init__(self, name: str) -> None:
        self.name, self.data = name, bytearray()

    def feed(self, chunk: bytes) -> None:
        self.data += chunk

    def done(self) -> list[Upload]:
        return [Upload(self.name, bytes(self.data))] if self.data else []


class _Multipart:
    """A form; the parts with a file's name are its files."""

    def __init__(self, boundary: bytes, max_files: int) -> None:
        self.max_files = max_files
        self.files: list[Upload] = []
        self.name: str | None = None
        self.header = self.value = self.kind = b""
        self.n_header = 0
        self.data = bytearray()
        self.parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._field,
                "on_header_value": self._value,
                "on_header_end": self._header_end,
                "on_part_data": self._part_data,
                "on_part_end": self._end,
            },
        )

    def _begin(self) -> None:
        self.name, self.header, self.value, self.kind, self.data = None, b"", b"", b"", bytearray()
        self.n_header = 0

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self.header += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self.value += data[start:end]

    def _count(self, n: int) -> None:
        self.n_header += n
        if self.n_header > MAX_PART_HEADER:
            raise Refused(400, "The form cannot be read: a part of it has too long headers.")

    def _header_end(self) -> None:
        if self.header.lower() == b"content-type":
            self.kind = parse_options_header(self.value)[0].lower()
        elif self.header.lower() == b"content-disposition":
            options = parse_options_header(self.value)[1]
            if b"filename" in options:
                self.name = (
                    options[b"filename"].decode("utf-8", "replace").replace("%22", '"')
                )  # as browsers send it
                if len(self.files) >= self.max_files:
                    raise Refused(
                        413,
                        f"A request may hold {self.max_files} files at most. Send the rest in another one.",
                    )
        self.header = self.value = b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self.name is not None:
            self.data += data[start:end]

    def _end(self) -> None:
        if self.name is not None:
            self.files.append(Upload(plain_name(self.name, self.kind), bytes(self.data)))

    def feed(self, chunk: bytes) -> None:
        try:
            self.parser.write(chunk)
        except FormParserError:
            raise Refused(400, "The form cannot be read: it is no proper multipart body.") from None

    def done(self) -> list[Upload]:
        try:
            self.parser.finalize()
        except FormParserError:
            raise Refused(400, "The form ends too early.") from None
        return self.files


def _parts(request: Request, max_files: int) -> _Raw | _Multipart:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind.lower() != b"multipart/form-data":
        return _Raw(plain_name(request.query_params.get("name", ""), kind.lower()))
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 200:
        raise Refused(400, "The form cannot be read: its content type names no boundary.")
    return _Multipart(boundary, max_files)


def is_unnamed(name: str) -> bool:
    """Whether `plain_name` made the name up."""
    return name == UNNAMED or name in UNNAMED_TABLES.values()


def plain_name(name: str, kind: bytes = b"") -> str:
    """The last part of a path, without what cannot be printed; it is only ever shown, never opened.

    Where nothing is left, a word for it, by its content type.

    >>> plain_name("../../etc/lemon.jpg")
    'lemon.jpg'
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[:MAX_NAME] or UNNAMED_TABLES.get(kind, UNNAMED)
