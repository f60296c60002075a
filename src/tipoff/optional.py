"""Packages that are not always there ask politely."""

from __future__ import annotations

import importlib
from types import ModuleType


def need(module: str, what: str, package: str) -> ModuleType:
    """Import `module`, or say that `what` needs it and how to install `package`.

    >>> need("json", "this example", "json").dumps([1])
    '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as e:
        if e.name is None or module.partition(".")[0] != e.name.partition(".")[0]:
            raise
        raise ModuleNotFoundError(f"{what} needs {e.name}: pip install '{package}'", name=e.name) from None
