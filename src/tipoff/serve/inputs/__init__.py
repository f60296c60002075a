"""From the bytes of an upload to what a model takes: one module a kind of input, named as `About.input`.

Those of pictures have `memory(data, name, max_pixels)`, `decode` of the same, and `box(value, item_tfms)`; `row`, `text` and `pair`
have `decode(data, name)`.
"""

from __future__ import annotations

import importlib
from pkgutil import iter_modules
from types import ModuleType

from tipoff.errors import BundleError, some


def input_of(kind: str) -> ModuleType:
    """The module for a kind of input. Raises `BundleError` for one that cannot be served yet."""
    known = [m.name for m in iter_modules(__path__)]
    if kind not in known:
        raise BundleError(f"Models of the input {kind!r} cannot be served yet; these can: {some(known)}.")
    return importlib.import_module(f"{__name__}.{kind}")
