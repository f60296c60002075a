"""A head trained in seconds, on what the frozen body says of each picture once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tipoff.data.dataloaders import DataLoaders
from tipoff.data.dataset import TensorDataset
from tipoff.data.loader import Loader
from tipoff.learner.learner import Learner
from tipoff.learner.predictions import in_order


@torch.no_grad()
def pooled_features(learn: Learner, ds_idx: int) -> tuple[Tensor, Tensor]:  # -> (N, F), (N,)
    """What the body and the head's pooling give for each picture, plain, and the targets."""
    body, pool = learn.model[0], learn.model[1][:2]  # type: ignore[index]
    learn.model.eval()
    xs, ys = [], []
    loader = in_order(learn, ds_idx, None)
    for raw in loader.batches(0):
        batch = loader.finish(learn.engine.to_device(raw), 0)
        with torch.autocast(
            learn.dls.device.type, torch.bfloat16, enabled=learn.engine.precision != "float32"
        ):
            xs.append(pool(body(*batch.x)).float())
        ys.append(batch.y[0])
    return torch.cat(xs), torch.cat(ys)


def warm_start(learn: Learner, features: Tensor, y: Tensor, epochs: int = 40, lr: float = 4e-3) -> None:
    """Train the head's layers on `features` (N, F) in place, with the learner's own loss.

    It takes seconds where frozen epochs take minutes, as the body runs once and not once an epoch.
    """
    head: nn.Module = nn.Sequential(*list(learn.model[1])[2:])  # type: ignore[index]
    loader = Loader(TensorDataset(features, y), bs=32, shuffle=True, seed=learn.dls.train.seed)
    dls: Any = DataLoaders(loader, device=learn.dls.device)
    Learner(dls, head, learn.loss_func, learn.opt_func, default_cbs=False).fit_one_cycle(epochs, lr)


def logistic_baseline(train: tuple[Tensor, Tensor], valid: tuple[Tensor, Tensor]) -> float:
    """The accuracy of scikit-learn's logistic regression on the same features: what fine-tuning has to beat."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500, C=0.01))
    model.fit(train[0].cpu().numpy(), train[1].cpu().numpy())
    return float(model.score(valid[0].cpu().numpy(), valid[1].cpu().numpy()))
