"""Ratings: epochs beside fastai and a plain loop, errors beside surprise, recommendations. WHO

WHO is tipoff or fastai for epochs of the lesson's model, the dot product with biases, 50 factors, y_range (0, 5.5), at batch
sizes 64 and 1024, each epoch with its validation, and of a plain loop over sliced tensors in turn with them; `errors` for the
RMSE of the default model, of averages, and of fastai's model and recipe; `surprise` for that of SVD and SVD++; `recommend` for
milliseconds a list out of 100,000 items.

Reads ml_100k/ of BENCH_DATA; without it ratings are made up. The test part of u_i is the i-th block of 20,000 rows of u.data.
Hyper-parameters of tipoff's default were chosen within the training parts of u2 and of the random split.
"""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from common import data, report
from torch import nn

ROUNDS = int(os.environ.get("BENCH_EPOCHS", "3"))
who = sys.argv[1]


def table() -> pd.DataFrame:
    where = data()
    names = ["user", "item", "rating"]
    if where is not None and (where / "ml_100k").is_dir():
        return pd.read_csv(where / "ml_100k" / "u.data", sep="\t", header=None, names=[*names, "time"])[names]
    rng = np.random.default_rng(0)
    users, items = rng.integers(1, 944, 130_000), (1683 * rng.random(130_000) ** 2).astype(int)
    p, q = rng.standard_normal((944, 5)), rng.standard_normal((1683, 5))
    stars = 3.5 + 0.35 * (p[users] * q[items]).sum(1) + 0.9 * rng.standard_normal(len(users))
    frame = pd.DataFrame({"user": users, "item": items, "rating": stars.round().clip(1, 5).astype(int)})
    return frame.drop_duplicates(names[:2])[:100_000].reset_index(drop=True)


def seconds(do: Callable[[], Any]) -> float:
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        do()
    return time.perf_counter() - began


