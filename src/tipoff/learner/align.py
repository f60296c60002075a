"""Other data, brought to the meaning that the network was trained with: normalisation, classes, columns, tokens.

What was fitted on the training data belongs to the network. Data that mean something else are encoded again by name, or
refused with both sides; they are never taken as they are.
"""

from __future__ import annotations

from typing import Any

from tipoff.data.dataloaders import DataLoaders
from tipoff.data.loader import Loader
from tipoff.data.plan import Plan
from tipoff.data.transform import BatchTransform
from tipoff.errors import UsageError


def aligned(plan: Plan, trained: Plan, norm: BatchTransform | None) -> Plan:
    """`plan` with the blocks of `trained`, as far as they belong to the network, normalised with `norm`.

    Transforms stay: other sizes and augmentations are for whoever trains. Raises `UsageError` where the data do not fit.
    """
    if len(plan.inputs) != len(trained.inputs) or len(plan.targets) != len(trained.targets):
        raise UsageError(
            f"These data have {len(plan.inputs)} inputs and {len(plan.targets)} targets; the network was trained with "
            f"{len(trained.inputs)} and {len(trained.targets)}."
        )
    inputs, targets = (
        tuple(new.aligned(old) for new, old in zip(blocks, had, strict=True))
        for blocks, had in ((plan.inputs, trained.inputs), (plan.targets, trained.targets))
    )
    if (inputs, targets) != (plan.inputs, plan.targets):
        plan = plan.replace(inputs=inputs, targets=targets)
    return normalised(plan, norm)


def normalised(plan: Plan, norm: BatchTransform | None) -> Plan:
    """`plan` with `norm`. Raises `UsageError` where it normalises in another way."""
    its = norm_of(plan)
    if its is not None and its != norm:
        trained = "not normalised" if norm is None else f"normalised by {norm}"
        raise UsageError(
            f"The network was trained on data {trained}, and these DataLoaders normalise by {its}. Leave it out of "
            "batch_tfms: the learner adds what its network needs."
        )
    return plan if norm is None else plan.with_norm(norm)


def norm_of(plan: Plan | None) -> BatchTransform | None:
    """What normalises the inputs in `plan`; None where nothing does."""
    steps = plan.batch_tfms if plan is not None else ()
    return next((t for t in steps if isinstance(t, BatchTransform) and t.normalises), None)


def aligned_loader(dl: Any, trained: Plan | None, norm: BatchTransform | None) -> Any:
    """`dl` as the network understands it; itself where it does already, or where nothing is known of its items."""
    plan = getattr(getattr(dl, "dataset", None), "plan", None)
    if not isinstance(dl, Loader) or plan is None or trained is None or plan is trained:
        return dl
    wanted = aligned(plan, trained, norm)
    return dl if wanted == plan else dl.replace(dataset=dl.dataset.with_plan(wanted), finish=wanted.finish)  # type: ignore[attr-defined]


def aligned_dls(dls: DataLoaders, trained: Plan | None, norm: BatchTransform | None) -> DataLoaders:
    """`dls` as the network understands them; a copy where they must be encoded again."""
    if dls.plan is None or trained is None or dls.plan is trained or not len(dls):
        return dls
    wanted = aligned(dls.plan, trained, norm)
    return dls if wanted == dls.plan else dls.with_plan(wanted)
