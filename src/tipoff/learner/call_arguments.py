"""Arguments that the calls of a learner have in common, checked before anything is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tipoff.arguments import need_number
from tipoff.errors import UsageError


def need_rate(name: str, value: Any) -> Any:
    """A learning rate: a number, `slice(lo, hi)`, one for each group of layers, or what `lr_find` returned.

    >>> need_rate("lr", slice(1e-5, 1e-3))
    slice(1e-05, 0.001, None)
    """
    if hasattr(value, "_fields"):
        return _suggested(name, value)
    if isinstance(value, slice):
        if value.step is not None or value.stop is None:
            raise UsageError(
                f"{name} is {value!r}; a slice of learning rates is slice(1e-3) or slice(1e-5, 1e-3)."
            )
        if value.start is None:
            return slice(None, need_number(name, value.stop, at_least=0))
        return slice(*(need_number(f"each end of {name}", v, above=0) for v in (value.start, value.stop)))
    if hasattr(value, "tolist") and getattr(value, "ndim", 0) == 1:  # of NumPy or PyTorch
        value = value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [need_number(f"{name}[{i}]", v, at_least=0) for i, v in enumerate(value)]
    return need_number(name, value, at_least=0)


def _suggested(name: str, found: Any) -> float:
    """The learning rate among the suggestions of `lr_find`: the valley, or the only one."""
    fields = found._fields
    if "valley" not in fields and len(fields) != 1:
        raise UsageError(f"{name} is {found!r}; pass one of its values, such as .{(*fields, 'valley')[0]}.")
    lr = found.valley if "valley" in fields else found[0]
    if lr is None:
        raise UsageError(
            f"{name} comes from an lr_find that suggested no learning rate; pass a number, such as 1e-3."
        )
    return need_number(name, lr, above=0)


def need_file(name: str, value: Any) -> Path:
    """`value` as the path of a file. Raises `UsageError`."""
    if not isinstance(value, (str, Path)) or not Path(value).name:
        raise UsageError(f"{name} is {value!r}; the name of a file is needed, such as 'stage-1'.")
    return Path(value)
