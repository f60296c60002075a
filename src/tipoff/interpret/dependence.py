"""How an answer changes with one column: partial dependence, and a line for each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tipoff.display import BAR, BAR_REST, INK_2, shown, subplots
from tipoff.interpret.rows import Rows
from tipoff.learner.learner import Learner

if TYPE_CHECKING:
    from pandas import DataFrame

ENDS = (0.05, 0.95)  # between these quantiles of its values a number is varied
MOST_CHOICES = 30

# N rows, G values of the column


@dataclass(frozen=True)
class Dependence:
    """`lines` (N, G): the answer `of` for each row, had its `column` had each of the `values`.

    `seen` are the values that the rows have. Numbers and dates are drawn as lines, categories as points.
    """

    column: str
    of: Any
    values: tuple[Any, ...]
    lines: Tensor
    seen: tuple[Any, ...]
    is_line: bool
    is_probability: bool

    @property
    def means(self) -> Tensor:  # (G,)
        return self.lines.mean(0)

    def table(self) -> DataFrame:
        """The mean over rows, and between which values eight of ten rows lie."""
        import pandas as pd

        low, high = self.lines.quantile(torch.tensor([0.1, 0.9], dtype=self.lines.dtype), dim=0)
        made = {self.column: list(self.values), "mean": self.means, "low": low, "high": high}
        return pd.DataFrame({k: v.tolist() if isinstance(v, Tensor) else v for k, v in made.items()})

    def plot(self, n_lines: int = 40, ax: Any = None, show: bool = True) -> Any:
        """The mean, thick, over the lines of `n_lines` rows; below, where the values of the rows lie.

        Returns the figure where `show` is False.
        """
        if ax is None:
            _, ax = subplots(figsize=(6.4, 4.2))
        lines, at = self.lines[:n_lines], self._places()
        if self.is_line:
            ax.plot(at, lines.T, color=BAR_REST, linewidth=0.7, alpha=0.8)
            ax.plot(at, self.means, color=BAR, linewidth=3)
            seen = [v for v in self.seen if at[0] <= v <= at[-1]]
            ax.plot(
                seen, np.zeros(len(seen)), "|", color=INK_2, alpha=0.5, transform=ax.get_xaxis_transform()
            )
        else:
            noise = np.random.default_rng(0).uniform(-0.18, 0.18, lines.shape)
            ax.plot((at + noise).T, lines.T, "o", color=BAR_REST, markersize=3, zorder=1)
            ax.plot(at, self.means, "D", color=BAR, markersize=8, zorder=2)
            long = max(len(str(v)) for v in self.values) > 8 or len(self.values) > 8
            ax.set_xticks(at, [str(v) for v in self.values], rotation=90 if long else 0)
            ax.grid(False, axis="x")
        what = f"probability of {self.of}" if self.is_probability else str(self.of)
        ax.set(xlabel=self.column, ylabel=what, title=f"{self.of}, had {self.column} been another")
        figure = ax.get_figure(root=True)
        figure.tight_layout()
        return shown(figure, show)

    def _places(self) -> np.ndarray:
        return np.array(self.values) if self.is_line else np.arange(len(self.values))


def partial_dependence(
    learn: Learner,
    column: str,
    of: Any = None,
    *,
    values: Sequence[Any] | None = None,
    n_values: int = 30,
    n_rows: int | None = 500,
    dl: Any = None,
    seed: int = 0,
) -> Dependence:
    """The answer of each of `n_rows` validation rows, had its `column` had other values (Friedman 2001).

    `of` is the class whose probability it is, or the number; it may be left out where there are two classes or one number.
    `values` are those to try: where None, `n_values` between the 5th and the 95th percentile of a number or date, or the
    most frequent categories, at most 30. The rows' own lines (Goldstein et al. 2015) show what the mean may hide. Nothing else of
    a row changes with it, so values that do not go together with the others are asked about too.

    >>> partial_dependence(learn, "age", of=">=50k").plot()  # doctest: +SKIP
    """
    import pandas as pd

    rows = Rows.of(learn, dl, n_rows, seed)
    rows.need([column])
    about = next(c for c in rows.block.columns if c.name == column)
    is_line = about.kind in ("number", "date")
    seen = rows.frame[column].tolist()
    if is_line:
        read = about.read(rows.frame)
        seen = list(np.sort(read[~np.isnan(read)]))
        values = None if values is None else about.read(pd.DataFrame({column: list(values)}))
    tried = list(values) if values is not None else _grid(about, seen, n_values)
    answers = rows.varied(column, tried)
    k, name = rows.output(of, answers)
    lines = answers[..., k]
    return Dependence(column, name, tuple(tried), lines, tuple(seen), is_line, rows.are_probabilities)


def _grid(about: Any, seen: list[Any], n: int) -> list[Any]:
    if about.kind not in ("number", "date"):
        usual = list(about.choices[:MOST_CHOICES])
        return sorted(usual) if all(isinstance(v, (int, float)) for v in usual) else usual
    different = sorted(set(seen))
    if len(different) <= n:
        return different
    low, high = (different[0].dtype.type(v) for v in np.quantile(np.array(seen), ENDS, method="nearest"))
    return [low + (high - low) * i / (n - 1) for i in range(n)]
