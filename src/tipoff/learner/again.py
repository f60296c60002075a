"""What a learner was made with, kept in its model file, so that training goes on as it was."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tipoff.notes import note

if TYPE_CHECKING:
    from tipoff.data.dataloaders import DataLoaders
    from tipoff.learner.learner import Learner

KEY = "training"  # in the facts of a model file


def training_of(learn: Learner, loss: Callable[..., Any], optimizer: Callable[..., Any]) -> dict[str, Any]:
    """Rates, decay and batch size of `learn` as JSON values, for `again`.

    Where the loss is not `loss`, or the optimizer not `optimizer`, their names: a model file holds no functions.
    """
    made: dict[str, Any] = {
        "wd": learn.wd,
        "moms": list(learn.moms),
        "wd_bn_bias": learn.wd_bn_bias,
        "train_bn": learn.train_bn,
        "precision": learn.engine.precision,
    }
    if isinstance(learn.lr, float):
        made["lr"] = learn.lr
    if len(learn.dls):
        made["bs"] = learn.dls.bs
    if learn.loss_func != loss:
        made["loss"] = _name(learn.loss_func)
    if learn.opt_func is not optimizer:
        made["optimizer"] = _name(learn.opt_func)
    return made


def again(said: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a `Learner` in what `training_of` gave; nothing for an older file."""
    made: dict[str, Any] = {k: said[k] for k in ("lr", "wd", "wd_bn_bias", "train_bn") if k in said}
    return made | ({"moms": tuple(said["moms"])} if "moms" in said else {})


def fitted(learn: Learner, dls: DataLoaders, *, scaled: tuple[str, ...]) -> DataLoaders:
    """Other data, read by the steps that the network of `learn` was trained with, and its rates for their batches."""
    had: DataLoaders | None = getattr(learn, "_dls", None)
    if had is None or had.plan is None or dls.plan is None or not len(dls):
        return dls
    if dls.plan.inputs != had.plan.inputs:
        dls = dls.with_plan(had.plan)
    if not len(had):
        _go_on(learn, dls.bs, scaled)
    return dls


def _go_on(learn: Learner, bs: int, scaled: tuple[str, ...]) -> None:
    """Compute as precisely as before, and fit the rates named in `scaled` to batches of `bs`: they go with the root of the size.

    Until then answers are those of the model file, in float32. Says what of the training a model file could not hold.
    """
    said = learn.facts.get(KEY) or {}
    if said.get("precision") == "bfloat16":
        learn.to_bf16()
    elif said.get("precision") == "float16":  # of a GPU; this may be another machine
        learn.to_fp16()
    if said.get("bs") and said["bs"] != bs:
        for name in scaled:
            if isinstance(value := getattr(learn, name), float):
                setattr(learn, name, value * math.sqrt(bs / said["bs"]))
    for what, attribute in (("loss", "loss_func"), ("optimizer", "opt_func")):
        if what in said:
            note(
                f"the model was trained with the {what} {said[what]}, which a model file cannot hold: set learn.{attribute} to go "
                "on with it"
            )


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))
