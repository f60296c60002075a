"""Writes docs/fastai-names.md: each public name of fastai's documentation, and where it is in tipoff.

    python scripts/fastai_names.py            write the page
    python scripts/fastai_names.py --check    fail where the page is another, or a name has no answer

fastai_names.json holds the names of fastai 2.8.12: those of `__all__` of each documented module, and the documented methods of
the classes that people hold in their hands. A name counts as *here* where it can be imported; what is said of the others is in
`src/tipoff/fastai_names.py`.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from functools import cache
from pathlib import Path

from tipoff.data.loader import Loader
from tipoff.fastai_names import ATTRIBUTES, ELSEWHERE, NOT_OFFERED

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "fastai-names.md"
NAMES = json.loads((ROOT / "scripts" / "fastai_names.json").read_text())
GATHERED = ("vision.all", "text.all", "tabular.all", "collab.all", "basics")  # where a name of another module may be
HEAD = """# fastai's names

Each name of fastai 2.8's documentation: *here*, with what imports it; *under another name*, with what does the same; or *not
offered*, with the reason. `from tipoff.vision.all import *` (and `text`, `tabular`, `collab`) brings what the course types.
This page is written by `scripts/fastai_names.py`; a test holds it to what can be imported.

{counts}
"""


@cache
def module(name: str) -> object:
    """The module `tipoff.name`, or None."""
    try:
        return importlib.import_module(f"tipoff.{name}")
    except ModuleNotFoundError:
        return None


def place_of(name: str, home: str) -> str | None:
    """The module of tipoff that has fastai's `name`: the one of the same name as fastai's, else one of the faces."""
    for place in (home, *GATHERED):
        found = module(place)
        if found is not None and name in getattr(found, "__all__", ()) and hasattr(found, name):
            return place
    return None


def reason_of(name: str) -> str | None:
    """Why `name` is not offered."""
    return next((because for because, names in NOT_OFFERED.items() if name in names.split()), None)


def code(names: list[str]) -> str:
    return ", ".join(f"`{n}`" for n in names)


def section(home: str, names: list[str], counts: dict[str, int], silent: list[str]) -> list[str]:
    """The lines of one module of fastai."""
    here: dict[str, list[str]] = {}
    other: list[str] = []
    without: dict[str, list[str]] = {}
    for name in names:
        if (place := place_of(name, home)) is not None:
            here.setdefault(place, []).append(name)
        elif name in ELSEWHERE:
            other.append(name)
        elif (because := reason_of(name)) is not None:
            without.setdefault(because, []).append(name)
        else:
            silent.append(f"{home}.{name}")
    counts["here"] += sum(map(len, here.values()))
    counts["under another name"] += len(other)
    counts["not offered"] += sum(map(len, without.values()))
    out = [f"### {home}", ""]
    out += [f"- **here**, `from tipoff.{place} import ...`: {code(found)}" for place, found in here.items()]
    if other:
        out += ["- **under another name**:", *(f"  - `{name}`: {ELSEWHERE[name]}" for name in other)]
    out += [f"- **not offered**, because {because}: {code(found)}" for because, found in without.items()]
    return [*out, ""]


def methods(name: str, wanted: list[str], silent: list[str]) -> list[str]:
    """The lines of one class of fastai."""
    place = place_of(name, "")
    if place is None:
        return []
    cls = Loader if name == "TfmdDL" else getattr(module(place), name)  # which is a function that makes one
    ways = ATTRIBUTES.get(name, {})
    set_by_init = inspect.unwrap(cls.__init__).__code__.co_names
    here = [m for m in wanted if hasattr(cls, m) or m in set_by_init]
    other = [m for m in wanted if m not in here]
    silent += [f"{name}.{m}" for m in other if m not in ways]
    out = [f"### {name}", "", *([f"- **here**: {code(here)}"] if here else [])]
    if other:
        out += ["- **otherwise**:", *(f"  - `{m}`: {ways.get(m, '')}" for m in other)]
    return [*out, ""]


def page() -> str:
    """The whole page. Raises `SystemExit` where nothing is said of a name."""
    counts = {"here": 0, "under another name": 0, "not offered": 0}
    silent: list[str] = []
    body = ["## Modules", ""]
    for home, names in NAMES["modules"].items():
        body += section(home, names, counts, silent)
    body += ["## Methods", ""]
    for name, wanted in NAMES["methods"].items():
        body += methods(name, wanted, silent)
    if silent:
        sys.exit(f"Say in src/tipoff/fastai_names.py what becomes of: {', '.join(silent)}")
    said = ", ".join(f"{n} {what}" for what, n in counts.items())
    return HEAD.format(counts=f"Of {sum(counts.values())} names of modules: {said}.") + "\n" + "\n".join(body).rstrip() + "\n"


def claims(text: str) -> list[tuple[str, str]]:
    """(module, name) of each name that the page says can be imported, and of each path of tipoff that it names."""
    found = []
    for place, names in re.findall(r"\*\*here\*\*, `from tipoff\.([\w.]+) import \.\.\.`: (.*)", text):
        found += [(place, n) for n in re.findall(r"`(\w+)`", names)]
    found += [(m, n) for m, n in re.findall(r"`tipoff\.([\w.]+)\.(\w+)", text)]
    return found


if __name__ == "__main__":
    new = page()
    if "--check" in sys.argv and PAGE.read_text() != new:
        sys.exit("docs/fastai-names.md is not what it should be: run python scripts/fastai_names.py")
    PAGE.write_text(new)
