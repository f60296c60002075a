"""A head fitted in seconds, on what the frozen body says of each picture once.

Linear probing, then fine-tuning, keeps more of what the body knows than fine-tuning from a random head,
whose first gradients are noise (Kumar et al., "Fine-Tuning can Distort Pretrained Features and
Underperform Out-of-Distribution", ICLR 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from tipoff.data.target import CategoryBlock
from tipoff.errors import UsageError
from tipoff.learner.predictions import in_order

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

C = 0.01  # inverse strength of the L2 penalty, for features of unit scale; see docs/decisions/004-linear-probe.md
PROBE_HEAD = {"lin_ftrs": (), "concat_pool": False, "first_bn": False, "ps": 0.0}


@torch.no_grad()
def pooled_features(learn: Learner, ds_idx: int) -> tuple[Tensor, Tensor]:  # -> (N, F), (N,)
    """What the body and the head's pooling give for each picture, without augmentation, and the targets."""
    body, pool = learn.model[0], learn.model[1][:2]  # type: ignore[index]
    learn.model.eval()
    xs, ys = [], []
    loader = in_order(learn, ds_idx, None)
    for raw in loader.batches(0):
        batch = loader.finish(learn.engine.to_device(raw), 0)
        with learn.engine.autocast():
            xs.append(pool(body(*batch.x)).float())
        ys.append(batch.y[0])
    return torch.cat(xs), torch.cat(ys)


def linear_probe(learn: Learner) -> float | None:
    """Fit the head as a logistic regression on the features of the frozen body, in place.

    The head is one linear layer: `vision_learner(dls, arch, **PROBE_HEAD)`. Returns the accuracy on the
    validation items, which is the baseline that fine-tuning has to beat; None where there are none.
    Raises `UsageError` for another head or target.

    >>> learn = vision_learner(dls, **PROBE_HEAD)  # doctest: +SKIP
    >>> baseline = linear_probe(learn)  # doctest: +SKIP
    """
    made = fit_probe(learn)
    return None if made is None else float((made[0] == made[1]).float().mean())


def fit_probe(learn: Learner) -> tuple[Tensor, Tensor] | None:  # -> long (N,), (N,)
    """As `linear_probe`; the class that it predicts for each validation item, in order, and the true one."""
    from sklearn.linear_model import LogisticRegression

    linear = [m for m in learn.model[1].modules() if isinstance(m, nn.Linear)]  # type: ignore[index]
    if len(linear) != 1 or linear[0].bias is None or not isinstance(learn.target, CategoryBlock):
        raise UsageError(
            "linear_probe is for categories and a head of one linear layer: vision_learner(dls, arch, **PROBE_HEAD)."
        )
    x, y = pooled_features(learn, 0)
    mean, scale = x.mean(0), x.std(0).square().mean().sqrt()
    fitted = LogisticRegression(C=C, max_iter=1000).fit(((x - mean) / scale).cpu().numpy(), y.cpu().numpy())
    weight = torch.zeros_like(linear[0].weight)
    bias = torch.full_like(linear[0].bias, -10.0)  # classes without a training item are not answered
    rows, at = torch.from_numpy(fitted.coef_).to(weight), torch.from_numpy(fitted.classes_).to(weight.device)
    first = torch.from_numpy(fitted.intercept_).to(bias)
    if len(at) == 2:  # one row for the second class against the first
        rows, first = torch.cat([-rows / 2, rows / 2]), torch.cat([-first / 2, first / 2])
    weight[at], bias[at] = rows / scale, first - rows @ mean / scale
    with torch.no_grad():
        linear[0].weight.copy_(weight)
        linear[0].bias.copy_(bias)
    if learn.dls.valid is None:
        return None
    x, y = pooled_features(learn, 1)
    return (x @ weight.T + bias).argmax(-1).cpu(), y.cpu()
