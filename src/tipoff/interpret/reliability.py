"""Whether probabilities mean what they say: of all answers of about 80 %, are about 80 % right?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from tipoff.display import BAR, INK_2, LINE, shown, subplots
from tipoff.errors import UsageError, some
from tipoff.learner.learner import Learner
from tipoff.metrics.interval import interval

if TYPE_CHECKING:
    from pandas import DataFrame

# N items, C classes, G groups of items with similar probabilities


@dataclass(frozen=True)
class Reliability:
    """Groups of answers by what probability was said: mean said, share that came true, and how many, each (G,).

    `low` and `high` bound the true share in 95 % of the cases. `of` is the class, or None for the answer that was given.
    """

    of: Any
    said: np.ndarray
    true: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: np.ndarray

    @property
    def error(self) -> float:
        """The mean distance of said and true over all items: the expected calibration error (Naeini et al. 2015)."""
        return float((np.abs(self.said - self.true) * self.n).sum() / self.n.sum())

    def table(self) -> DataFrame:
        """A row a group."""
        import pandas as pd

        columns = {"said": self.said, "true": self.true, "low": self.low, "high": self.high, "n": self.n}
        return pd.DataFrame(columns)

    def plot(self, ax: Any = None, show: bool = True) -> Any:
        """The share that came true over what was said; on the diagonal, they are the same.

        Returns the figure where `show` is False.
        """
        if ax is None:
            _, ax = subplots(figsize=(4.8, 4.8))
        ax.plot([0, 1], [0, 1], color=INK_2, linewidth=1, linestyle=":")
        apart = [self.true - self.low, self.high - self.true]
        ax.errorbar(self.said, self.true, yerr=np.maximum(apart, 0), fmt="none", ecolor=INK_2, elinewidth=1.2)
        ax.scatter(
            self.said, self.true, s=20 + 180 * self.n / self.n.max(), color=BAR, edgecolor="white", zorder=3
        )
        what = "the answer" if self.of is None else str(self.of)
        ax.set(
            xlim=(-0.02, 1.02),
            ylim=(-0.02, 1.02),
            xlabel=f"probability of {what}, as said",
            ylabel="share that came true",
            title=f"Off by {100 * self.error:.1f} points on average",
        )
        ax.set_aspect("equal")
        ax.grid(color=LINE)
        figure = ax.get_figure(root=True)
        figure.tight_layout()
        return shown(figure, show)


def reliability(
    probs: Tensor | np.ndarray, y: Tensor | np.ndarray, n_groups: int = 10, *, by: str = "width"
) -> Reliability:
    """Compare probabilities (N,) with what came true, (N,) of 0 and 1, in `n_groups` groups.

    By "width", a group has the probabilities in one of `n_groups` equal parts of [0, 1]; by "count", all groups are about
    equally large.

    >>> reliability(np.array([0.9, 0.9, 0.9, 0.9]), np.array([1, 1, 1, 0])).true.tolist()
    [0.75]
    """
    p, came = np.asarray(probs, dtype=float).reshape(-1), np.asarray(y, dtype=float).reshape(-1)
    if by == "width":
        edges = np.linspace(0, 1, n_groups + 1)
    elif by == "count":
        edges = np.unique(np.quantile(p, np.linspace(0, 1, n_groups + 1)))
    else:
        raise UsageError(f"by is {by!r}; it is 'width' or 'count'.")
    group = np.searchsorted(edges[1:-1], p)
    n = np.bincount(group, minlength=max(1, len(edges) - 1))
    kept = n > 0
    n_true = np.bincount(group, came, len(n))[kept]
    said, n = np.bincount(group, p, len(n))[kept] / n[kept], n[kept]
    bounds = np.array([interval(int(k), int(m)) for k, m in zip(n_true, n, strict=True)]).reshape(-1, 2)
    return Reliability(None, said, n_true / n, bounds[:, 0], bounds[:, 1], n)


def calibration_curve(
    learn: Learner, of: Any = None, n_groups: int = 10, *, by: str = "width", dl: Any = None
) -> Reliability:
    """How often what a classifier says is true, on its validation items.

    `of` is the class whose probability is looked at: where None, the second of two, else the answer that was given.

    >>> calibration_curve(learn).plot()  # doctest: +SKIP
    """
    names = list(getattr(learn.target, "names", ()))
    made = learn.predictions(dl=dl)
    if not names or made.targets is None:
        raise UsageError("calibration_curve is for classifiers, on items whose labels are known.")
    if of is not None and of not in names:
        raise UsageError(f"There is no class {of!r}: {some(map(repr, names), 30)}.")
    if made.targets.ndim == 2:  # several labels: each counts, unless one is named
        columns = slice(None) if of is None else [names.index(of)]
        found = reliability(made.probs[:, columns], made.targets[:, columns], n_groups, by=by)
    elif of is None and len(names) != 2:
        top, at = made.probs.max(-1)
        found = reliability(top, at == made.targets, n_groups, by=by)
    else:
        of = names[-1] if of is None else of
        found = reliability(made.probs[:, names.index(of)], made.targets == names.index(of), n_groups, by=by)
    return Reliability(of, found.said, found.true, found.low, found.high, found.n)
