"""The categories of a column as points on a plane, by their embeddings or by the answers they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from tipoff.display import BAR, INK, shown, subplots
from tipoff.errors import UsageError, did_you_mean, some
from tipoff.interpret.rows import Rows
from tipoff.learner.learner import Learner

if TYPE_CHECKING:
    from pandas import DataFrame

By = Literal["answers", "weights"]

SPOTS = (
    ((5, 4), "left"),
    ((-5, 4), "right"),
    ((5, -11), "left"),
    ((-5, -11), "right"),
)  # of a label, in points

# V categories, E numbers that stand for one, P components


@dataclass(frozen=True)
class EmbeddingMap:
    """`places` (V, P): each category on the directions in which the categories of `column` differ most.

    `by` says in what they differ: "answers" or "weights". `explained` (P,) are the shares of all variance in these
    directions, `counts` (V,) how many training rows a category has.
    """

    column: str
    by: By
    names: tuple[Any, ...]
    places: Tensor
    explained: Tensor
    counts: Tensor

    def table(self) -> DataFrame:
        """A row a category."""
        import pandas as pd

        places = {f"component {i + 1}": p.tolist() for i, p in enumerate(self.places.T)}
        return pd.DataFrame({self.column: list(self.names), **places, "rows": self.counts.tolist()})

    def plot(self, ax: Any = None, show: bool = True) -> Any:
        """The first two components; the more rows, the larger. A label that would cover another is left out, rare ones first.

        Returns the figure where `show` is False.
        """
        if self.places.shape[1] < 2:
            raise UsageError(f"{self.column} has one component only; a picture needs two.")
        if ax is None:
            _, ax = subplots(figsize=(6.4, 5.4))
        x, y = self.places.T[:2].tolist()
        ax.scatter(
            x, y, s=(20 + 260 * self.counts / self.counts.max().clamp(min=1)).tolist(), color=BAR, alpha=0.75
        )
        shares = [f"{100 * float(v):.0f} %" for v in self.explained[:2]]
        ax.set(
            title=f"{self.column}: near are alike {'answers' if self.by == 'answers' else 'embeddings'}",
            xlabel=f"component 1 ({shares[0]} of the differences)",
            ylabel=f"component 2 ({shares[1]})",
        )
        ax.margins(0.12)
        figure = ax.get_figure(root=True)
        figure.tight_layout()
        figure.canvas.draw()
        taken: list[Any] = []
        for i in self.counts.argsort(descending=True, stable=True).tolist():
            for where, side in SPOTS:
                text = ax.annotate(
                    str(self.names[i]),
                    (x[i], y[i]),
                    where,
                    textcoords="offset points",
                    ha=side,
                    fontsize=9,
                    color=INK,
                )
                box = text.get_window_extent()
                inside = ax.bbox.x0 < box.x0 and box.x1 < ax.bbox.x1
                if inside and not any(box.overlaps(other) for other in taken):
                    taken.append(box)
                    break
                text.remove()
        return shown(figure, show)


def embedding_map(
    learn: Learner,
    column: str,
    n_components: int = 2,
    *,
    by: By | None = None,
    n_rows: int = 300,
    dl: Any = None,
    seed: int = 0,
) -> EmbeddingMap:
    """The categories of a column by principal components (Pearson 1901): which of them the model takes alike.

    By "weights", they are compared by their embeddings, as in the lesson. These mean something where they start near 0, as
    those of fastai's network do; those of a network with members start far apart, and stay there unless the loss moves
    them. By "answers", they are compared by what the model says of `n_rows` validation rows, had these that category (log
    probabilities, or numbers). Where `by` is None it is answers for a network with members, else weights.

    `column` is among `dls.cat_names`; the parts of a date have weights only. What is missing or unknown (`#na#`) is left out.

    >>> embedding_map(learn, "occupation").plot()  # doctest: +SKIP
    """
    block: Any = learn.dls.plan.inputs[0] if learn.dls.plan is not None else None
    embeds: Any = getattr(learn.model, "embeds", None)
    if not hasattr(block, "cat_names") or embeds is None:
        raise UsageError("This is for tables, and for networks that embed categories.")
    if column not in block.cat_names:
        raise UsageError(
            f"{column!r} is no category of the model; these are: {some(block.cat_names, 30)}."
            f"{did_you_mean(column, block.cat_names)}"
        )
    names = block.classes[column][1:]
    if len(names) < 2:
        raise UsageError(f"{column} has {len(names)} category; there is nothing to compare.")
    if by is None:
        raw = any(c.name == column for c in block.columns)
        by = "answers" if raw and getattr(learn.model, "n_members", 1) > 1 else "weights"
    if by == "weights":
        x = embeds[block.cat_names.index(column)].weight.detach().cpu().double()[1:]
    else:
        rows = Rows.of(learn, dl, n_rows, seed)
        rows.need([column])
        said = rows.varied(column, names)  # (N, V, O)
        x = (said.clamp(min=1e-6).log() if rows.are_probabilities else said).transpose(0, 1).flatten(1)
    places, explained = components(x, n_components)
    return EmbeddingMap(
        column, by, tuple(names), places, explained, _counts(learn, block, column, len(names))
    )


def components(x: Tensor, n: int) -> tuple[Tensor, Tensor]:  # (V, E) -> (V, P), (P,)
    """The rows of `x` on their first `n` principal components, and the share of variance of each.

    Signs are such that the row that lies farthest out on a component is positive.

    >>> components(torch.tensor([[1.0, 0], [2, 0], [6, 0]]), 1)[0].flatten().tolist()
    [-2.0, -1.0, 3.0]
    """
    u, s, _ = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    places = (u * s)[:, :n]
    far = places.gather(0, places.abs().argmax(0, keepdim=True))
    return places * far.sign(), (s**2 / (s**2).sum().clamp(min=1e-300))[:n]


def _counts(learn: Learner, block: Any, column: str, n: int) -> Tensor:  # -> (n,)
    """How many training rows each category has; one, where the rows are not there."""
    cats = getattr(learn.dls.train_ds, "cats", None) if len(learn.dls) else None
    if cats is None:
        return torch.ones(n, dtype=torch.long)
    return torch.bincount(cats[:, block.cat_names.index(column)], minlength=n + 1)[1:]
