"""The verdict in a terminal: the same lines for `tipoff train`, `tipoff info` and, shorter, `tipoff explain`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from tipoff.bundle.container import replacing
from tipoff.cli import screen
from tipoff.cli.screen import BOX_WIDTH, box, field
from tipoff.verdict import Recall, Verdict

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

CLASSES = 8  # whose recall is shown; of more, the lowest
NAME = 24  # columns for the name of a class
STYLES = {"good": "good", "caution": "note", "bad": "error"}
FILE = "results.json"


def tell_verdict(verdict: Verdict) -> None:
    """Show results, interval, baseline, simplest guess, recall of each class, and the sentence."""
    lines: list[tuple[str, str | None]] = [
        (text, "strong") for text in screen.wrapped(verdict.result, BOX_WIDTH)
    ]
    lines += [("", None), *_table(verdict)]
    if verdict.recalls:
        lines += [("", None), *_recalls(verdict)]
    style = STYLES[verdict.level]
    lines += [("", None), *((text, style) for text in screen.wrapped(verdict.sentence, BOX_WIDTH))]
    lines += [(text, None) for text in screen.wrapped(verdict.advice, BOX_WIDTH)]
    box(lines, style)


def tell_briefly(facts: dict[str, Any]) -> None:
    """The result and the sentence, where the model file has a verdict."""
    verdict = Verdict.from_json(facts.get("verdict"))
    if verdict is not None:
        screen.say()
        field("model", f"{verdict.result}. {verdict.sentence}")


def keep(learn: Learner, verdict: Verdict) -> None:
    """Put the verdict among the facts that the model file holds."""
    learn.facts |= {"verdict": verdict.to_json(), "result": verdict.result, "baseline": verdict.baseline}


def write_verdict(folder: Path, verdict: Verdict) -> Path:
    """Write the verdict into the folder of results, for programs."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / FILE) as raw:
        raw.write(json.dumps(verdict.to_json(), indent=1, ensure_ascii=False).encode())
    return folder / FILE


def _table(verdict: Verdict) -> list[tuple[str, str | None]]:
    heads, rows = verdict.table()
    widths = [2 + max(cell_len(h), *(cell_len(values[i]) for _, values in rows)) for i, h in enumerate(heads)]
    left = min(BOX_WIDTH - sum(widths), max(cell_len(who) for who, _ in rows))

    def line(who: str, values: Sequence[str]) -> str:
        if cell_len(who) > left:
            who = set_cell_size(who, left - 1) + "…"
        cells = (" " * (w - cell_len(v)) + v for v, w in zip(values, widths, strict=True))
        return (set_cell_size(who, left) + "".join(cells)).rstrip()

    return [(line("", heads), "quiet"), *((line(who, values), None) for who, values in rows)]


def _recalls(verdict: Verdict) -> list[tuple[str, str | None]]:
    """The recall of each class; where there are many, the lowest of them."""
    by_label = {row[0]: row for row in verdict.recall_table()}
    shown: Sequence[Recall] = verdict.recalls
    if len(shown) > CLASSES:
        known = [r for r in shown if r.share is not None]
        shown = sorted(known, key=lambda r: (r.share, -r.n))[:CLASSES]
    width = min(NAME, max(cell_len(r.label) for r in shown))
    lines: list[tuple[str, str | None]] = []
    for i, r in enumerate(shown):
        _, share, _, counts, _ = by_label[r.label]
        name = r.label if cell_len(r.label) <= width else set_cell_size(r.label, width - 1) + "…"
        text = f"{'' if i else 'recall':<8}{set_cell_size(name, width)}  {share:>7}   {counts}"
        lines.append((text, "note" if r.n and not r.predicted else None))
    if more := len(verdict.recalls) - len(shown):
        lines.append((f"{'':<8}and {more} more classes: {FILE}", None))
    return lines
