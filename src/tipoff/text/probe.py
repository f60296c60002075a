"""A head fitted in seconds, on what the frozen encoder says of each text once: for few labels.

Linear probing, then fine-tuning, keeps more of what the encoder knows than fine-tuning from a random head (Kumar et al.
2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tipoff.data.target import CategoryBlock
from tipoff.errors import UsageError

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # inverse strengths of the L2 penalty, for features of unit scale


@torch.no_grad()
def embeddings(learn: Learner, ds_idx: int = 0) -> tuple[Tensor, Tensor, Tensor]:  # -> (N, F), (N,), (N,)
    """What the encoder says of each text, pooled, without dropout; the targets; and the positions of the texts."""
    model: Any = learn.model.eval()
    loader = learn.dls[ds_idx]
    xs, ys, items = [], [], []
    for raw in loader.batches(0):
        batch = loader.finish(learn.engine.to_device(raw), 0)
        with learn.engine.autocast():
            xs.append(model.features(*batch.x).float())
        ys.append(batch.y[0])
        items.append(batch.items)
    return torch.cat(xs), torch.cat(ys), torch.cat(items)


def fit_head(learn: Learner, C: float | None = None) -> float | None:
    """Fit the head, one linear layer, as a logistic regression on the embeddings, in place.

    `C` is the inverse strength of the penalty; without it, cross-validation chooses where every class has a few texts.
    Returns the accuracy on the validation texts; None where there are none. Raises `UsageError` for another head or target.
    """
    made = fit_probe(learn, C)
    return None if made is None else float((made[0] == made[1]).float().mean())


def fit_probe(
    learn: Learner, C: float | None = None
) -> tuple[Tensor, Tensor, Tensor] | None:  # -> long (N,) each
    """As `fit_head`; the class that it predicts for each validation text, the true one, and the position of the text."""
    head = [m for m in learn.model[1].modules() if not isinstance(m, (nn.Sequential, nn.Dropout))]  # type: ignore[index]
    if len(head) != 1 or not isinstance(head[0], nn.Linear) or not isinstance(learn.target, CategoryBlock):
        raise UsageError(
            "fit_head is for categories and a head of one linear layer, which transformers have: "
            'text_classifier_learner(dls, "minilm").'
        )
    x, y, _ = embeddings(learn, 0)
    mean, scale = x.mean(0), x.std(0).square().mean().sqrt()
    fitted = _fitted(((x - mean) / scale).cpu(), y.cpu(), C)
    linear = head[0]
    weight = torch.zeros_like(linear.weight)
    bias = torch.full_like(linear.bias, -10.0)  # classes without a training text are not answered
    rows, first = torch.from_numpy(fitted.coef_).to(weight), torch.from_numpy(fitted.intercept_).to(bias)
    at = torch.from_numpy(fitted.classes_).to(weight.device)
    if len(at) == 2:  # one row for the second class against the first
        rows, first = torch.cat([-rows / 2, rows / 2]), torch.cat([-first / 2, first / 2])
    weight[at], bias[at] = rows / scale, first - rows @ mean / scale
    with torch.no_grad():
        linear.weight.copy_(weight)
        linear.bias.copy_(bias)
    if learn.dls.valid is None:
        return None
    x, y, at = embeddings(learn, 1)
    return (x @ weight.T + bias).argmax(-1).cpu(), y.cpu(), at


def _fitted(x: Tensor, y: Tensor, C: float | None) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    fewest = int((counts := y.bincount())[counts > 0].min())
    if C is not None or fewest < 3:
        return LogisticRegression(C=0.1 if C is None else C, max_iter=1000).fit(x.numpy(), y.numpy())
    search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": STRENGTHS}, cv=min(5, fewest))
    return search.fit(x.numpy(), y.numpy()).best_estimator_
