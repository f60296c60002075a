"""One file from the web: resumed where it was cut off, checked against its length, whole or not at all."""

from __future__ import annotations

import http.client
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlsplit

from tipoff.errors import DataError

CHUNK = 1 << 16
TRIES = 4
PAUSE = 0.5  # seconds before the second try, doubled for each further one
AGENT = "tipoff (https://pypi.org/project/tipoff)"


class Unreachable(DataError):
    """The server did not answer, or not with the file, after several tries."""


class TooLarge(DataError):
    """The body is larger than was allowed."""


def fetch(
    url: str,
    file: str | Path,
    *,
    timeout: float = 20.0,
    max_bytes: int = 200 << 30,
    max_seconds: float | None = None,
    tries: int = TRIES,
    pause: float = PAUSE,
) -> Path:
    """Download `url` to `file` and return it; what was there before stays until the new one is whole.

    A transfer that was cut off goes on where it ended, in this call or in a later one, if the server allows.
    `timeout` is the longest silence, `max_seconds` the longest time of one try. Raises `Unreachable` where
    the server does not give it, `TooLarge` for more than `max_bytes`, `DataError` for another kind of address.
    """
    file = Path(file)
    if urlsplit(url).scheme not in ("http", "https"):
        raise DataError(f"{url} is not an address of the web: it must begin with http:// or https://.")
    file.parent.mkdir(parents=True, exist_ok=True)
    part, stamp = file.with_name(file.name + ".part"), file.with_name(file.name + ".part-of")
    why = ""
    for attempt in range(tries):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            _attempt(url, part, stamp, timeout, max_bytes, max_seconds)
        except urllib.error.HTTPError as e:
            why = f"{e.code} {e.reason}"
            if e.code == 416:  # the part is not of this file
                part.unlink(missing_ok=True)
            elif e.code < 500 and e.code not in (408, 429):
                break
        except TooLarge:
            raise
        except (OSError, http.client.HTTPException, ValueError) as e:
            reason = getattr(e, "reason", None) or e
            why = str(reason) or type(e).__name__
            if isinstance(reason, (socket.gaierror, ConnectionRefusedError)):
                break  # no network, or nobody there: waiting does not help
        else:
            part.replace(file)
            stamp.unlink(missing_ok=True)
            return file
    raise Unreachable(f"{url} could not be downloaded: {why}.")


def _attempt(
    url: str, part: Path, stamp: Path, timeout: float, max_bytes: int, max_seconds: float | None
) -> None:
    request = urllib.request.Request(quote(url, safe="/:?&=%#+,;@!$'()*[]~"), headers={"User-Agent": AGENT})
    have = part.stat().st_size if part.exists() and stamp.exists() else 0
    if have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", stamp.read_text())
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        goes_on = answer.status == 206 and str(answer.headers.get("Content-Range", "")).startswith(
            f"bytes {have}-"
        )
        at = have if goes_on else 0
        length = answer.headers.get("Content-Length")
        whole = None if length is None else at + int(length)
        if whole is not None and whole > max_bytes:
            raise TooLarge(f"{url} is {whole:,} bytes; at most {max_bytes:,} are taken.")
        _remember(stamp, answer.headers)
        with open(part, "ab" if goes_on else "wb") as out:
            while chunk := answer.read1(CHUNK):
                at += len(chunk)
                if at > max_bytes:
                    part.unlink()
                    raise TooLarge(
                        f"{url} sends more than {max_bytes:,} bytes, which is as many as are taken."
                    )
                out.write(chunk)
                if max_seconds is not None and time.monotonic() - began > max_seconds:
                    raise TimeoutError(f"it took longer than {max_seconds:g} s")
        if whole is not None and at < whole:
            raise ConnectionError(f"the connection ended after {at:,} of {whole:,} bytes")


def _remember(stamp: Path, headers: http.client.HTTPMessage) -> None:
    """Keep what tells whether a later answer is of the same file; without it a part is not gone on with."""
    tag = headers.get("ETag") or ""
    mark = tag if tag and not tag.startswith("W/") else headers.get("Last-Modified")
    if mark:
        stamp.write_text(mark)
    else:
        stamp.unlink(missing_ok=True)
