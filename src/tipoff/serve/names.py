"""What a model file says of itself, by the names that the catalog has for its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tipoff.bundle.catalog import CATALOG
from tipoff.bundle.file import Bundle
from tipoff.data.block import Target
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import SpecError
from tipoff.facts import shown_facts
from tipoff.serve.about import About, kind_of, slug, title
from tipoff.spec import Spec, dump, load

OTHER = "other"
_NAMES = {where: name for name, where in CATALOG.items()}


def name_of(part: object) -> str:
    """Such as vision.image@1; for a part of the user's own, its class in small letters."""
    cls = type(part)
    return _NAMES.get(f"{cls.__module__}:{cls.__qualname__}", cls.__name__.lower())


def output_of(target: Target) -> str:
    """Which page shows the answers of `target`: category, multi_category, regression, or other.

    A subclass that answers as its parent does is shown as that.
    """
    for cls in (CategoryBlock, MultiCategoryBlock, RegressionBlock):
        if isinstance(target, cls) and type(target).answer is cls.answer:
            return kind_of(_NAMES[f"{cls.__module__}:{cls.__qualname__}"])
    return OTHER


def block_json(block: Spec) -> dict[str, Any]:
    """A part of a model as JSON values, as the model file holds it; `block_of` reads it.

    Nothing of a part of somebody's own, which whoever asks could not read.
    """
    try:
        made: dict[str, Any] = dump(block, CATALOG, "block")
    except SpecError:
        return {}
    return made


def block_of(said: Any) -> Any:
    """The part that `block_json` wrote. Raises `SpecError` for one that this version does not know."""
    return load(said, CATALOG, "block")


def about_file(path: Path, bundle: Bundle, **more: Any) -> About:
    """What the model file at `path` says of itself; `more` are further fields of `About`, or others than usual."""
    target = bundle.plan.targets[0]
    usual = {
        "output": output_of(target),
        "classes": [str(n) for n in getattr(target, "names", ())],
        "sure_above": float(getattr(target, "sure_above", 0.0)),
    }
    return About(
        name=slug(path.stem),
        title=title(path.stem),
        input=kind_of(name_of(bundle.plan.inputs[0])),
        facts=shown_facts(bundle.facts),
        card=bundle.card,
        **{**usual, **more},
    )
