"""What was done silently is said in one line: rows left out, sizes cut, a setting chosen.

A note goes to standard error unless somebody listens: the command line shows notes in its own way,
a test collects them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("tipoff_notes", default=None)
_said: set[str] = set()


def note(text: str, *, once: bool = False) -> None:
    """Tell the user `text`; with `once`, only the first time in this process."""
    if once:
        if text in _said:
            return
        _said.add(text)  # nothing else is kept: a server says more than fits into memory
    listener = _listener.get()
    if listener is None:
        print(f"note  {text}", file=sys.stderr)
    else:
        listener(text)


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Hand every note said inside the block to `listener`.

    >>> heard = []
    >>> with listening(heard.append):
    ...     note("2 files are not pictures and were left out")
    >>> heard
    ['2 files are not pictures and were left out']
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
