"""How probabilities become an answer: for a program a dict of JSON values, for a person a sentence.

Works on plain numbers and imports nothing heavy, so that a model answers alike in PyTorch, in onnxruntime, on
the command line and on the page.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CLOSE = 1 / 3  # of the highest probability: the second is named with it from there on
SHOWN = 6  # classes in a summary


def percent(share: float) -> str:
    """A probability in [0, 1] in words: whole percents, and never more certain than it is.

    >>> percent(0.958), percent(0.9973), percent(0.9999), percent(0.002)
    ('96 %', '99.7 %', 'over 99.9 %', 'under 1 %')
    """
    if share > 0.999:
        return "over 99.9 %"
    if share >= 0.99:
        return f"{100 * share:.1f} %"
    return f"{100 * share:.0f} %" if share >= 0.01 else "under 1 %"


def number(value: float) -> str:
    """A number as a person writes it: four digits that count, and all those before the point.

    >>> number(71.25), number(206855.8), number(0.04567), number(-3.0)
    ('71.25', '206,856', '0.04567', '-3')
    """
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def json_value(value: Any) -> Any:
    """`value` as JSON has it: arrays and tensors as lists, no number for NaN, what else there is as text.

    >>> json_value({1: (2.5, None), "when": complex(1, 2)})
    {'1': [2.5, None], 'when': '(1+2j)'}
    """
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(k): json_value(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [json_value(v) for v in value]
    as_list = getattr(value, "tolist", None)
    return json_value(as_list()) if callable(as_list) else str(value)


def likely(probabilities: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Whom to name where an answer is not sure: the most probable class, and the second where it is close.

    Args:
        probabilities: Names and probabilities, the highest first.

    >>> likely([("dog", 0.55), ("cat", 0.4)]), likely([("dog", 0.82), ("cat", 0.1)])
    ([('dog', 0.55), ('cat', 0.4)], [('dog', 0.82)])
    """
    best = list(probabilities)[:2]
    return best if len(best) == 2 and best[1][1] >= CLOSE * best[0][1] else best[:1]


def unsure(probabilities: Iterable[tuple[str, float]]) -> str:
    """What is said where an answer is not sure, without that word.

    >>> unsure([("dog", 0.55), ("cat", 0.4)]), unsure([("dog", 0.82), ("cat", 0.1)])
    ('dog 55 %, cat 40 %', 'probably dog, 82 %')
    """
    named = likely(probabilities)
    if len(named) == 1:
        return f"probably {named[0][0]}, {percent(named[0][1])}"
    return ", ".join(f"{name} {percent(p)}" for name, p in named)


def counted_answers(sure: Counter[str], not_sure: Counter[str]) -> str:
    """Any number of answers in a phrase: how often each class, and of how many the model is not sure.

    >>> counted_answers(Counter(No=49, Yes=1), Counter())
    'No 49, Yes 1'
    >>> counted_answers(Counter(No=30), Counter(No=12, Yes=6)), counted_answers(Counter(), Counter(No=3))
    ('30 sure (No 30), 18 not sure (most likely No 12, Yes 6)', '0 sure, 3 not sure (most likely No 3)')
    """
    if not not_sure:
        return _counts(sure)
    n_sure = f"{sure.total():,} sure" + (f" ({_counts(sure)})" if sure else "")
    return f"{n_sure}, {not_sure.total():,} not sure (most likely {_counts(not_sure)})"


def _counts(labels: Counter[str]) -> str:
    best = labels.most_common()
    more = f" and {len(best) - SHOWN} more" if len(best) > SHOWN else ""
    return ", ".join(f"{label} {n:,}" for label, n in best[:SHOWN]) + more


def _in_order(prob: Sequence[float]) -> list[int]:
    """Positions, the most probable first; of equals, the first."""
    return sorted(range(len(prob)), key=lambda i: -prob[i])


@dataclass(frozen=True)
class Category:
    """One of `names`; below the probability `sure_above`, in [0, 1], the answer is "not sure".

    >>> Category(("cat", "dog"), 0.6).sentence([0.958, 0.042])
    'cat, 96 %'
    >>> Category(("cat", "dog"), 0.6).sentence([0.45, 0.55])
    'not sure: dog 55 %, cat 45 %'
    >>> Category(("cat", "dog"), 0.9).sentence([0.18, 0.82])
    'not sure: probably dog, 82 %'
    """

    names: tuple[Any, ...]
    sure_above: float = 0.0

    def answer(self, prob: Sequence[float]) -> dict[str, Any]:  # C numbers
        """`label`, its `probability`, whether that is `sure`, and all `probabilities`, the highest first."""
        order = _in_order(prob)
        best = float(prob[order[0]])
        return {
            "label": self.names[order[0]],
            "probability": best,
            "sure": best >= self.sure_above,
            "probabilities": {str(self.names[i]): float(prob[i]) for i in order},
        }

    def sentence(self, prob: Sequence[float]) -> str:
        order = _in_order(prob)
        if prob[order[0]] >= self.sure_above:
            return f"{self.names[order[0]]}, {percent(prob[order[0]])}"
        return "not sure: " + unsure((str(self.names[i]), float(prob[i])) for i in order)


@dataclass(frozen=True)
class MultiCategory:
    """Any number of `names`: those with a probability over `threshold`."""

    names: tuple[Any, ...]
    threshold: float = 0.5

    def labels(self, prob: Sequence[float]) -> list[Any]:
        """The names that count as yes, in their own order."""
        return [name for name, p in zip(self.names, prob, strict=True) if p > self.threshold]

    def answer(self, prob: Sequence[float]) -> dict[str, Any]:  # C numbers
        """`labels`, and all `probabilities`, the highest first."""
        return {
            "labels": self.labels(prob),
            "probabilities": {str(self.names[i]): float(prob[i]) for i in _in_order(prob)},
        }

    def sentence(self, prob: Sequence[float]) -> str:
        return ", ".join(map(str, self.labels(prob))) or "none of them"


@dataclass(frozen=True)
class Regression:
    """A number, or several, in `unit`.

    >>> Regression("kg").sentence([71.25])
    '71.25 kg'
    >>> Regression().sentence([206855.8])
    '206,856'
    """

    unit: str = ""

    def answer(self, numbers: Sequence[float]) -> dict[str, Any]:
        """`value`: a number, or a list of them."""
        values = [float(v) for v in numbers]
        return {"value": values[0] if len(values) == 1 else values}

    def sentence(self, numbers: Sequence[float]) -> str:
        return f"{', '.join(number(float(v)) for v in numbers)} {self.unit}".rstrip()


Answer = Category | MultiCategory | Regression
