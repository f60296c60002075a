"""Arguments of public functions, looked at before anything begins: what does not fit is said in a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from tipoff.errors import UsageError, did_you_mean


def need_number(
    name: str, value: Any, *, above: float | None = None, at_least: float | None = None, at_most: float | None = None
) -> float:
    """`value` as a finite float within the bounds.

    Raises `UsageError` that names the argument, what it is and what it may be.

    >>> need_number("lr", 1e-3, above=0)
    0.001
    """
    wanted = _bounds("a number", above, at_least, at_most)
    if isinstance(value, bool) or not hasattr(value, "__float__") or isinstance(value, str):
        raise UsageError(f"{name} is {said(value)}; {wanted} is needed.")
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):  # a tensor of several numbers, say
        raise UsageError(f"{name} is {said(value)}; {wanted} is needed.") from None
    inside = (
        math.isfinite(number)
        and (above is None or number > above)
        and (at_least is None or number >= at_least)
        and (at_most is None or number <= at_most)
    )
    if not inside:
        raise UsageError(f"{name} is {said(value)}; {wanted} is needed.")
    return number


def need_whole(name: str, value: Any, *, at_least: int | None = None, at_most: int | None = None) -> int:
    """`value` as an int within the bounds. Raises `UsageError`.

    >>> need_whole("bs", 64, at_least=1)
    64
    """
    wanted = _bounds("a whole number", None, at_least, at_most)
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise UsageError(f"{name} is {said(value)}; {wanted} is needed.")
    number = int(value.__index__())
    if (at_least is not None and number < at_least) or (at_most is not None and number > at_most):
        raise UsageError(f"{name} is {said(value)}; {wanted} is needed.")
    return number


def need_one_of(name: str, value: Any, known: Iterable[str]) -> str:
    """`value`, one of the words `known`. Raises `UsageError` with the nearest one."""
    known = list(known)
    if not isinstance(value, str) or value not in known:
        near = did_you_mean(value, known) if isinstance(value, str) else ""
        raise UsageError(f"{name} is {said(value)}; it is one of {', '.join(known)}.{near}")
    return value


def need_numbers(name: str, value: Any, n: int, *, at_least: float | None = None, at_most: float | None = None) -> None:
    """Raise `UsageError` unless `value` holds `n` numbers within the bounds."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != n:
        raise UsageError(f"{name} is {said(value)}; {n} numbers are needed.")
    for i, v in enumerate(value):
        need_number(f"{name}[{i}]", v, at_least=at_least, at_most=at_most)


def _bounds(what: str, above: float | None, at_least: float | None, at_most: float | None) -> str:
    low = f"above {above:g}" if above is not None else f"of {at_least:g} or more" if at_least is not None else ""
    if at_most is None:
        return f"{what} {low}".strip()
    if at_least is not None:
        return f"{what} from {at_least:g} to {at_most:g}"
    return f"{what} {low + ' and ' if low else ''}up to {at_most:g}"


def said(value: Any) -> str:
    """A value as a message shows it: as it is written, or its type where that is long.

    >>> said("0.2"), said(list(range(99)))
    ("'0.2'", 'a list')
    """
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"
