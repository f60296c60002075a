"""One answer explained: what each column of the row did to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tipoff.data.batch import Batch
from tipoff.data.shares import Shares, row_shares
from tipoff.display import BAR, BAR_REST, BLUE, INK_2, shown, subplots
from tipoff.interpret.rows import Rows
from tipoff.learner.learner import Learner

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Explanation:
    """Why this answer: `shares` divides its difference from the average among the columns.

    `of` is the output that is explained, by default the likeliest class; `is_probability` how it is written.
    """

    shares: Shares
    of: Any
    is_probability: bool

    @property
    def start(self) -> float:
        """The mean answer of the rows that it is compared with."""
        return float(self.shares.start[self.shares.output(self.of)])

    @property
    def end(self) -> float:
        """The answer of the row; `start` and all shares add up to it."""
        return float(self.shares.end[self.shares.output(self.of)])

    def ranked(self) -> list[tuple[str, Any, float, float]]:
        """(column, value, share, standard error), the largest share first."""
        return self.shares.ranked(self.of)

    def table(self) -> DataFrame:
        """The same as a data frame."""
        import pandas as pd

        return pd.DataFrame(self.ranked(), columns=["column", "value", "share", "error"])

    def __str__(self) -> str:
        most = [
            f"{self._named(column, value)} ({self._text(share, True)})"
            for column, value, share, _ in self.ranked()[:3]
        ]
        return (
            f"{self.of}: {self._text(self.end)}, where {self._text(self.start)} is the average; "
            f"most of it by {', '.join(most)}"
        )

    def plot(self, n: int = 10, ax: Any = None, show: bool = True) -> Any:
        """From the average to this answer, a bar a column, the largest `n` and the rest together.

        Returns the figure where `show` is False.
        """
        ranked = self.ranked()
        n = n if len(ranked) > n + 1 else len(ranked)
        bars = [(self._named(c, v), share, error) for c, v, share, error in ranked[:n]]
        if rest := ranked[n:]:
            error = sum(r[3] ** 2 for r in rest) ** 0.5
            bars.append((f"{len(rest)} other columns", sum(r[2] for r in rest), error))
        if ax is None:
            _, ax = subplots(figsize=(7, 0.36 * len(bars) + 1.5))
        shares = np.array([b[1] for b in bars])
        ends = self.start + shares.cumsum()
        at = np.arange(len(bars))
        ax.barh(at, shares, 0.62, left=ends - shares, color=[BAR if s > 0 else BLUE for s in shares])
        ax.errorbar(ends, at, xerr=[1.96 * b[2] for b in bars], fmt="none", ecolor=INK_2, elinewidth=1)
        for x, top in zip(ends[:-1], at[:-1], strict=True):
            ax.plot([x, x], [top, top + 1], color=BAR_REST, linewidth=0.8, zorder=0)
        reach = np.maximum(ends - shares, ends + 1.96 * np.array([b[2] for b in bars]))
        for i, share in enumerate(shares):
            ax.annotate(
                self._text(share, True), (reach[i], i), (6, 0), textcoords="offset points",
                va="center", color=INK_2, fontsize=9,
            )  # fmt: skip
        ax.axvline(self.start, color=INK_2, linewidth=0.8, linestyle=":")
        ax.axvline(self.end, color=INK_2, linewidth=0.8)
        ax.set_yticks(at, [b[0] for b in bars])
        ax.invert_yaxis()
        ax.grid(False, axis="y")
        ax.tick_params(axis="y", length=0)
        ax.locator_params(axis="x", nbins=6)
        left, right = min(self.start, *(2 * ends - reach), *ends), max(self.start, *reach)
        ax.set_xlim(left - 0.04 * (right - left), right + 0.16 * (right - left))
        ax.set(
            title=f"{self.of}: {self._text(self.end)}, average {self._text(self.start)}",
            xlabel=f"{'probability of ' if self.is_probability else ''}{self.of}",
        )
        figure = ax.get_figure(root=True)
        figure.tight_layout()
        return shown(figure, show)

    def _named(self, column: str, value: Any) -> str:
        return column if column == self.shares.rest else f"{column} = {_short(value)}"

    def _text(self, value: float, signed: bool = False) -> str:
        sign = "+" if signed and value >= 0 else "-" if value < 0 else ""
        if not self.is_probability:
            return f"{sign}{abs(value):.4g}"
        size = abs(value) * 100
        return f"{sign}{size:.{0 if size >= 1 else 1}f} {'points' if signed else '%'}"


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 28 else text[:27] + "…"


def explain_row(
    learn: Learner,
    row: Any,
    of: Any = None,
    *,
    n_rows: int = 200,
    n_rounds: int = 200,
    dl: Any = None,
    seed: int = 0,
) -> Explanation:
    """What each column of `row` did to its answer, compared with `n_rows` validation rows.

    A column's share is its Shapley value: what changed with it, over the orders in which columns can be put into another row,
    estimated from `n_rounds` pairs of orders (see `tipoff.nn.shapley`); the shares add up to the answer less the
    mean answer of those rows. `row` is a dict, a Series or a data frame of one row; `of` the class whose
    probability is explained, the likeliest by default. Like the model, it knows what goes together, not what causes what.

    >>> explain_row(learn, df.iloc[0]).plot()  # doctest: +SKIP
    """
    rows = Rows.of(learn, dl, n_rows, seed)
    learn.model.eval()

    @torch.no_grad()
    def probabilities(x: tuple[Tensor, ...]) -> Tensor:
        moved = learn.engine.to_device(Batch(x, (), torch.arange(len(x[0]))))
        with learn.engine.autocast():
            pred = learn.model(*moved.x)
        return learn.target.activation(pred.float())

    found = row_shares(rows.plan, probabilities, row, rows.frame, n_rounds=n_rounds, seed=seed)
    return Explanation(found, found.names[found.output(of)], rows.are_probabilities)
