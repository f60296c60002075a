"""Whether a table or a folder is one of texts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tipoff.data.items import IMAGE_EXTENSIONS, get_files
from tipoff.data.split_column import split_columns

LONG, SHORT = 12, 3  # words in the middle one of the texts: beside other columns, and alone
OTHER = 0.5  # of the texts are different ones
BESIDE = (
    "id",
    "index",
    "unnamed: 0",
    "is_valid",
    "valid",
    "is_val",
    "validation",
    "is_test",
    "split",
)  # say nothing
FEW_NUMBERS = 10  # different whole ones that are classes
LOOKED_AT = 200  # files


def is_of_texts(path: Path) -> bool:
    """Whether the folder `path` holds text files below it, and not more pictures."""
    endings = [f.suffix.lower() for f, _ in zip(get_files(path), range(LOOKED_AT), strict=False)]
    n = endings.count(".txt")
    return n > 1 and n > sum(e in IMAGE_EXTENSIONS for e in endings)


def text_column(
    head: Any, label: str | None, kind: str | None = None, left_out: Collection[str] = ()
) -> str | None:
    """The column of the longest texts, where the column `label` holds classes; else None.

    >>> import pandas as pd
    >>> text_column(pd.DataFrame({"review": ["a fine film", "not my cup of tea"], "label": ["pos", "neg"]}), "label")
    'review'
    """
    columns = [str(c) for c in head.columns]
    if label not in columns or not is_class(head[label], kind):
        return None
    nothing = {label, *split_columns(head), *left_out}
    others = [c for c in columns if c not in nothing and c.strip().lower() not in BESIDE]
    lengths = {c: n for c in others if (n := _words(head[c])) is not None}
    if not lengths:
        return None
    longest = max(lengths, key=lambda c: lengths[c])
    return longest if lengths[longest] >= (SHORT if len(others) == 1 else LONG) else None


def is_class(column: Any, kind: str | None = None) -> bool:
    """Whether these are classes, as --kind says, or by the values: short texts, or few whole numbers."""
    if kind is not None:
        return kind == "class"
    there = column.dropna()
    if there.dtype.kind not in "if":
        return _words(there) is None or there.map(len).median() < 40
    return bool(there.nunique() <= FEW_NUMBERS and (there == there.round()).all())


def _words(column: Any) -> float | None:
    """How many words the middle one of the texts has; None for a column of anything but texts that differ."""
    there = [v for v in column if isinstance(v, str) and v.strip()]
    if len(there) < 2 or len(set(there)) < OTHER * len(there):
        return None
    n = sorted(map(_count, there))
    return n[len(n) // 2]


def _count(text: str) -> float:
    """Its words; where words are not set apart, two letters stand for one."""
    return max(len(text.split()), sum(c > "\u2e7f" for c in text) / 2)


def files_of(root: Path) -> Iterator[Path]:
    """The text files below `root`."""
    return (f for f in get_files(root) if f.suffix.lower() == ".txt")
