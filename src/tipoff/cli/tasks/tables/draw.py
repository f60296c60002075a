"""Numbers that were predicted beside the true ones."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from tipoff.display import BAR, INK_2, subplots

MOST = 5000  # points


def predicted_and_true(said: Tensor, true: Tensor) -> Any:  # (N, n), (N, n) -> a figure
    """Each row a point; on the line, prediction and truth are the same."""
    x, y = (t.reshape(len(t), -1)[:MOST, 0].numpy() for t in (true, said))
    figure, ax = subplots(figsize=(5.4, 5.2))
    low, high = float(min(x.min(), y.min())), float(max(x.max(), y.max()))
    ax.plot([low, high], [low, high], color=INK_2, linewidth=0.8)
    ax.scatter(x, y, s=8, color=BAR, alpha=0.35, linewidths=0)
    ax.set(xlabel="true", ylabel="predicted", title="Predicted and true, on unseen rows")
    figure.tight_layout()
    return figure
