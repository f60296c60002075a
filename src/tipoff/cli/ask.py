"""Answers from a server: `tipoff predict --url`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from tipoff.errors import DataError, UsageError

AT_ONCE, TRIES, SECONDS = 4, 20, 60.0
LARGE = 1 << 20  # bytes, from which on a server may hang up before it has read all
OF_THE_REQUEST = ("file", "row", "milliseconds")  # in an answer, and not of the model
Answer = dict[str, Any]
Item = Path | str  # a file, or a text itself


class TooLarge(DataError):
    """A request that holds more than the server takes at once."""


class Remote:
    """A served model at `url`, such as http://localhost:8000 or http://host/things.

    `about` is its card, `input` the kind of what it is asked about: image, row, text or pair. Raises `UsageError` where there
    is no server of tipoff, or it asks for another token.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise UsageError(f"--url is the address of a server, such as http://localhost:8000, not {url!r}.")
        self.url = url.rstrip("/")
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        about = self._json(Request(f"{self.url}/card.json", headers=self.headers))
        if "classes" not in about:
            raise UsageError(f"{self.url} is no server of tipoff.")
        self.about, self.input = about, str(about.get("input", "image"))
        self.names = [str(n) for n in about["classes"]]

    def stream(self, items: Sequence[Item]) -> Iterator[tuple[Item, Answer | DataError]]:
        """(item, answer) of each in order, (item, the error) where there is none; a few are asked for at once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from zip(items, pool.map(self._ask, items), strict=True)

    def _ask(self, item: Item) -> Answer | DataError:
        try:
            data = item.read_bytes() if isinstance(item, Path) else json.dumps({"text": item}).encode()
        except OSError as e:
            return DataError(f"{item} cannot be read: {e.strerror or e}.")
        name = item.name if isinstance(item, Path) else ""
        try:
            answer: Answer = self.ask(data, name)["answers"][0]
        except DataError as e:
            return e
        if "error" in answer:
            return DataError((str(item) if name else "") + str(answer["error"]).removeprefix(name))
        return {k: v for k, v in answer.items() if k not in OF_THE_REQUEST}

    def ask(self, data: bytes, name: str = "") -> dict[str, Any]:
        """What the server says of a file called `name`, or of a body of JSON: `answers`, and perhaps `notes`.

        Raises `DataError` where it refuses, `TooLarge` where it refuses because of the size.
        """
        kind = "application/octet-stream" if name else "application/json"
        address = f"{self.url}/predict" + (f"?name={quote(name)}" if name else "")
        return self._json(Request(address, data, {**self.headers, "Content-Type": kind}))

    def _json(self, request: Request) -> dict[str, Any]:
        """What the server says; a busy one is asked again when it says so."""
        for _ in range(TRIES):
            try:
                with urlopen(request, timeout=SECONDS) as reply:
                    made: dict[str, Any] = json.load(reply)
                    return made
            except HTTPError as e:
                said = _body(e)
                if e.code == 503:
                    time.sleep(min(float(e.headers.get("Retry-After") or 1), 10))
                elif "answers" in said:
                    return said
                elif e.code in (401, 404):
                    why = said.get("error") or "there is no model at this address"
                    raise UsageError(f"{self.url}: {why}") from None
                else:
                    why = str(said.get("error") or f"The server answered {e.code}.")
                    raise (TooLarge if e.code == 413 else DataError)(why) from None
            except json.JSONDecodeError:
                raise UsageError(f"{self.url} is no server of tipoff: its answer is not JSON.") from None
            except (URLError, OSError) as e:
                why = getattr(e, "reason", e)
                n = len(request.data) if isinstance(request.data, bytes) else 0
                if isinstance(why, (ConnectionResetError, BrokenPipeError)) and n >= LARGE:
                    raise TooLarge(
                        f"{self.url} hung up on a request of {n / 2**20:,.0f} MB, as a server does that takes less at once: "
                        "tipoff serve --max-upload MB lets it take more."
                    ) from None
                raise UsageError(
                    f"There is no answer from {self.url} ({why}). Is tipoff serve running there?"
                ) from None
        raise DataError("The server was too busy to answer.")


def _body(e: HTTPError) -> dict[str, Any]:
    try:
        said = json.load(e)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
