"""What the JSON of a tokenizer may hold in a model file: nothing that makes a short text long, or takes for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tipoff.errors import SpecError

MAX_GROWTH = 256  # of a text, by all replacements one after the other
MAX_STEPS = 100
MAX_PATTERN = 2_000  # characters of a regular expression
MAX_SPARE_IDS = 100_000  # numbers of tokens beyond four times as many as there are


def check_tokenizer(text: str) -> None:
    """Raise `SpecError` for a tokenizer that multiplies texts, or whose regular expressions could run for ever."""
    try:
        made = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise SpecError(f"The tokenizer is not JSON: {str(e)[:200]}.") from None
    if not isinstance(made, dict):
        raise SpecError("The tokenizer is no object of JSON.")
    steps = [
        s
        for part in ("normalizer", "pre_tokenizer", "post_processor", "decoder")
        for s in _steps(made.get(part))
    ]
    if len(steps) > MAX_STEPS:
        raise SpecError(f"The tokenizer has {len(steps):,} steps; at most {MAX_STEPS} are taken.")
    growth = 1.0
    for step in steps:
        growth *= _growth(step)
        for pattern in _patterns(step):
            _check_pattern(pattern)
    if growth > MAX_GROWTH:
        raise SpecError(f"The replacements of the tokenizer make a text up to {growth:,.0f} times as long.")


def check_ids(index: dict[str, int]) -> None:
    """Raise `SpecError` where a token's number is far beyond how many tokens there are."""
    most = 4 * len(index) + MAX_SPARE_IDS
    if max(index.values(), default=0) > most:
        raise SpecError(
            f"The tokenizer has {len(index):,} tokens, and numbers them up to {max(index.values()):,}."
        )


def _steps(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "type" in part:
            yield part
        for value in part.values():
            yield from _steps(value)
    elif isinstance(part, list):
        for value in part:
            yield from _steps(value)


def _growth(step: dict[str, Any]) -> float:
    """How many times as long a text can become."""
    put_in = step.get("content", step.get("prepend", step.get("replacement", "")))
    if not isinstance(put_in, str) or step.get("type") not in ("Replace", "Prepend", "Metaspace"):
        return 1.0
    pattern = step.get("pattern")
    length = (
        len(pattern["String"]) if isinstance(pattern, dict) and isinstance(pattern.get("String"), str) else 1
    )
    return max(1.0, len(put_in) / max(1, length))


def _patterns(step: dict[str, Any]) -> list[str]:
    pattern = step.get("pattern")
    found = pattern.get("Regex") if isinstance(pattern, dict) else None
    return [found] if isinstance(found, str) else []


def _check_pattern(pattern: str) -> None:
    """A repeated group that holds a repetition takes time that doubles with each letter, such as (a+)+."""
    if len(pattern) > MAX_PATTERN:
        raise SpecError(f"A regular expression of the tokenizer has {len(pattern):,} characters.")
    repeats = [False]  # of the groups that are open
    in_class, i = 0, 0
    while i < len(pattern):
        c = pattern[i]
        if c == "\\":
            i += 1
        elif c == "[":
            in_class += 1
        elif c == "]" and in_class:
            in_class -= 1
        elif in_class:
            pass
        elif c == "(":
            repeats.append(False)
        elif c == ")" and len(repeats) > 1:
            inner = repeats.pop()
            again = pattern[i + 1 : i + 2] in ("+", "*", "{")
            if inner and again:
                raise SpecError(
                    f"A regular expression of the tokenizer repeats a repetition: {pattern[:80]!r}."
                )
            repeats[-1] = repeats[-1] or inner or again
        elif c in "+*" or (c == "{" and "," in pattern[i:].partition("}")[0]):
            repeats[-1] = True
        i += 1
