"""A made table, and small networks whose answers are known in advance."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from tipoff.learner import Learner
from tipoff.tabular import TabularDataLoaders

CATS, CONTS = ["job", "town"], ["age", "hours", "noise"]


def people(n: int = 400, seed: int = 0) -> pd.DataFrame:
    """Rows of which `pay` depends on age, job and hours, and `rich` on pay; ages are missing here and there."""
    rng = np.random.default_rng(seed)
    df = pd.DataFrame(
        {
            "job": rng.choice(["cook", "nurse", "pilot"], n, p=[0.5, 0.3, 0.2]),
            "town": rng.choice(["Ulm", "Bern"], n),
            "age": rng.integers(18, 70, n).astype(float),
            "hours": rng.normal(38, 6, n).round(1),
            "noise": rng.normal(size=n),
        }
    )
    base = df.job.map({"cook": 1.0, "nurse": 2.0, "pilot": 4.0})
    df["pay"] = base + 0.05 * df.age + 0.02 * df.hours + rng.normal(0, 0.2, n)
    df["rich"] = np.where(df.pay > df.pay.median(), "yes", "no")
    df.loc[rng.random(n) < 0.1, "age"] = np.nan
    return df


class Net(nn.Module):
    """Embeddings and two layers."""

    def __init__(self, sizes, n_cont, n_out, n_hidden=16):
        super().__init__()
        self.embeds = nn.ModuleList([nn.Embedding(n, 3) for n in sizes])
        self.layers = nn.Sequential(
            nn.Linear(3 * len(sizes) + n_cont, n_hidden), nn.ReLU(), nn.Linear(n_hidden, n_out)
        )

    def forward(self, cats, conts):
        made = [e(cats[:, i]) for i, e in enumerate(self.embeds)]
        return self.layers(torch.cat([*made, conts], 1))


class Linear(nn.Module):
    """A sum of one number a category and a weight a number: each column's share is known."""

    def __init__(self, sizes, n_cont):
        super().__init__()
        torch.manual_seed(0)
        self.embeds = nn.ModuleList([nn.Embedding(n, 1) for n in sizes])
        self.weight = nn.Parameter(torch.randn(n_cont))

    def forward(self, cats, conts):
        return sum(e(cats[:, i]) for i, e in enumerate(self.embeds)) + (conts @ self.weight)[:, None]


def learner(df, y, block, net=Net, metrics=None, epochs=0):
    dls = TabularDataLoaders.from_df(
        df, cat_names=CATS, cont_names=CONTS, y_names=y, y_block=block, valid_pct=0.4, seed=1, bs=64
    )
    sizes, n_cont = dls.plan.inputs[0].cat_sizes, len(dls.plan.inputs[0].cont_names)
    torch.manual_seed(0)
    model = net(sizes, n_cont) if net is Linear else net(sizes, n_cont, dls.c)
    learn = Learner(dls, model, metrics=metrics)
    with learn.no_bar():
        learn.fit(epochs, 1e-2)
    return learn


class Estimator:
    """A learner as scikit-learn wants it, on raw rows."""

    def __init__(self, learn: Learner) -> None:
        self.learn = learn
        self.classes_ = np.array(getattr(learn.target, "names", [0]))
        self._estimator_type = "classifier" if hasattr(learn.target, "names") else "regressor"

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type=self._estimator_type,
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            regressor_tags=RegressorTags(),
        )

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def predict_proba(self, X):
        return self.learn.get_preds(dl=self.learn.dls.test_dl(X))[0].numpy()

    def predict(self, X):
        probs = self.predict_proba(X)
        return probs[:, 0] if self._estimator_type == "regressor" else self.classes_[probs.argmax(1)]
