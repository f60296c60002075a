"""Photos and texts judged alike: the verdict on a classifier of items."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from tipoff.interpret.judge import Baseline, judge_classes
from tipoff.learner.learner import Learner
from tipoff.learner.predictions import Predictions
from tipoff.verdict import Verdict


def judge_items(learn: Learner, made: Predictions, things: str, baselines: Sequence[Baseline]) -> Verdict:
    """The verdict by the predictions `made` on the validation items; `things` is what they are."""
    assert made.targets is not None
    names = learn.target.names  # type: ignore[attr-defined]
    return judge_classes(
        names,
        made.targets.numpy(),
        made.probs.double().numpy(),
        majority=int(_train_labels(learn).bincount().argmax()),
        things=things,
        baselines=baselines,
    )


def _train_labels(learn: Learner) -> Tensor:  # -> long (N,)
    dataset = learn.dls.train.dataset
    if hasattr(dataset, "ys"):
        return dataset.ys[0]  # type: ignore[no-any-return]
    return learn.target.encode_all(dataset.columns[-1])  # type: ignore[no-any-return]
