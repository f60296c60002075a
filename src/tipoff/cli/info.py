"""`tipoff info`: what a model file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tipoff.answer import number
from tipoff.bundle.file import read
from tipoff.bundle.predictor import verify
from tipoff.cli.screen import field, in_words, percent, say
from tipoff.cli.verdict import tell_verdict
from tipoff.data.block import Target
from tipoff.errors import some
from tipoff.facts import shown_facts
from tipoff.serve.names import output_of
from tipoff.verdict import Verdict


def show_info(model: Path, check: bool) -> None:
    """Print what the model answers, how good it is, and what it is made of."""
    bundle = read(model)
    facts, target, plan = shown_facts(bundle.facts), bundle.plan.targets[0], bundle.plan
    say(f"{model}  ({in_words(sum(t.numel() for t in bundle.weights.values()))} parameters)", style="strong")
    field("predicts", _predicts(target, facts))
    for name, text in _columns(plan.inputs[0]):
        field(name, text)
    verdict = Verdict.from_json(facts.get("verdict"))
    known = facts if verdict is None else {k: v for k, v in facts.items() if k not in ("result", "baseline")}
    for name, value in _facts(known, plan.inputs[0].things):
        if value is not None:
            field(name, str(value))
    steps = (*plan.item_tfms, *plan.batch_tfms)
    for t in steps:
        if not getattr(t, "n_draws", 0):
            field("preprocessing", str(t))
    if changed := [type(t).__name__ for t in steps if getattr(t, "n_draws", 0)]:
        field("augmentation", f"{', '.join(changed)} (in training only)")
    if verdict is not None:
        say()
        tell_verdict(verdict)
    if check and not bundle.check:
        field("check", "the file holds no check inputs")
    elif check:
        off = verify(bundle)
        field("check", f"answers as where it was written (off by {off:.1e} in a probability at most)")


def _predicts(target: Target, facts: dict[str, Any]) -> str:
    """What kind of prediction the model makes, in words."""
    names, kind = getattr(target, "names", ()), output_of(target)
    if kind in ("category", "multi_category"):
        return f"{'one' if kind == 'category' else 'any'} of {len(names)}: {some(names, 40)}"
    if "task" in facts:
        return str(facts["task"])
    if kind == "regression":
        return "a number" if target.n_out == 1 else f"{target.n_out} numbers"
    return type(target).__name__ + (f" of {some(names, 40)}" if names else "")


def _columns(block: Any) -> list[tuple[str, str]]:
    """What a row of a table must have, by its kind."""
    columns = getattr(block, "columns", ())
    made = []
    for kind, title in (
        ("category", "categories"),
        ("flag", "yes or no"),
        ("number", "numbers"),
        ("date", "dates"),
    ):
        if of_kind := [_column(c) for c in columns if c.kind == kind]:
            made.append((title, some(of_kind, 40)))
    return made


def _column(c: Any) -> str:
    if c.kind == "number" and c.low is not None:
        return f"{c.name} {number(c.low)} to {number(c.high)}"
    if c.kind == "date":
        return f"{c.name} {c.low} to {c.high}"
    return f"{c.name} ({len(c.choices)})"


def _facts(facts: dict[str, Any], things: str) -> list[tuple[str, Any]]:
    """What is known of the training on so many `things`, in the words that are shown; None where it is not known."""
    items, baseline = facts.get("items"), facts.get("baseline")
    data = None
    if isinstance(items, dict):
        data = f"{items.get('train', 0):,} training {things}, {items.get('valid', 0):,} for validation"
    return [
        ("result", facts.get("result")),
        (
            "baseline",
            f"{percent(baseline)} (logistic regression)" if isinstance(baseline, float) else baseline,
        ),
        ("sure", facts.get("sure")),
        ("network", facts.get("arch")),
        ("weights", facts.get("weights")),
        ("licence", facts.get("licence")),
        ("data", data),
        ("made", f"{facts.get('date')} by tipoff {facts.get('tipoff')}" if "date" in facts else None),
    ]
