"""What a served model says of itself, to the page and to programs."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class About:
    """JSON values only; `input` and `output` name the kind of block, such as image and category.

    >>> About("things", "Things", "image", "category", ["cat", "dog"]).to_json()["title"]
    'Things'
    """

    name: str  # as in an address
    title: str
    input: str
    output: str
    classes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    card: str = ""  # Markdown
    runtime: str = "torch"
    heat: bool = False  # whether it can say where it looked
    sure_above: float = 0.0
    why: bool = False  # whether it can say what moved an answer
    target: str = ""  # what a table's model predicts
    block: dict[str, Any] = field(
        default_factory=dict
    )  # of rows and texts: what the numbers of an answer mean
    columns: list[dict[str, Any]] = field(default_factory=list)  # what a row of a table must have
    ratings: dict[str, Any] = field(default_factory=dict)  # of a model of ratings: who and what there is

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def slug(name: str) -> str:
    """A name as it may stand in an address.

    >>> slug("Pets of the house (2)")
    'pets-of-the-house-2'
    """
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-") or "model"


def title(name: str) -> str:
    """A file's name as a heading.

    >>> title("pets_2024")
    'Pets 2024'
    """
    words = name.replace("_", " ").replace("-", " ").strip() or "model"
    return words[0].upper() + words[1:]


def kind_of(catalog_name: str) -> str:
    """The kind in a name of the catalog.

    >>> kind_of("vision.image@1")
    'image'
    """
    return catalog_name.partition("@")[0].rpartition(".")[2]
