"""Value objects that can be written to JSON and rebuilt: what a model file is made of."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tipoff.errors import SpecError, did_you_mean

Catalog = Mapping[str, "str | type[Spec]"]  # "category@1" -> "module:Class", or the class itself


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
    """Rebuild what `dump` wrote. Only what the catalog names is ever imported."""
    if isinstance(value, list):
        return tuple(load(v, catalog, f"{where}[{i}]") for i, v in enumerate(value))
    if not isinstance(value, dict):
        return value
    name = value.get("is")
    if not isinstance(name, str) or name not in catalog:
        raise SpecError(
            f"{where} is {name!r}, which this version of tipoff does not know.{did_you_mean(str(name), catalog)} "
            "Install the version that wrote the file, or pass catalog={name: Class} for parts of your own."
        )
    known = catalog[name]
    if isinstance(known, str):
        module, _, attr = known.partition(":")
        known = getattr(importlib.import_module(module), attr)
    cls: type[Spec] = known  # type: ignore[assignment]
    fields = {f.name for f in dataclasses.fields(cls)}
    extra = sorted(set(value) - fields - {"is"})
    if extra:
        raise SpecError(
            f"{where} ({name}) has the unknown field {extra[0]!r}; known are {', '.join(sorted(fields))}."
        )
    try:
        return cls(**{k: load(v, catalog, f"{where}.{k}") for k, v in value.items() if k != "is"})
    except SpecError:
        raise
    except Exception as e:
        raise SpecError(f"{where} ({name}) cannot be rebuilt: {e}") from None


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
