"""JSON as a file of a stranger may hold it: numbers and texts that everything behind can use."""

from __future__ import annotations

import json
import math
from typing import Any


def read_json(raw: bytes | str) -> Any:
    """The values in a JSON text of UTF-8. Raises `ValueError` for what `need_plain` refuses too.

    >>> read_json(b'{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}
    """
    try:
        value = json.loads(raw if isinstance(raw, str) else raw.decode("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    need_plain(value)
    return value


def need_plain(value: Any) -> None:
    """Raise `ValueError` for an infinite number, and for half of a surrogate pair, which no screen and no page can show."""
    rest = [value]
    while rest:
        v = rest.pop()
        if isinstance(v, dict):
            rest += [*v.keys(), *v.values()]
        elif isinstance(v, list):
            rest += v
        elif isinstance(v, float) and not math.isfinite(v):
            raise ValueError(f"it holds the number {v}")
        elif isinstance(v, str) and not v.isascii():
            try:
                v.encode()
            except UnicodeEncodeError:
                raise ValueError("it holds half of a surrogate pair, which is no text") from None
