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
            raise _no_name(package, name, public)
        return getattr(importlib.import_module(where[name]), name)

    return get, lambda: list(public), public


def missing(module: str, names: Sequence[str]) -> Callable[[str], Any]:
    """Make a module's `__getattr__` that finds nothing, and says the nearest of `names`, or the way of fastai.

    Example:
        >>> __getattr__ = missing("tipoff.errors", ["DataError"])
        >>> __getattr__("DataErorr")
        Traceback (most recent call last):
        AttributeError: module 'tipoff.errors' has no attribute 'DataErorr'. Did you mean 'DataError'?
    """

    def get(name: str) -> Any:
        raise _no_name(module, name, names)

    return get


def _no_name(module: str, name: str, names: Sequence[str]) -> Exception:
    """`AttributeError`; in `from module import name`, where Python would replace its sentence, `ImportError`."""
    if name.startswith("_"):
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    from difflib import get_close_matches

    from tipoff.fastai_names import way

    near = get_close_matches(name, names, 1, 0.75)
    said = way(name) or (f"Did you mean {near[0]!r}?" if near else "")
    if _in_from_import():
        return ImportError(f"cannot import name {name!r} from {module!r}.{said and ' ' + said}", name=name)
    return AttributeError(f"module {module!r} has no attribute {name!r}{said and '. ' + said}")


def _in_from_import() -> bool:
    """Whether the line that asked for a name is `from ... import ...`."""
    import sys
    from dis import opname

    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_name in ("get", "__getattr__"):
        frame = frame.f_back
    return opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM"
