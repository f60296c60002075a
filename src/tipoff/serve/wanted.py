"""Long answers are given up when nobody waits for them any more."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from tipoff.errors import TipoffError

T = TypeVar("T")
_wanted: ContextVar[Callable[[], bool] | None] = ContextVar("tipoff_wanted", default=None)


class Unwanted(TipoffError):
    """Nobody waits for the answer any more."""


def while_wanted(wanted: Callable[[], bool], call: Callable[..., T]) -> Callable[..., T]:
    """`call`, in which `go_on` asks `wanted`; it may run in another thread."""

    def run(*args: Any) -> T:
        token = _wanted.set(wanted)
        try:
            return call(*args)
        finally:
            _wanted.reset(token)

    return run


def go_on() -> None:
    """Raise `Unwanted` where nobody waits for what is being computed; to be called between the parts of long work."""
    wanted = _wanted.get()
    if wanted is not None and not wanted():
        raise Unwanted
