"""Under which name of the catalog a part of a model file goes."""

from __future__ import annotations

from tipoff.bundle.catalog import CATALOG

_NAMES = {where: name for name, where in CATALOG.items()}


def name_of(part: object) -> str:
    """Such as vision.image@1; for a part of the user's own, its class in small letters."""
    cls = type(part)
    return _NAMES.get(f"{cls.__module__}:{cls.__qualname__}", cls.__name__.lower())
