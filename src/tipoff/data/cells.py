"""What a cell of a table says when it says nothing: it is empty, or holds a word such as NA among numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tipoff.errors import some
from tipoff.notes import note

# among numbers and dates these say that there is none; in a column of words they are words
NO_VALUE = frozenset(
    [
        "na",
        "n/a",
        "n.a.",
        "nan",
        "#n/a",
        "#na",
        "<na>",
        "null",
        "none",
        "nil",
        "-",
        "--",
        "–",
        "—",
        "?",
        ".",
        "..",
        "...",
        "#div/0!",
        "#value!",
        "#ref!",
        "#name?",
        "#num!",
        "#null!",
    ]
)


# in a column of words, these are said: whoever means a missing value leaves the cell empty
_SAID = {"na", "n/a", "nan", "null", "none", "nil", "#n/a", "<na>"}


def note_words(values: Iterable[object], what: str) -> None:
    """Note words among `values` that often stand for a missing value, and are taken as words."""
    words = [v for v in values if isinstance(v, str) and v.strip().casefold() in _SAID]
    if words:
        note(
            f"{what} {some(map(repr, words))} is a value like any other. Where it stands for a missing one, leave the cell empty",
            once=True,
        )


def is_blank(value: Any) -> bool:
    """Return whether a value is an empty cell: nothing, NaN, or text of spaces.

    >>> [is_blank(v) for v in (None, float("nan"), " ", 0, False, "NA")]
    [True, True, True, False, False, False]
    """
    if isinstance(value, str):
        return not value.strip()
    if value is None or isinstance(value, (float, np.floating)):
        return value is None or bool(value != value)
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return type(value).__name__ in {"NAType", "NaTType"}


def says_no_value(text: str) -> bool:
    """Return whether text stands for a missing value where the other cells are numbers or dates.

    >>> says_no_value("NA"), says_no_value(" - "), says_no_value("none of them")
    (True, True, False)
    """
    return text.strip().casefold() in NO_VALUE
