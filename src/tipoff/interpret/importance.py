"""Which columns a model needs: how much worse it is on rows in which one of them is shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tipoff.display import BAR, BAR_REST, INK_2, shown, subplots
from tipoff.errors import UsageError
from tipoff.interpret.rows import Rows
from tipoff.interpret.sensitivity import sensitivities
from tipoff.learner.learner import Learner
from tipoff.learner.predictions import Predictions
from tipoff.metrics.metric import Metric
from tipoff.metrics.resolve import as_metric

if TYPE_CHECKING:
    from pandas import DataFrame

N_PARTS = 20  # of the rows, to see how much the figure varies between them

# K columns, R shuffles, N rows


@dataclass(frozen=True)
class Importance:
    """How much worse `figure` gets without each column, the columns in the order of the table.

    `losses` (K, R) are those of each shuffle, `means` (K,) their means; the true figure, for rows like these, lies
    between `low` and `high`, (K,), in 95 % of the cases. `base` is the figure with nothing shuffled.
    """

    figure: str
    base: float
    columns: tuple[str, ...]
    losses: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def means(self) -> np.ndarray:  # (K,)
        made: np.ndarray = self.losses.mean(1)
        return made

    def ranked(self) -> list[tuple[str, float, float, float]]:
        """(column, mean, low, high), what matters most first."""
        order = np.argsort(-self.means, kind="stable")
        return [
            (self.columns[k], float(self.means[k]), float(self.low[k]), float(self.high[k])) for k in order
        ]

    def table(self) -> DataFrame:
        """The same as a data frame."""
        import pandas as pd

        return pd.DataFrame(self.ranked(), columns=["column", f"{self.figure} worse by", "low", "high"])

    def plot(self, n: int = 20, ax: Any = None, show: bool = True) -> Any:
        """Bars of the `n` columns that matter most, with intervals; grey where the interval holds 0.

        Returns the figure where `show` is False.
        """
        rows = self.ranked()[:n][::-1]
        if ax is None:
            _, ax = subplots(figsize=(6.4, 0.32 * len(rows) + 1.2))
        means = np.array([mean for _, mean, _, _ in rows])
        low, high = (np.array([r[i] for r in rows]) for i in (2, 3))
        at = np.arange(len(rows))
        ax.barh(at, means, 0.66, color=[BAR if lo > 0 else BAR_REST for lo in low])
        ax.errorbar(means, at, xerr=[means - low, high - means], fmt="none", ecolor=INK_2, elinewidth=1.2)
        ax.set_yticks(at, [r[0] for r in rows])
        ax.grid(False, axis="y")
        ax.tick_params(axis="y", length=0)
        ax.axvline(0, color=INK_2, linewidth=0.8)
        ax.set(
            xlabel=f"{self.figure} worse by, where it is shuffled (else {self.base:.3g})",
            title="What the model needs",
        )
        return shown(_tight(ax), show)


def _tight(ax: Any) -> Any:
    figure = ax.get_figure(root=True)
    figure.tight_layout()
    return figure


def permutation_importance(
    learn: Learner,
    metric: Any = None,
    *,
    columns: Sequence[str | tuple[str, ...]] | None = None,
    n_columns: int | None = None,
    n_repeats: int = 5,
    n_rows: int | None = 5000,
    dl: Any = None,
    seed: int = 0,
) -> Importance:
    """How much worse the learner is on its validation rows when a column's values are dealt out anew (Breiman 2001).

    Raw columns are shuffled, so that what the steps make of one goes with it: `age` and `age_na`, the parts of a date.
    `metric` is a name, a function or a `Metric`: the learner's first one where it is None, else the loss. Columns in a
    tuple are shuffled together: of two that say the same, neither seems needed alone. The interval is of the figure in `N_PARTS`
    parts of the rows, so it counts both how rows differ and how shuffles do (a t interval).

    Of a wide table, `n_columns` bounds the work: only so many columns are shuffled, those that the network reacts to most by
    its gradients.

    >>> permutation_importance(learn, "accuracy", columns=["age", ("city", "country")]).plot()  # doctest: +SKIP
    """
    rows = Rows.of(learn, dl, n_rows, seed)
    if not rows.ys:
        raise UsageError(
            "permutation_importance needs rows whose answers are known: test_dl(df, with_labels=True)."
        )
    if columns is None:
        columns = _strongest(rows, n_columns)
    elif n_columns is not None:
        raise UsageError("Give columns, or n_columns of those that matter most, not both.")
    groups = [(c,) if isinstance(c, str) else tuple(c) for c in columns]
    rows.need([c for group in groups for c in group])
    score = _score(learn, metric)
    rng = np.random.default_rng(seed)
    parts = np.array_split(rng.permutation(len(rows)), min(N_PARTS, max(2, len(rows) // 5)))
    base = rows.predict(rows.frame, rows.ys, measured=True)
    bases = [score(base, rows.ys, part) for part in (None, *parts)]
    losses = np.empty((len(groups), n_repeats, 1 + len(parts)))
    for k, group in enumerate(groups):
        for r in range(n_repeats):
            order = rng.permutation(len(rows))
            made = rows.shuffled(group, order)
            losses[k, r] = [
                b - score(made, rows.ys, part) for b, part in zip(bases, (None, *parts), strict=True)
            ]
    whole, by_part = losses[:, :, 0], losses[:, :, 1:].mean(1)
    half = np.fmax(_half(by_part), _half(whole))  # of few rows, all parts may happen to say the same
    name, sign = score.name, score.sign
    return Importance(
        name,
        sign * bases[0],
        tuple(" + ".join(g) for g in groups),
        whole,
        whole.mean(1) - half,
        whole.mean(1) + half,
    )


def _strongest(rows: Rows, n: int | None) -> list[str]:
    """The `n` columns that the network reacts to most, in the order of the table; all where there are not more."""
    if n is None or n >= len(rows.columns):
        return rows.columns
    chosen = np.sort(np.argsort(-sensitivities(rows), kind="stable")[:n])
    return [rows.columns[k] for k in chosen]


def _half(values: np.ndarray) -> np.ndarray:  # (K, n) -> (K,)
    """Half the 95 % interval of the mean of n figures; one that is not defined does not count."""
    from scipy.stats import t

    n = (~np.isnan(values)).sum(1)
    spread = np.nanstd(values, 1, ddof=1) if values.shape[1] > 1 else np.full(len(values), np.nan)
    made: np.ndarray = np.where(n > 1, t.ppf(0.975, np.maximum(n - 1, 1)) * spread / np.sqrt(n), np.nan)
    return made


class _score:
    """A figure of which more is better: that of a metric, or of the loss, turned round where less is."""

    def __init__(self, learn: Learner, metric: Any) -> None:
        if metric is None and learn.metrics:
            metric = learn.metrics[0]
        self.metric: Metric | None = None if metric is None or metric == "loss" else as_metric(metric)
        self.name = self.metric.name if self.metric else "loss"
        self.sign = 1 if self.metric and self.metric.higher_is_better else -1

    def __call__(self, made: Predictions, ys: tuple[Tensor, ...], part: np.ndarray | None) -> float:
        at = slice(None) if part is None else torch.from_numpy(part)
        if self.metric is None:
            assert made.losses is not None
            return self.sign * float(made.losses[at].double().mean())
        self.metric.reset()
        self.metric.update(made.probs[at], *(y[at] for y in ys))
        return self.sign * self.metric.compute()
