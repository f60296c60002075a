"""Names of a package that are imported when first used (PEP 562)."""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers read it; `import tipoff` does without importing typing
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any


def attach(
    package: str, places: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make the module functions that import each public name of a package when it is first used.

    Args:
        package: The package's name, as in `__name__`.
        places: For each module, the names that it defines. A type checker does not read it: list the same imports under
            `if TYPE_CHECKING:`.

    Returns:
        `__getattr__`, `__dir__` and `__all__` for the package.

    Example:
        >>> __getattr__, __dir__, __all__ = attach("tipoff.errors", {"tipoff.errors": ["DataError"]})
        >>> __all__
        ['DataError']
    """
    where = {name: module for module, names in places.items() for name in names}
    public = sorted(where)

    def get(name: str) -> Any:
        import importlib

        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}{_hint(name, public)}")
        return getattr(importlib.import_module(where[name]), name)

    return get, lambda: list(public), public


def _hint(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = [] if name.startswith("_") else get_close_matches(name, names, 1, 0.75)
    return f". Did you mean {near[0]!r}?" if near else ""
