"""A model's layers, with what they give and how many parameters they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from tipoff.errors import UsageError

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner


def summary(learn: Learner) -> str:
    """A table of the layers without children, in the order they are called, and the totals.

    A layer that is called several times, as for the windows of a long text, is there once, as it was called first.
    """
    rows: list[tuple[str, str, int, bool]] = []
    known: set[nn.Module] = set()

    def seen(m: nn.Module, _: Any, out: Any) -> None:
        if m in known:
            return
        known.add(m)
        out = out[0] if isinstance(out, tuple) and out else out  # a recurrent layer gives its state too
        shape = " × ".join(map(str, out.shape)) if hasattr(out, "shape") else "?"
        own = list(m.parameters(recurse=False))
        rows.append((type(m).__name__, shape, sum(p.numel() for p in own), any(p.requires_grad for p in own)))

    if not len(learn.dls):
        raise UsageError(
            "summary shows the shapes of a batch, and this learner comes from a model file without data: set learn.dls."
        )
    hooks = [m.register_forward_hook(seen) for m in learn.model.modules() if not list(m.children())]
    n_inputs = learn.dls.plan.n_x if learn.dls.plan is not None else 1
    try:
        x = learn.dls.one_batch()[:n_inputs]
        learn.model.eval()
        with torch.no_grad():
            learn.model(*(t.to(learn.dls.device) for t in x))
    finally:
        for h in hooks:
            h.remove()
    lines = [f"{'layer':<24} {'output':<24} {'parameters':>12}  learns"]
    lines += [f"{n:<24} {s:<24} {k:>12,}  {('yes' if t else 'no') if k else ''}" for n, s, k, t in rows]
    total = sum(p.numel() for p in learn.model.parameters())
    learning = sum(p.numel() for p in learn.model.parameters() if p.requires_grad)
    lines += [
        "",
        f"{total:,} parameters, {learning:,} of them learn",
        f"{len(learn.groups)} group{'s' * (len(learn.groups) != 1)} of layers",
    ]
    return "\n".join(lines)
