"""Names that are not there: the nearest one, or what does the same as fastai's, said in a sentence."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from tipoff.errors import NoSuchAttribute, NoSuchKeyword, did_you_mean
from tipoff.fastai_names import ATTRIBUTES, KEYWORDS
from tipoff.notes import note

P = ParamSpec("P")
R = TypeVar("R")


def no_attribute(thing: Any, name: str, of: str) -> AttributeError:
    """The error for `thing.name`, which Python did not find: with the way of fastai's `of`, or the nearest name.

    Where a property of `thing` raised `AttributeError` itself, that error.

    Example:
        >>> raise no_attribute(1, "to_byte", "int")
        Traceback (most recent call last):
        tipoff.errors.NoSuchAttribute: A int has no 'to_byte'. Did you mean 'to_bytes'?
    """
    if name.startswith("_"):  # asked for by copy, pickle and IPython
        return AttributeError(f"{type(thing).__name__!r} object has no attribute {name!r}")
    if hasattr(type(thing), name):
        try:
            object.__getattribute__(thing, name)
        except AttributeError as e:
            return e
    if (way := ATTRIBUTES.get(of, {}).get(name)) is not None:
        said = f" In fastai it has; here: {way}."
    else:
        said = did_you_mean(name, [n for n in dir(thing) if not n.startswith("_")], n=1)
    return NoSuchAttribute(f"A {type(thing).__name__} has no {name!r}.{said}")


def note_near(thing: Any, name: str, known: Iterable[str]) -> None:
    """Note that `thing.name`, which is set for the first time, may be meant to be one of `known`."""
    if name.startswith("_") or name in known or hasattr(type(thing), name):
        return
    if near := get_close_matches(name, list(known), 1, 0.8):
        note(f"{name} is a new attribute of this {type(thing).__name__}, which nothing reads; did you mean {near[0]!r}?")


def names_keywords(*also: str | Callable[..., Any]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function say the nearest name, or the way of fastai, where it is called with a keyword that it has not.

    Args:
        *also: What its `**kwargs` take: names, or functions whose keywords they are.

    Returns:
        A decorator. The function then raises `NoSuchKeyword`, a `TypeError`, before anything is done.

    Example:
        >>> @names_keywords()
        ... def train(n_epoch, lr=0.1): ...
        >>> train(1, lrr=0.1)
        Traceback (most recent call last):
        tipoff.errors.NoSuchKeyword: train() has no argument 'lrr'. Did you mean 'lr'?
    """

    def decorate(f: Callable[P, R]) -> Callable[P, R]:
        known = [*keywords_of(f), *(n for a in also for n in ([a] if isinstance(a, str) else keywords_of(a)))]
        accepted = frozenset(known)

        @wraps(f)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            if not accepted.issuperset(kwargs):
                raise no_keyword(_called(f, args), set(kwargs) - accepted, known)
            return f(*args, **kwargs)

        checked._accepted = known  # type: ignore[attr-defined]
        return checked

    return decorate


def keywords_of(f: Callable[..., Any]) -> list[str]:
    """The names that `f` may be called with, without `self` and `cls`; of a function decorated here, what its `**kwargs` take, too."""
    plain = getattr(f, "__func__", f)
    if (accepted := getattr(plain, "_accepted", None)) is not None:
        return list(accepted)
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [n for n, p in inspect.signature(plain).parameters.items() if p.kind in named and n not in ("self", "cls")]


def _called(f: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """What the user called: of `__init__`, the class."""
    return type(args[0]).__name__ if f.__name__ == "__init__" else f.__qualname__


def no_keyword(called: str, unknown: Iterable[str], known: Iterable[str]) -> TypeError:
    """The error for the first of the keywords `unknown`."""
    name = min(unknown)
    if (way := KEYWORDS.get(name)) is not None:
        said = f" In fastai it has; here: {way}."
    else:
        said = did_you_mean(name, known, n=1)
    return NoSuchKeyword(f"{called}() has no argument {name!r}.{said}")
