"""From a model file back to training: what a loaded learner does when it is given data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tipoff.notes import note

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

ATTRIBUTES = {"loss": "learn.loss_func", "optimizer": "learn.opt_func", "splitter": "learn.splitter"}


def go_on(learn: Learner, bs: int) -> None:
    """Compute as in training, and fit the rates that go with the batch size to batches of `bs`.

    Until then predictions are those of the model file, in float32. What of the training a model file could not hold is
    said.
    """
    recipe = learn.loaded
    if recipe is None:
        return
    if recipe.precision == "bfloat16":
        learn.to_bf16()
    elif recipe.precision == "float16":  # of a GPU; this may be another machine
        learn.to_fp16()
    if recipe.bs and recipe.bs != bs:
        for name in learn.goes_with_bs:
            if isinstance(value := getattr(learn, name), float):
                setattr(learn, name, value * math.sqrt(bs / recipe.bs))
    for what, name in recipe.unknown:
        how = f"set {ATTRIBUTES[what]}" if what in ATTRIBUTES else "pass it as cbs="
        note(
            f"the model was trained with the {what} {name}, which a model file cannot hold: {how} to go on with it"
        )