class Plain(nn.Module):
    """fastai's dot product with biases, written down."""

    def __init__(self, n_users: int, n_items: int) -> None:
        super().__init__()
        self.u, self.i = nn.Embedding(n_users, 50), nn.Embedding(n_items, 50)
        self.bu, self.bi = nn.Embedding(n_users, 1), nn.Embedding(n_items, 1)
        for layer in (self.u, self.i, self.bu, self.bi):
            nn.init.trunc_normal_(layer.weight, std=0.01, a=-0.02, b=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        users, items = x[:, 0], x[:, 1]
        z = (self.u(users) * self.i(items)).sum(1) + self.bu(users).squeeze(1) + self.bi(items).squeeze(1)
        return torch.sigmoid(z) * 5.5


def plain_loop(frame: pd.DataFrame, bs: int) -> Callable[[], None]:
    codes = [torch.from_numpy(pd.factorize(frame[c])[0] + 1) for c in ("user", "item")]
    x, y = torch.stack(codes, 1), torch.tensor(frame["rating"].to_numpy(dtype="float32"))
    cut = len(x) // 5
    xv, yv, x, y = x[:cut], y[:cut], x[cut:], y[cut:]
    n = len(x)

    def run() -> None:
        net = Plain(int(codes[0].max()) + 1, int(codes[1].max()) + 1)
        opt = torch.optim.AdamW(net.parameters(), 5e-3, weight_decay=0.1, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(opt, 5e-3, -(-n // bs))
        order, summed = torch.randperm(n), torch.zeros(())
        for i in range(0, n, bs):
            at = order[i : i + bs]
            loss = nn.functional.mse_loss(net(x[at]), y[at])
            opt.zero_grad()
            loss.backward()
            opt.step()
            schedule.step()
            summed += loss.detach()
        with torch.no_grad():
            lost = torch.zeros(())
            for i in range(0, len(xv), 2 * bs):
                lost += nn.functional.mse_loss(net(xv[i : i + 2 * bs]), yv[i : i + 2 * bs])
        float(summed), float(lost)

    return run


def tipoff_epoch(frame: pd.DataFrame, bs: int) -> Callable[[], None]:
    from tipoff.collab import CollabDataLoaders, collab_learner

    dls = CollabDataLoaders.from_df(frame, valid_idx=range(len(frame) // 5), bs=bs, val_bs=2 * bs)
    return lambda: collab_learner(dls, n_factors=50, y_range=(0, 5.5), members=1).fit_one_cycle(
        1, 5e-3, wd=0.1
    )


def fastai_epoch(frame: pd.DataFrame, bs: int) -> Callable[[], None]:
    from fastai.collab import CollabDataLoaders, collab_learner

    dls = CollabDataLoaders.from_df(frame, valid_pct=0.2, seed=0, bs=bs)

    def run() -> None:
        learn = collab_learner(dls, n_factors=50, y_range=(0, 5.5))
        with learn.no_bar():
            learn.fit_one_cycle(1, 5e-3, wd=0.1)

    return run


def epochs(frame: pd.DataFrame) -> None:
    made: dict[str, float] = {}
    for bs in (64, 1024):
        library = {"tipoff": tipoff_epoch, "fastai": fastai_epoch}[who](frame, bs)
        both = {"plain": plain_loop(frame, bs), "library": library}
        took: dict[str, list[float]] = {name: [] for name in both}
        for i in range(ROUNDS + 1):
            for name, run in both.items():
                spent = seconds(run)
                if i:  # the first round warms up
                    took[name].append(spent)
        made |= {f"plain_{bs}": round(min(took["plain"]), 4), f"library_{bs}": round(min(took["library"]), 4)}
        made[f"ratio_{bs}"] = round(made[f"library_{bs}"] / made[f"plain_{bs}"], 3)
    report(**made)


def splits(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """The rows to check on: u1 to u5, and a tenth at random."""
    block = len(frame) // 5
    random = np.random.RandomState(42).permutation(len(frame))[: len(frame) // 10]
    return {**{f"u{k + 1}": np.arange(k * block, (k + 1) * block) for k in range(5)}, "random": random}


def with_mean(each: dict[str, float]) -> dict[str, float]:
    return {**each, "mean": statistics.mean(v for k, v in each.items() if k != "random")}


def errors(frame: pd.DataFrame) -> None:
    from tipoff.collab import CollabDataLoaders, average_baseline, collab_learner

    made: dict[str, dict[str, float]] = {"averages": {}, "one member": {}, "tipoff": {}}
    took = []
    for name, rows in splits(frame).items():
        # the lesson's recipe, then tipoff's
        for kind, bs, options in (("one member", 64, {"members": 1}), ("tipoff", None, {})):
            dls = CollabDataLoaders.from_df(frame, valid_idx=rows, seed=0, bs=bs)
            torch.manual_seed(0)
            learn = collab_learner(dls, **options)
            spent = seconds(learn.fit_auto)
            preds, targets = learn.get_preds()
            made[kind][name] = float((preds - targets).square().mean().sqrt())
        made["averages"][name] = average_baseline(dls)["rmse"]
        took.append(spent)
    figures = {f"{kind}: {k}": round(v, 4) for kind, each in made.items() for k, v in with_mean(each).items()}
    report(**figures, seconds=round(statistics.median(took), 2))


def surprise(frame: pd.DataFrame) -> None:
    from surprise import SVD, Dataset, Reader, SVDpp, accuracy

    figures: dict[str, float] = {}
    for kind, algorithm in (("SVD", SVD), ("SVD++", SVDpp)):
        each = {}
        for name, rows in splits(frame).items():
            learned = frame.drop(index=rows)
            fitted = algorithm(random_state=0)
            fitted.fit(Dataset.load_from_df(learned, Reader(rating_scale=(1, 5))).build_full_trainset())
            held = fitted.test(list(frame.iloc[rows].itertuples(index=False, name=None)))
            each[name] = accuracy.rmse(held, verbose=False)
        figures |= {f"{kind}: {k}": round(v, 4) for k, v in with_mean(each).items()}
    report(**figures)


def recommend() -> None:
    from tipoff.bundle.predictor import Predictor
    from tipoff.collab import CollabModel, PairBlock, RatingBlock, Recommender
    from tipoff.data.plan import Plan

    n_users, n_items = 10_000, 100_000
    pairs = PairBlock(users=tuple(range(n_users)), items=tuple(f"item {i}" for i in range(n_items)))
    net = CollabModel(n_users + 1, n_items + 1, y_range=(0.0, 5.5)).build()
    ask = Recommender(Predictor(Plan((pairs,), (RatingBlock(1.0, 5.0),)), net))
    given = {f"item {i}": float(1 + i % 5) for i in range(20)}
    made = {}
    for name, do in (("user", lambda: ask.recommend(17, 10)), ("newcomer", lambda: ask.rate(given, 10))):
        do()
        made[name] = round(1000 * statistics.median(seconds(do) for _ in range(20)), 2)
    report(**made)


if who in ("tipoff", "fastai"):
    epochs(table())
elif who == "recommend":
    recommend()
else:
    {"errors": errors, "surprise": surprise}[who](table())
