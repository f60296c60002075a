"""Which columns of the tensors come from which columns of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tipoff.tabular.dates import Datepart
from tipoff.tabular.procs import Categorify, FillMissing, Normalize, TabularProc


def derived_from(names: Iterable[str], steps: Sequence[TabularProc]) -> set[str] | None:
    """The columns behind all steps that hang on the raw columns `names`, these among them.

    None where that is not known: a step of your own may mix columns.

    >>> sorted(derived_from(["age"], [FillMissing(names=("age", "pay"), fills=(1.0, 2.0), flags=("age_na", None))]))
    ['age', 'age_na']
    """
    found = set(names)
    for step in steps:
        if type(step) is Datepart:
            if step.column in found:
                found |= {f"{step.prefix or ''}{part}" for part in step.parts}
        elif type(step) is FillMissing:
            pairs = zip(step.names, step.flags, strict=True)
            found |= {flag for name, flag in pairs if flag is not None and name in found}
        elif type(step) not in (Categorify, Normalize):
            return None
    return found
