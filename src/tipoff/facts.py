"""What a model file says of its training, as it may be shown: facts are JSON that anybody may have written."""

from __future__ import annotations

from collections.abc import Mapping
from reprlib import repr as short
from typing import Any

NUMBERS = ("items", "mattered")  # of names: numbers
RESULTS = "figures"  # of names: numbers, texts or None
TEXTS = ("result", "sure", "task", "arch", "weights", "licence", "date", "tipoff", "off", "range")


def shown_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with each in the form that it is shown in: what should be a text is one, and odd tables are left out.

    >>> shown_facts({"result": ["odd"], "items": {"train": 9, "valid": []}, "mine": 1})
    {'result': "['odd']", 'items': {'train': 9}, 'mine': 1}
    """
    made = dict(facts)
    for name in TEXTS:
        if made.get(name) is not None and not isinstance(made[name], str):
            made[name] = short(made[name])
    for name in (*NUMBERS, RESULTS):
        if name in made:
            table = made[name] if isinstance(made[name], dict) else {}
            kinds = (int, float) if name in NUMBERS else (int, float, str, type(None))
            made[name] = {k: v for k, v in table.items() if isinstance(v, kinds)}
    if not isinstance(made.get("baseline", ""), (str, int, float)):
        made["baseline"] = short(made["baseline"])
    return made
