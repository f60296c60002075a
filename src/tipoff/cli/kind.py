"""Which task a model file is of."""

from __future__ import annotations

from tipoff.bundle.predictor import Predictor
from tipoff.errors import UsageError
from tipoff.serve.about import kind_of
from tipoff.serve.names import name_of

KINDS = {"image": "pictures", "row": "tables", "pair": "ratings", "text": "texts"}  # by the first input


def task_of(predictor: Predictor) -> str:
    """pictures, tables, ratings or texts."""
    kind = kind_of(name_of(predictor.plan.inputs[0]))
    if kind not in KINDS:
        raise UsageError(f"The command line has nothing to ask a model of {kind!r}; load it in Python.")
    return KINDS[kind]
