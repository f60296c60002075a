"""Public functions refuse arguments that their annotations do not allow, with a sentence, before anything begins."""

from __future__ import annotations

import builtins
import collections.abc as abc
import functools
import inspect
import itertools
import operator
import os
import sys
import types
from collections.abc import Callable, Mapping, Sequence  # noqa: F401, the examples name Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

from tipoff.arguments import said
from tipoff.errors import UsageError, did_you_mean
from tipoff.near import keywords_of, no_keyword

T = TypeVar("T")

_ELEMENTS = 100  # of a long list, so many are looked at
_NAMES: dict[Any, str] = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a string",
    bytes: "bytes",
    dict: "a dict",
    type(None): "None",
}


def checked(function: T) -> T:
    """Look at a function's arguments before it runs; of a class, at those of its constructor.

    What fits is generous, as Python is: any sequence for a list or a tuple, NumPy's numbers, which become Python's. An argument
    annotated `Any`, or with a type that only a type checker knows, is not looked at.

    Returns:
        The function, which raises `UsageError` with the argument's name, what it is and what is needed; and `TypeError` with
        the nearest name for a keyword that it does not have.

    Example:
        >>> @checked
        ... def split(valid_pct: float = 0.2, names: Sequence[str] = ()) -> None: ...
        >>> split(valid_pct="a fifth")
        Traceback (most recent call last):
        tipoff.errors.UsageError: valid_pct is 'a fifth'; a number is needed.
    """
    if isinstance(function, type):
        setattr(function, "__init__", checked(vars(function)["__init__"]))  # noqa: B010, mypy refuses the plain way
        return function
    return cast(T, _checked(cast(Callable[..., Any], function)))


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(function)
    kinds = signature.parameters.values()
    in_order = [p.name for p in kinds if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    open_ended = any(p.kind is p.VAR_KEYWORD for p in kinds)

    @functools.cache
    def hints() -> dict[str, Any]:
        given = {p.name: p.annotation for p in kinds if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
        return {name: hint for name, a in given.items() if (hint := _evaluated(a, function)) is not Any}

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not open_ended and (unknown := [k for k in kwargs if k not in signature.parameters]):
            raise no_keyword(function.__qualname__.removesuffix(".__init__"), unknown, keywords_of(function))
        wanted = hints()

        def looked_at(name: str, value: Any) -> Any:
            if name not in wanted or value is signature.parameters[name].default:
                return value
            if not fits(value, wanted[name]):
                near = did_you_mean(value, _words(wanted[name]), 1) if isinstance(value, str) else ""
                raise UsageError(f"{name} is {said(value)}; {wording(wanted[name])} is needed.{near}")
            return value.item() if _is_of_numpy(value) else value

        first = [looked_at(name, value) for name, value in zip(in_order, args, strict=False)]
        rest = {k: looked_at(k, v) for k, v in kwargs.items()}
        return function(*first, *args[len(first) :], **rest)

    return call


class _Named(type):
    """A class that is known by its name: its package need not be there, and is not imported for a check."""

    def __instancecheck__(cls, value: object) -> bool:
        return any(c.__name__ == cls.__name__ for c in type(value).__mro__)


_BY_NAME = {name: _Named(name, (), {}) for name in ("DataFrame", "Series", "Axes", "Learner")}


def _evaluated(annotation: Any, function: Callable[..., Any]) -> Any:
    """An annotation as a type; Any where there is none, or where it names what only a type checker imports."""
    if annotation is inspect.Parameter.empty:
        return Any
    if not isinstance(annotation, str):
        return annotation
    scope = {**vars(builtins), **_BY_NAME, **getattr(sys.modules.get(function.__module__), "__dict__", {})}
    try:
        return eval(annotation, scope)  # the function's own source, as typing.get_type_hints does
    except (NameError, TypeError, AttributeError):
        return Any


def fits(value: Any, hint: Any) -> bool:
    """Whether a value may be given where `hint` is asked for.

    >>> fits(3, float), fits(True, int), fits("abc", list[str]), fits((1, 2.5), tuple[float, float])
    (True, False, False, True)
    """
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any or isinstance(hint, (TypeVar, str)):
        return True
    if hint is None or hint is type(None):
        return value is None
    if origin in (Union, types.UnionType):
        return any(fits(value, a) for a in args)
    if origin is Literal:
        return any(value is a or (type(value) is type(a) and value == a) for a in args)
    if origin is type:
        return isinstance(value, type)
    if origin is not None:
        return _is_a(value, origin) and _elements_fit(value, origin, args)
    return _is_a(value, hint)


def _is_a(value: Any, kind: Any) -> bool:
    if kind is bool:
        return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool") or (type(value) is int and value in (0, 1))
    if kind is int:
        return not _is_truth(value) and _is_single(value) and _is_whole(value)
    if kind is float:
        return _is_number(value)
    if kind is str:
        return isinstance(value, str)
    if kind in (Path, os.PathLike):
        return isinstance(value, os.PathLike)
    if kind is abc.Callable:
        return callable(value)
    if kind in (abc.Sequence, list, tuple):
        is_list = hasattr(value, "__len__") and hasattr(value, "__getitem__") and getattr(value, "ndim", 1) == 1
        return is_list and not isinstance(value, (str, bytes, Mapping))
    if kind in (abc.Iterable, abc.Collection):
        sized = kind is abc.Iterable or hasattr(value, "__len__")
        return sized and hasattr(value, "__iter__") and not isinstance(value, (str, bytes))
    if kind is dict:
        return isinstance(value, Mapping)
    try:
        return isinstance(value, kind)
    except TypeError:  # a protocol: only a type checker can tell
        return True


def _elements_fit(value: Any, origin: Any, args: tuple[Any, ...]) -> bool:
    if origin is tuple and args and args[-1] is not Ellipsis:
        return len(value) == len(args) and all(fits(v, a) for v, a in zip(value, args, strict=True))
    if origin in (list, tuple, abc.Sequence, abc.Iterable, abc.Collection) and hasattr(value, "__len__"):
        return all(fits(v, args[0]) for v in itertools.islice(value, _ELEMENTS))
    return True


def _is_of_numpy(value: Any) -> bool:
    """Whether it is one of NumPy's scalars."""
    return type(value).__module__ == "numpy" and hasattr(value, "item") and getattr(value, "shape", None) == ()


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ == "bool_"


def _is_whole(value: Any) -> bool:
    try:
        operator.index(value)
    except (TypeError, ValueError, RuntimeError):  # a tensor of floats, say
        return False
    return True


def _is_single(value: Any) -> bool:
    return getattr(value, "ndim", 0) == 0


def _is_number(value: Any) -> bool:
    """A number that is one: not a truth value, an array, a string, or NaN."""
    if _is_truth(value) or isinstance(value, (str, bytes)) or not hasattr(value, "__float__") or not _is_single(value):
        return False
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return False
    return number == number


def _words(hint: Any) -> list[str]:
    """The words that may be given."""
    if get_origin(hint) is Literal:
        return [a for a in get_args(hint) if isinstance(a, str)]
    return [word for a in get_args(hint) for word in _words(a)]


def wording(hint: Any) -> str:
    """What is needed, in words.

    >>> wording(float | None), wording(Sequence[str] | str), wording(Literal["L", "RGB"])
    ('a number or None', 'a list of strings or a string', "'L' or 'RGB'")
    """
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(wording(a) for a in args))
    if origin is Literal:
        return " or ".join(repr(a) for a in args)
    if origin is tuple and args and args[-1] is not Ellipsis:
        return f"({', '.join(wording(a) for a in args)})"
    kind = origin or hint
    if kind in (abc.Sequence, abc.Iterable, abc.Collection, list, tuple):
        inner = wording(args[0]) if args and args[0] is not Any else ""
        plural = {"a number": "numbers", "a whole number": "whole numbers", "a string": "strings", "a path": "paths", "True or False": "booleans"}
        return f"a list of {plural[inner]}" if inner in plural else "a list"
    if kind in (Path, os.PathLike):
        return "a path"
    if kind is abc.Callable:
        return "a function"
    if kind is type:
        return "a class"
    name = _NAMES.get(kind) or str(getattr(kind, "__name__", kind))
    return name if kind in _NAMES or name.endswith("s") else f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
