"""Items drawn where their factors put them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tipoff.display import BAR, BAR_REST, INK, shown, subplots
from tipoff.errors import UsageError
from tipoff.nn.vectors import pca

if TYPE_CHECKING:
    from tipoff.collab.model import EmbeddingDotBias
    from tipoff.collab.recommender import Recommender

MAX_LETTERS = 28
MAX_STEPS = 40  # of half a line each


def plot_items(
    recommender: Recommender,
    model: EmbeddingDotBias,
    items: Iterable[Any] | None = None,
    n: int = 50,
    show: bool = True,
) -> Any:
    """The first two principal components of the factors of `items`, by default the `n` that most people rated.

    The components are those of the 1,000 most rated items, so that a few drawn ones do not decide them. Items near each
    other are liked by the same people. Returns the figure where `show` is False.
    """
    known = recommender.by_count(1000)
    drawn = known[:n] if items is None else list(items)
    if len(drawn) < 3:
        raise UsageError(f"There are {len(drawn)} items to draw; three or more make a picture.")
    every = list(dict.fromkeys([*known, *drawn]))
    at = dict(zip(every, pca(model.weight(every), 2).tolist(), strict=True))
    figure, ax = subplots(figsize=(11, 10), layout="constrained")
    spread = [at[item] for item in drawn]
    ax.scatter(*zip(*spread, strict=True), s=14, color=BAR)
    ax.margins(x=0.12)
    texts = [
        ax.text(x, y, _short(item), fontsize=8, color=INK) for item, (x, y) in zip(drawn, spread, strict=True)
    ]
    _apart(figure, ax, texts)
    ax.set_xlabel("first component")
    ax.set_ylabel("second component")
    ax.set_title(f"{len(drawn)} {recommender.pairs.item_name}s where their factors put them")
    return shown(figure, show)


def _short(name: Any) -> str:
    text = str(name)
    return text if len(text) <= MAX_LETTERS else text[: MAX_LETTERS - 1].rstrip() + "…"


def _apart(figure: Any, ax: Any, texts: list[Any]) -> None:
    """Put each name beside its point, and higher where another is in the way; a line then leads to it."""
    figure.canvas.draw()
    inverse = ax.transData.inverted()
    placed: list[Any] = []
    for text in sorted(texts, key=lambda t: t.get_position()[1]):
        point, box = text.get_position(), text.get_window_extent()
        box = box.translated(6, -box.height / 2)
        steps = 0
        while any(box.overlaps(other) for other in placed) and steps < MAX_STEPS:
            steps += 1
            box = box.translated(0, box.height / 2)
        placed.append(box)
        text.set_position(inverse.transform((box.x0, (box.y0 + box.y1) / 2)))
        text.set_verticalalignment("center")
        if steps:
            ends = [point, text.get_position()]
            ax.plot(*zip(*ends, strict=True), color=BAR_REST, linewidth=0.7, zorder=0)
