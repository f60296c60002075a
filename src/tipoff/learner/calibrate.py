"""Probabilities that mean what they say, and when to say "not sure". Both are read off the validation items."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from tipoff.data.target import CategoryBlock
from tipoff.errors import UsageError
from tipoff.learner.predictions import Predictions, predict_all

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

RIGHT = 0.95  # of the answers that are called sure
NEVER = 1.01  # no probability is as high
USUAL = 0.05  # of the right answers may be less probable than what is called sure


class Calibration(NamedTuple):
    """What `calibrate` chose, and what it promises on the validation items."""

    temperature: float
    sure_above: float
    n: int
    n_sure: int
    n_sure_right: int
    things: str = "items"  # what there are n of

    def __str__(self) -> str:
        if not self.n_sure:
            return (
                f"sure of none of {self.n:,} unseen {self.things}: not even its most probable answers were right in "
                f"{100 * RIGHT:.0f} % of the cases"
            )
        return (
            f"sure of {self.n_sure:,} of {self.n:,} unseen {self.things}, with "
            f"{math.floor(1000 * self.sure_above) / 10:g} % or more, and right on {self.n_sure_right:,} of these"
        )


def fit_temperature(logits: Tensor, y: Tensor) -> float:  # (N, C), (N,)
    """The T for which softmax(logits / T) has the least log loss (Guo et al. 2017), in [0.05, 20].

    >>> round(fit_temperature(torch.tensor([[4.0, 0], [4, 0], [4, 0], [4, 0]]), torch.tensor([0, 0, 0, 1])), 2)
    3.64
    """
    from scipy.optimize import minimize_scalar

    def loss(log_t: float) -> float:
        return float(torch.nn.functional.cross_entropy(logits.double() / math.exp(log_t), y))

    return math.exp(float(minimize_scalar(loss, bounds=(math.log(0.05), math.log(20)), method="bounded").x))


def sure_above(prob: Tensor, y: Tensor) -> float:  # (N, C), (N,)
    """The probability from which an answer is called sure.

    The lowest from which 95 % of the answers were right; `NEVER` where no probability does that. And at least as
    high as all but 5 % of the right answers were: what is less sure is unlike anything the model was right on.
    """
    top, said = prob.max(-1)
    right = said == y
    order = top.argsort(descending=True)
    share = right[order].double().cumsum(0) / torch.arange(1, len(y) + 1)
    good = (share >= RIGHT).nonzero()
    if not len(good):
        return NEVER
    return max(float(top[order[int(good[-1])]]), float(top[right].double().quantile(USUAL)))


def calibrate(learn: Learner) -> Calibration:
    """Set temperature and threshold of the learner's target. Raises `UsageError` where there is nothing to go by."""
    return calibrated(learn)[0]


def calibrated(learn: Learner) -> tuple[Calibration, Predictions]:
    """As `calibrate`, and the predictions on the validation items with what was chosen: the network runs once."""
    target, plan = learn.target, learn.dls.plan
    if not isinstance(target, CategoryBlock) or plan is None:
        raise UsageError("calibrate is for categories, of DataLoaders made from a DataBlock.")
    made = predict_all(learn, act=_as_they_are, metrics=True, losses=True)
    logits, y = made.probs, made.targets
    if y is None or len(y) < 2:
        raise UsageError("calibrate needs validation items: pass valid_pct=0.2, or a splitter.")
    temperature = fit_temperature(logits, y)
    prob = (logits / temperature).softmax(-1)
    threshold = sure_above(prob, y)
    new = target.replace(temperature=temperature, sure_above=threshold)
    learn.take_target(new)
    top, said = prob.max(-1)
    sure = top >= threshold
    n_sure, n_right = int(sure.sum()), int((said == y)[sure].sum())
    result = Calibration(temperature, threshold, len(y), n_sure, n_right, plan.inputs[0].things)
    learn.facts["sure"] = str(result)
    return result, replace(made, probs=new.activation(logits))


def _as_they_are(pred: Tensor) -> Tensor:
    return pred
