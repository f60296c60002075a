"""What tipoff raises when something is wrong with what it was given.

TipoffError
├── DataError        a folder, file, row or label is not what it should be
├── SpecError        a pipeline cannot be written to a model file, or a model file cannot be rebuilt
├── BundleError      a model file is damaged, too large, or not a model file
├── NotSetUp         a block is asked for something that it learns from the training data
├── ArchError        there is no such network, or its weights cannot be had
├── UsageError       arguments that do not go together
├── NoSuchAttribute  an object has nothing of that name
└── NoSuchKeyword    a function has no argument of that name

Every message says what was found, where, and what to do. Each class is also the built-in exception
that a caller would expect (`ValueError`, `RuntimeError`, `AttributeError`, `TypeError`), so either can be caught.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class TipoffError(Exception):
    """Base of all errors that tipoff raises on purpose; the message is meant for the user."""


class DataError(TipoffError, ValueError):
    """A folder, file, row or label is not what it should be."""


class SpecError(TipoffError, ValueError):
    """A pipeline cannot be written to a model file, or a model file's pipeline cannot be rebuilt."""


class BundleError(TipoffError, ValueError):
    """A model file is damaged, too large, or not a model file."""


class NotSetUp(TipoffError, RuntimeError):
    """A block is asked for something that it learns from the training data, before it saw any."""


class ArchError(TipoffError, ValueError):
    """There is no network of that name, or its weights cannot be had."""


class UsageError(TipoffError, ValueError):
    """Arguments that do not go together."""


class NoSuchAttribute(TipoffError, AttributeError):
    """An object has nothing of that name."""


class NoSuchKeyword(TipoffError, TypeError):
    """A function has no argument of that name."""


def did_you_mean(name: str, known: Iterable[str], n: int = 3) -> str:
    """A sentence with the nearest of `known`, with a leading space, or nothing.

    >>> did_you_mean("resnet18x", ["resnet18", "vgg16"])
    " Did you mean 'resnet18'?"
    """
    near = get_close_matches(name, list(known), n=n, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(m) for m in near)}?" if near else ""


def some(values: Iterable[object], n: int = 6) -> str:
    """The first `n` values as text, and how many more there are.

    >>> some(range(9), 3)
    '0, 1, 2 and 6 more'
    """
    values = list(values)
    text = ", ".join(str(v) for v in values[:n])
    return f"{text} and {len(values) - n} more" if len(values) > n else text


def need_folder(path: str | Path) -> Path:
    """`path` as an existing folder, or a `DataError` that says what there is instead."""
    path = Path(path)
    if path.is_dir():
        return path
    if path.exists():
        raise DataError(f"{path} is a file; a folder was expected here.")
    parent = next((p for p in path.absolute().parents if p.is_dir()), Path("/"))
    inside = sorted(
        (p for p in parent.iterdir() if not p.name.startswith(".")), key=lambda p: (p.is_file(), p.name)
    )
    names = [p.name + "/" * p.is_dir() for p in inside]
    hint = did_you_mean(path.name, [p.name for p in inside if p.is_dir()], n=1)
    holds = f"holds: {some(names)}" if inside else "is empty"
    raise DataError(f"There is no folder {path}. The nearest folder above it, {parent}, {holds}.{hint}")
