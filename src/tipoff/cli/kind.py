"""Which task a model file is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tipoff.errors import UsageError

if TYPE_CHECKING:
    from tipoff.bundle.predictor import Predictor

KINDS = {"image": "pictures", "row": "tables", "pair": "ratings", "text": "texts"}  # by the first input


def task_of(predictor: Predictor) -> str:
    """pictures, tables, ratings or texts."""
    from tipoff.serve.about import kind_of
    from tipoff.serve.names import name_of

    kind = kind_of(name_of(predictor.plan.inputs[0]))
    if kind not in KINDS:
        raise UsageError(f"The command line has nothing to ask a model of {kind!r}; load it in Python.")
    return KINDS[kind]
