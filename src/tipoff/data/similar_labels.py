"""Labels that are probably one label written in several ways."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable
from typing import Any

from tipoff.errors import some
from tipoff.notes import note


def bare(label: Any) -> str:
    """A label without letter case, outer and repeated spaces and the differences of Unicode forms (NFKC).

    >>> bare("Cafe\\u0301  noir ") == bare("caf\\u00e9 noir")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", str(label)).casefold().split())


def similar_labels(labels: Iterable[Hashable]) -> list[tuple[Any, ...]]:
    """The groups of different labels that `bare` makes one, in the order in which they come.

    >>> similar_labels(["Cat", "dog", "cat ", "bird"])
    [('Cat', 'cat ')]
    """
    groups: dict[str, dict[Any, None]] = {}
    for label in labels:
        groups.setdefault(bare(label), {})[label] = None
    return [tuple(group) for group in groups.values() if len(group) > 1]


def written(label: Any) -> str:
    """A label in quotes; where it holds letters whose Unicode form cannot be seen, these as codes.

    >>> print(written("caf\\u00e9"), written("cafe\\u0301"))
    'café' 'cafe\\u0301'
    """
    text = repr(label)
    return text if unicodedata.is_normalized("NFC", text) else ascii(label)


def note_similar_labels(labels: Iterable[Hashable]) -> None:
    """Note labels that differ only in letter case, spaces or Unicode form: they are classes of their own."""
    if found := similar_labels(labels):
        groups = some((" and ".join(map(written, group)) for group in found), 3)
        note(
            f"labels that differ only in letter case, spaces or Unicode form are classes of their own: {groups}. Write them "
            "alike if they mean the same"
        )


def also_written(label: Any, known: Iterable[Any]) -> str:
    """A sentence, with a leading space, where one of `known` is `label` written in another way; or nothing."""
    same = [k for k in known if bare(k) == bare(label)]
    if not same:
        return ""
    return f" {written(label)} and {written(same[0])} differ only in letter case, spaces or Unicode form: write them alike."
