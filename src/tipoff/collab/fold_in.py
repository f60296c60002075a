"""Somebody new, placed among the users by a few ratings, without training: a closed form, iterated.

The factors and the bias of a user are a point with a prior, the mean and the covariance of all users' points. Given ratings,
the most likely point is found by Newton's method, whose steps are ridge regressions on the items' factors. The last of them
also says how much each rating moved each prediction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from tipoff.collab.model import Range

# N items, M items rated, F factors; points and items have F + 1 numbers: the factors, and a bias or a one

STEPS = 8


class Prior(NamedTuple):
    """What is known of a user before the first rating: `mean` (F + 1,), and `precision` (F + 1, F + 1)."""

    mean: Tensor
    precision: Tensor

    @classmethod
    def of_points(cls, points: Tensor) -> Prior:  # (U, F + 1)
        """From the points of the users that there are."""
        points = points.double()
        mean = points.mean(0)
        cov = (points - mean).T @ (points - mean) / max(1, len(points) - 1)
        cov += (1e-3 * cov.diagonal().mean() + 1e-8) * torch.eye(len(mean), dtype=torch.double)
        return cls(mean, torch.linalg.inv(cov))


@dataclass(frozen=True)
class Point:
    """Where somebody was placed.

    `pulls` (M, F + 1) say how each rating moved it away from the prior, `liked` (M,) whether the rating was higher than
    expected of somebody new.
    """

    at: Tensor
    pulls: Tensor
    liked: Tensor


def place(
    items: Tensor, biases: Tensor, ratings: Tensor, prior: Prior, noise: float, y_range: Range | None
) -> Point:
    """The most likely point of somebody who gave `ratings` (M,) to items of factors (M, F) and biases (M,).

    `noise` is the variance of a rating about what is predicted.
    """
    x = torch.cat([items, torch.ones(len(items), 1)], 1).double()
    offset, r = biases.double(), ratings.double()
    at = prior.mean.clone()
    for _ in range(STEPS):
        predicted, slope = _curve(x @ at + offset, y_range)
        slope = slope.clamp(min=0.05 * float(_curve(torch.zeros((), dtype=torch.double), y_range)[1]))
        weighted = x * slope[:, None]
        gain = torch.linalg.solve(weighted.T @ weighted / noise + prior.precision, weighted.T / noise)
        # the ratings as the line through the curve here sees them, relative to the prior
        seen = r - predicted + slope * (x @ (at - prior.mean))
        at = prior.mean + gain @ seen
    liked = r > _curve(x @ prior.mean + offset, y_range)[0]
    return Point(at.float(), (gain * seen).T.float(), liked)


def _curve(z: Tensor, y_range: Range | None) -> tuple[Tensor, Tensor]:
    """The rating that `z` means, and how fast it changes there."""
    if y_range is None:
        return z, torch.ones_like(z)
    low, high = y_range
    s = z.sigmoid()
    return low + (high - low) * s, (high - low) * s * (1 - s)


def place_by_choice(items: Tensor, biases: Tensor, taken: Tensor, prior: Prior) -> Point:
    """The most likely point of somebody who took the items `taken` (M,) out of all of them: (N, F), (N,).

    The likelihood is a softmax over all items.
    """
    x = torch.cat([items, torch.ones(len(items), 1)], 1).double()
    x[:, -1] = 0.0  # one's own bias makes no difference to a choice
    at, mine = prior.mean.clone(), x[taken]
    for _ in range(STEPS):
        share = (x @ at + biases.double()).softmax(0)
        mean = share @ x
        curvature = (x * share[:, None]).T @ x - torch.outer(mean, mean)
        gain = torch.linalg.inv(len(taken) * curvature + prior.precision)
        seen = mine - mean + (curvature @ (at - prior.mean))
        at = prior.mean + gain @ seen.sum(0)
    return Point(at.float(), (seen @ gain).float(), torch.ones(len(taken), dtype=torch.bool))
