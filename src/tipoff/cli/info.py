"""`tipoff info`: what a model file holds."""

from __future__ import annotations

from pathlib import Path

from tipoff.bundle.file import read
from tipoff.bundle.predictor import verify
from tipoff.errors import some


def show_info(model: Path, check: bool) -> None:
    """Print what the model answers, how good it is, and what it is made of."""
    bundle = read(model)
    facts, target = bundle.facts, bundle.plan.targets[0]
    names = getattr(target, "names", ())
    print(f"{model}  ({sum(t.numel() for t in bundle.weights.values()) / 1e6:.1f} M numbers)")
    if names:
        print(f"answers      one of {len(names)}: {some(names, 12)}")
    for key in ("result", "baseline", "arch", "weights", "licence", "date", "tipoff"):
        value = facts.get(key)
        if value is not None:
            print(f"{key:<12} {f'{value:.1%} (logistic regression)' if key == 'baseline' else value}")
    items = facts.get("items")
    if isinstance(items, dict):
        print(f"{'data':<12} {items.get('train')} items to learn from, {items.get('valid')} to check on")
    for t in (*bundle.plan.item_tfms, *bundle.plan.batch_tfms):
        print(f"{'step':<12} {t}")
    if check:
        print(
            f"{'check':<12} answers as where it was written (off by {verify(bundle):.1e} in a probability at most)"
        )
