"""Functions and objects as values: the name of a class in a literal table, and the arguments it was made with."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from tipoff.errors import BundleError
from tipoff.spec import Spec

FOLDED = ("size_average", "reduce")  # of torch's losses: `reduction` says both
Table = Mapping[str, "str | Any"]  # "loss.mse_flat@1" -> "module:name", or the thing itself


@dataclass(frozen=True)
class Vector(Spec):
    """A tensor of one axis, such as the weights of classes."""

    values: tuple[float, ...]


@dataclass(frozen=True)
class Named(Spec):
    """What a table calls `name`, with the arguments `keys` set to `values`."""

    name: str
    keys: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()

    @property
    def short(self) -> str:
        """The name without its room and version, for people."""
        return self.name.rpartition(".")[2].partition("@")[0]


def found(table: Table, name: str) -> Any:
    """What `table` calls `name`; None where it has no such name."""
    known = table.get(name)
    if isinstance(known, str):
        module, _, attribute = known.partition(":")
        known = getattr(importlib.import_module(module), attribute)
    return known


def as_named(thing: Any, table: Table) -> Named | None:
    """`thing` as a value: a function or class of `table`, a `partial` of one, or an instance of a class.

    None where `table` does not hold it, or where its arguments are no numbers, strings, tuples or vectors.
    An instance keeps its arguments in attributes of their names.
    """
    if isinstance(thing, partial):
        return _with(thing.func, dict(thing.keywords), table) if not thing.args else None
    if isinstance(thing, type) or inspect.isroutine(thing):
        return _with(thing, {}, table)
    try:
        wanted = list(inspect.signature(type(thing)).parameters.values())
    except (TypeError, ValueError):
        return None
    names = [p.name for p in wanted if p.name not in FOLDED]
    if not all(hasattr(thing, name) for name in names):
        return None
    return _with(type(thing), {name: getattr(thing, name) for name in names}, table)


def _with(made_by: Any, arguments: Mapping[str, Any], table: Table) -> Named | None:
    place = f"{getattr(made_by, '__module__', '')}:{getattr(made_by, '__qualname__', '')}"
    name = next((n for n, known in table.items() if known is made_by or _is(known, made_by, place)), None)
    values = [_plain(v) for v in arguments.values()]
    if name is None or any(v is _NOT for v in values):
        return None
    return Named(name, tuple(arguments), tuple(values))


def _is(known: Any, made_by: Any, place: str) -> bool:
    """Whether the table's "module:name" is `made_by`; torch's classes live elsewhere than where they are imported from."""
    if not isinstance(known, str) or known.partition(":")[2] != place.partition(":")[2]:
        return False
    if known == place:
        return True
    return known.startswith("torch.") and place.startswith("torch") and found({"": known}, "") is made_by


_NOT = object()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Tensor):
        return Vector(tuple(value.detach().cpu().double().tolist())) if value.ndim == 1 else _NOT
    if isinstance(value, (tuple, list)):
        values = tuple(_plain(v) for v in value)
        return _NOT if any(v is _NOT for v in values) else values
    return _NOT


def rebuilt(named: Named, table: Table, *, call: bool) -> Any:
    """The thing that `as_named` made a value of: called with its arguments, or, without `call`, a `partial`.

    Raises `BundleError` where `table` does not name it, or its arguments do not fit.
    """
    made_by = found(table, named.name)
    if made_by is None:
        raise BundleError(
            f"The model was trained with {named.name!r}, which this version of tipoff does not know."
        )
    arguments = {
        k: torch.tensor(v.values) if isinstance(v, Vector) else v
        for k, v in zip(named.keys, named.values, strict=False)
    }
    if not call or not isinstance(made_by, type):
        return partial(made_by, **arguments) if arguments else made_by
    try:
        return made_by(**arguments)
    except Exception as e:  # whatever a class says to odd arguments of a file
        raise BundleError(f"{named.name!r} of the model file cannot be made: {str(e)[:300]}") from None
