"""Value objects that can be written to JSON and rebuilt: what a model file is made of."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from reprlib import repr as short
from types import NoneType, UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

from tipoff.errors import SpecError, did_you_mean

Catalog = Mapping[str, "str | type[Spec]"]  # "category@1" -> "module:Class", or the class itself
MAX_DEPTH = 50  # of lists and specs within each other


@dataclass(frozen=True)
class Spec:
    """A frozen dataclass whose fields are JSON values, tuples of them, or other specs."""

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed; `self` stays as it is."""
        return dataclasses.replace(self, **changes)


def _path(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


def _names(catalog: Catalog) -> dict[str, str]:
    """From "module:Class" to the newest versioned name."""
    return {(v if isinstance(v, str) else _path(v)): name for name, v in catalog.items()}


def dump(value: Any, catalog: Catalog, where: str = "plan") -> Any:
    """Turn `value` into JSON types; a spec becomes {"is": NAME, field: ...}.

    Raises `SpecError`, naming the place, for anything that a model file cannot hold.
    """
    return _dump(value, _names(catalog), where)


def _dump(value: Any, names: Mapping[str, str], where: str) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise SpecError(f"{where} is {value}, which JSON cannot hold; use a finite number or None.")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (tuple, list)):
        return [_dump(v, names, f"{where}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, Spec):
        cls = type(value)
        if _path(cls) not in names:
            raise SpecError(
                f"{where} is a {cls.__name__}, which the catalog does not name, so a model file cannot hold it. "
                f"Pass catalog={{'my.{cls.__name__.lower()}@1': {cls.__name__}}} to export and to load_learner."
            )
        fields = {
            f.name: _dump(getattr(value, f.name), names, f"{where}.{f.name}")
            for f in dataclasses.fields(value)
        }
        return {"is": names[_path(cls)], **fields}
    called = getattr(value, "__qualname__", type(value).__name__)
    at = getattr(value, "__code__", None)
    place = f" ({at.co_filename}, line {at.co_firstlineno})" if at else ""
    raise SpecError(
        f"{where} is {called}{place}, a {type(value).__name__}; a model file holds numbers, strings, lists and "
        "specs only. Make it a spec: @dataclass(frozen=True) class MyTransform(ItemTransform): ..."
    )


def load(value: Any, catalog: Catalog, where: str = "plan") -> Any:
    """Rebuild what `dump` wrote. Only what the catalog names is ever imported.

    Raises `SpecError`, naming the place, for an unknown name or field, a value of another type than the
    field's annotation, a number that is not finite or has more than 64 bits, and for deep nesting.

    >>> load([1, "a", [2.5, None]], {})
    (1, 'a', (2.5, None))
    """
    return _load(value, catalog, where, MAX_DEPTH)


def _load(value: Any, catalog: Catalog, where: str, depth: int) -> Any:
    if not depth:
        raise SpecError(f"{where[:80]}... is nested more than {MAX_DEPTH} deep.")
    if isinstance(value, list):
        return tuple(_load(v, catalog, f"{where}[{i}]", depth - 1) for i, v in enumerate(value))
    if not isinstance(value, dict):
        return _plain(value, where)
    name, cls = _class(value, catalog, where)
    fields = {f.name: f.type for f in dataclasses.fields(cls)}
    if extra := sorted(set(value) - set(fields) - {"is"}):
        raise SpecError(
            f"{where} ({name}) has the unknown field {short(extra[0])}; known are {', '.join(sorted(fields))}."
        )
    made = {k: _load(v, catalog, f"{where}.{k}", depth - 1) for k, v in value.items() if k != "is"}
    for k, hint in _hints(cls).items():  # type: ignore[arg-type]  # a class is hashable
        if k in made and not _fits(made[k], hint):
            raise SpecError(f"{where}.{k} is {short(made[k])}, and {name} needs {fields[k]} there.")
    try:
        return cls(**made)
    except Exception as e:
        raise SpecError(f"{where} ({name}) cannot be rebuilt: {str(e)[:400]}") from None


def _plain(value: Any, where: str) -> Any:
    """A JSON number, string, truth value or None, if it is one that can be used."""
    if isinstance(value, float) and not math.isfinite(value):
        raise SpecError(f"{where} is {value}; a finite number was expected.")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise SpecError(f"{where} is a number of {value.bit_length()} bits; at most 64 can be used.")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise SpecError(f"{where} is {short(value)}, which is not valid text.") from None
    return value


def _class(value: Mapping[str, Any], catalog: Catalog, where: str) -> tuple[str, type[Spec]]:
    name = value.get("is")
    if not isinstance(name, str) or name not in catalog:
        near = did_you_mean(name[:100], catalog) if isinstance(name, str) else ""
        raise SpecError(
            f"{where} is {short(name)}, which this version of tipoff does not know.{near} "
            "Install the version that wrote the file, or pass catalog={name: Class} for parts of your own."
        )
    known = catalog[name]
    if isinstance(known, str):
        module, _, attr = known.partition(":")
        known = getattr(importlib.import_module(module), attr)
    if not (isinstance(known, type) and issubclass(known, Spec)):
        raise SpecError(f"The catalog's {name!r} is {known!r}; it must be a subclass of Spec.")
    return name, known


@cache
def _hints(cls: type) -> dict[str, Any]:
    """The types of a spec's fields; none where they cannot be found, as for a class made in a function."""
    try:
        return get_type_hints(cls)
    except NameError:
        return {}


def _fits(value: Any, hint: Any) -> bool:
    """Whether a rebuilt value is what an annotation allows; what JSON cannot tell apart is let through."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, h) for h in args)
    if origin is Literal:
        return value in args
    if origin is tuple and args[-1:] != (Ellipsis,):
        return isinstance(value, tuple) and len(value) == len(args) and all(map(_fits, value, args))
    if origin is not None and isinstance(value, tuple):
        return isinstance(value, origin) and all(_fits(v, args[0]) for v in value)
    wanted = hint if origin is None else origin
    if wanted is float:
        return isinstance(value, (int, float))
    return isinstance(value, wanted or NoneType) if isinstance(wanted or NoneType, type) else True


def fingerprint(value: Any) -> str:
    """A short hash of a spec, or of JSON values, that is the same in every process."""

    def plain(v: Any) -> Any:
        if isinstance(v, Spec):
            return {
                "is": _path(type(v)),
                **{f.name: plain(getattr(v, f.name)) for f in dataclasses.fields(v)},
            }
        return [plain(i) for i in v] if isinstance(v, (tuple, list)) else v

    text = json.dumps(plain(value), sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:20]
