"""Where a classifier errs: confusion, the largest losses, a report."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from tipoff.arguments import need_whole
from tipoff.data.show import show_sample
from tipoff.display import INK, entitle, get_grid, shown, subplots
from tipoff.errors import UsageError
from tipoff.interpret.gradcam import heat_maps, overlay
from tipoff.interpret.rows import rows_with_losses
from tipoff.interpret.texts import are_texts, texts_with_losses
from tipoff.learner.learner import Learner
from tipoff.learner.predictions import Predictions
from tipoff.metrics.confusion import confusion_matrix


class Interpretation:
    """Predictions on the validation items, to be looked at."""

    def __init__(self, learn: Learner, made: Predictions) -> None:
        self.learn, self.made = learn, made

    @classmethod
    def from_learner(cls, learn: Learner, ds_idx: int = 1, dl: Any = None, act: Any = None) -> Any:
        """Predict the validation items, or those of `dl`. Raises `UsageError` where they have no labels, and for `act`."""
        if act is not None:
            raise UsageError("act is not taken: the loss says what makes probabilities of outputs (its activation).")
        made = learn.predictions(ds_idx, dl)
        if made.targets is None or made.losses is None:
            raise UsageError(
                "These items have no labels, so nothing can be compared: learn.dls.test_dl(items, with_labels=True) reads them, and "
                "learn.get_preds(dl=...) predicts items without."
            )
        return cls(learn, made)

    def top_losses(self, k: int | None = None, largest: bool = True, items: bool = False) -> tuple[Any, ...]:
        """(losses, positions) of the `k` items with the largest (or smallest) losses; all where k is None."""
        assert self.made.losses is not None
        if k is not None:
            need_whole("k", k, at_least=1)
        n = len(self.made.losses)
        losses, at = self.made.losses.topk(min(n if k is None else k, n), largest=largest)
        if not items:
            return losses, at
        return losses, at, [self._raw(int(i)) for i in at]

    def _raw(self, i: int) -> Any:
        dataset, at = self.made.dataset, int(self.made.items[i])
        if hasattr(dataset, "frame"):
            return dataset.frame.iloc[at]
        return dataset.columns[0][at] if hasattr(dataset, "columns") else at

    def top_losses_table(self, k: int = 10, largest: bool = True) -> Any:
        """The rows of a table, or the texts, with the largest losses, as a data frame with prediction, truth and loss."""
        losses, at = self.top_losses(k, largest)
        if are_texts(self.made.dataset):
            return texts_with_losses(self.made, self.learn.target, losses, at)
        return rows_with_losses(self.made, self.learn.target, losses, at)

    def plot_top_losses(
        self, k: int, largest: bool = True, heat: bool = False, show: bool = True, **kwargs: Any
    ) -> Any:
        """Draw the `k` items with the largest losses: prediction, truth, loss; with `heat`, what it looked at.

        Returns the figure where `show` is False. Of a table, or of texts, it returns the rows as a data frame.
        """
        if hasattr(self.made.dataset, "frame") or are_texts(self.made.dataset):
            return self.top_losses_table(k, largest)
        if self.learn.dls.plan is None:
            raise UsageError(
                "plot_top_losses needs DataLoaders made from a DataBlock, which know how to draw their items; top_losses(k) gives "
                "their positions."
            )
        losses, at = self.top_losses(k, largest)
        figure, axes = get_grid(len(at), return_fig=True, **kwargs)
        plan, target = self.learn.dls.plan, self.learn.target
        assert plan is not None and self.made.targets is not None
        batch = plan.finish(self.made.dataset.batch(self.made.items[at], 0), None)
        maps = heat_maps(self.learn.model, batch.x[0], self.made.probs[at].argmax(-1)) if heat else None
        for i, ax in enumerate(axes):
            show_sample(plan, tuple(t[i] for t in batch.x), (), ax)
            if maps is not None:
                overlay(maps[i], batch.x[0].shape[-2:], ax)
            truth = target.decode(self.made.targets[at[i]])
            said = target.sentence(self.made.probs[at[i]])
            entitle(ax, f"{said}\nis {truth}, loss {float(losses[i]):.2f}")
        figure.tight_layout()
        return shown(figure, show)


class ClassificationInterpretation(Interpretation):
    """`Interpretation` of a classifier."""

    @property
    def vocab(self) -> list[Any]:
        names = getattr(self.learn.target, "names", None)  # the vocab of texts holds their tokens too
        if names is not None:
            return list(names)
        # loaders of the user's own name no classes: they are numbers
        return (
            list(self.learn.dls.vocab) if self.learn.dls.targets else list(range(self.made.probs.shape[-1]))
        )

    @property
    def decoded(self) -> Tensor:  # (N,)
        return self.made.probs.argmax(-1)

    def confusion_matrix(self) -> np.ndarray:
        """How often class i (row) was taken for class j (column)."""
        assert self.made.targets is not None
        return confusion_matrix(self.decoded, self.made.targets, len(self.vocab)).numpy()

    def plot_confusion_matrix(
        self,
        normalize: bool = False,
        title: str = "Confusion matrix",
        cmap: str = "Oranges",
        norm_dec: int = 2,
        plot_txt: bool = True,
        figsize: tuple[float, float] | None = None,
        show: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Draw the confusion matrix; `normalize` gives shares of each row. `kwargs`, such as `dpi`, are the figure's.

        Returns the figure where `show` is False.
        """
        m = self.confusion_matrix().astype(float)
        shares = m / np.maximum(m.sum(1, keepdims=True), 1) if normalize else m
        n = len(m)
        side = max(4.0, 0.42 * n + 2)
        figure, ax = subplots(figsize=figsize or (side, side), **kwargs)
        ax.imshow(shares, cmap=cmap, vmin=0)
        ax.grid(False)
        ax.set_xticks(range(n), [str(v) for v in self.vocab], rotation=90)
        ax.set_yticks(range(n), [str(v) for v in self.vocab])
        if plot_txt:
            half = shares.max() / 2
            for i in range(n):
                for j in range(n):
                    if shares[i, j]:
                        text = f"{shares[i, j]:.{norm_dec}f}" if normalize else f"{int(shares[i, j])}"
                        ax.text(
                            j,
                            i,
                            text,
                            ha="center",
                            va="center",
                            color="white" if shares[i, j] > half else INK,
                        )
        ax.set(title=title, xlabel="taken for", ylabel="is")
        figure.tight_layout()
        return shown(figure, show)

    def most_confused(self, min_val: int = 1) -> list[tuple[Any, Any, int]]:
        """(actual, predicted, count), the most frequent first."""
        m = self.confusion_matrix().copy()
        np.fill_diagonal(m, 0)
        pairs = [(self.vocab[i], self.vocab[j], int(m[i, j])) for i, j in np.argwhere(m >= max(1, min_val))]
        return sorted(pairs, key=lambda p: -p[2])

    def print_classification_report(self) -> None:
        """scikit-learn's report: precision, recall and F1 of each class."""
        from sklearn.metrics import classification_report

        assert self.made.targets is not None
        print(
            classification_report(
                self.made.targets.numpy(),
                self.decoded.numpy(),
                labels=list(range(len(self.vocab))),
                target_names=[str(v) for v in self.vocab],
                zero_division=0,
            )
        )


def right_of(made: Predictions) -> tuple[int, int]:
    """(how many answers are right, of how many)."""
    assert made.targets is not None
    return int((made.probs.argmax(-1) == made.targets).sum()), len(made.targets)
