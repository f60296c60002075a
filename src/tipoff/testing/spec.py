"""The contract of everything that a model file holds."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from tipoff.bundle.catalog import CATALOG
from tipoff.spec import Catalog, Spec, dump, fingerprint, load
from tipoff.testing.promise import promise


def catalog_with(spec: Spec, catalog: Catalog | None = None) -> dict[str, Any]:
    """tipoff's catalog and `catalog`; with names made up for classes of `spec` that neither knows."""
    names: dict[str, Any] = {**CATALOG, **(catalog or {})}
    known = {v if isinstance(v, str) else f"{v.__module__}:{v.__qualname__}" for v in names.values()}
    for part in _parts(spec):
        cls = type(part)
        if f"{cls.__module__}:{cls.__qualname__}" not in known:
            names[f"checked.{cls.__qualname__}@1"] = cls
    return names


def _parts(value: Any) -> list[Spec]:
    if isinstance(value, (tuple, list)):
        return [p for v in value for p in _parts(v)]
    if not isinstance(value, Spec):
        return []
    return [value, *(p for f in dataclasses.fields(value) for p in _parts(getattr(value, f.name)))]


def check_spec(spec: Spec, catalog: Catalog | None = None) -> None:
    """A value: frozen, comparable, the same after a round trip through JSON. Promises:

    - it is a frozen dataclass: no field can be set, and it can be hashed;
    - `replace()` gives an equal copy and leaves `self` alone;
    - `dump`, JSON text and `load` give an equal value of the same class, with the same fingerprint.

    Raises `AssertionError` for a broken promise.

    >>> from tipoff.data.target import CategoryBlock
    >>> check_spec(CategoryBlock(vocab=("cat", "dog")))
    """
    called = type(spec).__name__
    for f in dataclasses.fields(spec):
        try:
            setattr(spec, f.name, getattr(spec, f.name))
        except dataclasses.FrozenInstanceError:
            continue
        raise AssertionError(f"{called}.{f.name} can be set: make the class @dataclass(frozen=True).")
    hash(spec)
    promise(spec.replace() == spec, f"{called}.replace() gives a value that is not equal.")
    names = catalog_with(spec, catalog)
    text = json.dumps(dump(spec, names), allow_nan=False)
    again = load(json.loads(text), names)
    promise(type(again) is type(spec), f"{called} comes back from JSON as a {type(again).__name__}.")
    promise(again == spec, f"{called} comes back from JSON as {again}, and was {spec}.")
    promise(fingerprint(again) == fingerprint(spec), f"The fingerprint of {called} changed over JSON.")
