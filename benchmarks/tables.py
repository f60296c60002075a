"""Tables: preparing, an epoch, scoring, whole trainings, and how time and memory grow. WHO PART [ROWS]

WHO is tipoff or fastai; PART:
steps    prepare the table, epochs at batch sizes 64 and 1024 and a loop written by hand in turn, score the test rows
train    a whole training, judged on the official test rows: fastai's network, tipoff's default (WHO tabm), the tree (WHO tree)
grow     ROWS made-up rows: prepare, and an epoch at a batch size of 4096
score    a Parquet file of ROWS made-up rows, in chunks

The rows are those of Adult (Becker and Kohavi 1996) in BENCH_DATA; without it, made-up ones stand in.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from common import data, report
from torch import nn
from torch.nn import functional as F

Y, EPOCHS, ROUNDS = "salary", 1, 3
CATS = [
    "workclass", "education", "marital-status", "occupation", "relationship", "race", "sex", "native-country",
]  # fmt: skip
CONTS = ["age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"]


def made_up(n: int, seed: int = 0) -> pd.DataFrame:
    """A table whose answer follows from two categories and two numbers, with gaps."""
    r = np.random.default_rng(seed)
    table: dict[str, Any] = {
        c: pd.Categorical.from_codes(r.integers(0, 8 + i, n), [f"{c} {j}" for j in range(8 + i)]) for i, c in enumerate(CATS)
    }  # fmt: skip
    table |= {c: r.normal(40, 10, n).astype(np.float32) for c in CONTS}
    score = table["age"] / 10 + table["education-num"] / 10 + table["workclass"].codes + table["race"].codes
    table["age"][r.random(n) < 0.02] = np.nan
    return pd.DataFrame({**table, Y: np.where(score + r.normal(0, 1, n) > 19, ">50K", "<=50K")})


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows to learn from and those to check on."""
    where = data()
    if where is None:
        return made_up(32_000), made_up(16_000, 1)
    return pd.read_csv(where / "adult" / "adult.csv"), pd.read_csv(where / "adult" / "adult_test.csv")


def quiet(do: Any) -> float:
    """Seconds that `do` takes, without what it prints."""
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        do()
    return time.perf_counter() - began


def loaders(who: str, df: pd.DataFrame, valid: Any, bs: int | None) -> Any:
    # copies: fastai adds the columns that it makes to the lists that it is given
    options: dict[str, Any] = {"cat_names": [*CATS], "cont_names": [*CONTS], "y_names": Y, "valid_idx": valid}
    if bs is not None:
        options["bs"] = bs
    if who == "fastai":
        from fastai.tabular.all import (
            Categorify,
            CategoryBlock,
            FillMissing,
            Normalize,
            TabularDataLoaders,
        )

        procs = [Categorify, FillMissing, Normalize]
        return TabularDataLoaders.from_df(df, procs=procs, y_block=CategoryBlock(), device="cpu", **options)
    from tipoff.tabular import TabularDataLoaders as Ours

    return Ours.from_df(df, **options)


def learner(who: str, dls: Any, **kwargs: Any) -> Any:
    if who == "fastai":
        from fastai.tabular.all import accuracy, tabular_learner

        return tabular_learner(dls, metrics=accuracy)
    from tipoff.tabular import tabular_learner as ours

    return ours(dls, arch="tabm" if who == "tabm" else "mlp", metrics="accuracy", **kwargs)


def fit(who: str, learn: Any, epochs: int) -> None:
    with learn.no_bar() if who == "fastai" else contextlib.nullcontext():
        learn.fit_one_cycle(epochs)


def warm_up(who: str) -> None:
    """A first small training: it imports what every later one has."""
    small = made_up(2_000)
    quiet(lambda: fit(who, learner(who, loaders(who, small, list(range(200)), 512)), 1))


def by_hand(train: Any, valid: Any, net: nn.Module, bs: int, epochs: int) -> None:
    """The loop that one would write by hand, over tensors in memory."""
    cats, conts, y = train
    n = len(y)
    decayed, bare = [p for p in net.parameters() if p.ndim > 1], [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": bare, "weight_decay": 0.0}]
    opt = torch.optim.AdamW(groups, 1e-3, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, 1e-3, epochs * -(-n // bs))
    for _ in range(epochs):
        net.train()
        order, summed = torch.randperm(n), torch.zeros(())
        for at in order.tensor_split(-(-n // bs)):
            loss = F.cross_entropy(net(cats[at], conts[at]), y[at])
            opt.zero_grad()
            loss.backward()
            opt.step()
            schedule.step()
            summed += loss.detach()
        net.eval()
        right, lost = torch.zeros(()), torch.zeros(())
        with torch.no_grad():
            for i in range(0, len(valid[2]), bs):
                pred = net(valid[0][i : i + bs], valid[1][i : i + bs])
                lost += F.cross_entropy(pred, valid[2][i : i + bs])
                right += (pred.argmax(-1) == valid[2][i : i + bs]).sum()
        float(summed), float(lost), float(right)


def steps(who: str) -> dict[str, float]:
    from tipoff.tabular import TabularDataLoaders, TabularModel, get_emb_sz
    from tipoff.train.allocator import keep_memory

    keep_memory()  # for the loop by hand too
    train, test = tables()
    both, valid = pd.concat([train, test], ignore_index=True), range(len(train), len(train) + len(test))
    out: dict[str, float] = {"prepare": min(quiet(lambda: loaders(who, both, valid, 1024)) for _ in range(3))}
    plain = TabularDataLoaders.from_df(
        both, cat_names=CATS, cont_names=CONTS, y_names=Y, valid_idx=valid, bs=64
    )
    parts = [(d.cats, d.conts, d.ys[0]) for d in (plain.train_ds, plain.valid_ds)]
    for bs in (64, 1024):
        dls = loaders(who, both, valid, bs)
        epochs = EPOCHS if bs > 64 or who != "fastai" else 1
        hand: list[float] = []
        library: list[float] = []
        for i in range(ROUNDS + 1 if bs > 64 else ROUNDS):
            net = TabularModel(get_emb_sz(plain), len(CONTS), 2, [200, 100])
            hand.append(quiet(lambda net=net, bs=bs: by_hand(*parts, net, bs, EPOCHS)) / EPOCHS)
            learn = learner(who, dls, lr=1e-3)
            library.append(quiet(lambda learn=learn, n=epochs: fit(who, learn, n)) / epochs)
            if who == "fastai" and bs == 64 and i:
                break
        # other work on the machine only ever adds
        out |= {
            f"plain_{bs}": min(hand),
            f"epoch_{bs}": min(library),
            f"ratio_{bs}": min(library) / min(hand),
        }
    out["score"] = min(quiet(lambda: learn.get_preds(dl=learn.dls.test_dl(test))) for _ in range(3))
    return out


def train(who: str) -> dict[str, float]:
    """A training as a user would type it: seconds of it and of preparing, and figures on the test rows."""
    from tipoff.data import RandomSplitter
    from tipoff.data.target import CategoryBlock
    from tipoff.tabular import tree_baseline
    from tipoff.tabular.baseline import figures_of

    train, test = tables()
    torch.manual_seed(0)
    if who == "tree":
        both, valid = pd.concat([train, test], ignore_index=True), range(len(train), len(train) + len(test))
        made = tree_baseline(loaders(who, both, valid, None))
        return {"prepare": 0.0, "fit": made["seconds"], **made["figures"]}
    valid = list(RandomSplitter(0.2, seed=0)(range(len(train)))[1])
    warm_up(who)
    began = time.perf_counter()
    dls = loaders(who, train, valid, None)
    prepared = time.perf_counter() - began
    learn = learner(who, dls)
    seconds = quiet(learn.fit_auto if who == "tabm" else lambda: fit(who, learn, 3))
    probs: list[Any] = []
    quiet(lambda: probs.append(learn.get_preds(dl=learn.dls.test_dl(test))[0]))
    names = tuple(learn.dls.vocab)
    y = torch.tensor([names.index(v) for v in test[Y]])
    return {"prepare": prepared, "fit": seconds, **figures_of(CategoryBlock(names), probs[0], y)}


def grow(rows: int) -> dict[str, float]:
    """Made-up rows: prepare the table and train an epoch on it, in memory."""
    warm_up("tipoff")
    df = made_up(rows)
    frame_mb = float(df.memory_usage(deep=True).sum()) / 2**20
    began = time.perf_counter()
    dls = loaders("tipoff", df, range(0, rows, 10), 4096)
    prepared = time.perf_counter() - began
    learn = learner("tipoff", dls)
    return {
        "frame_mb": frame_mb,
        "prepare": prepared,
        "epoch": quiet(lambda: fit("tipoff", learn, 1)),
    }


def score(rows: int) -> dict[str, float]:
    """Answer a Parquet file of `rows` rows in chunks."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tipoff.data.table import iter_table
    from tipoff.learner.state import load_learner

    small = made_up(10_000)
    with tempfile.TemporaryDirectory() as folder:
        file, model = Path(folder) / "rows.parquet", Path(folder) / "x.tipoff"
        learner("tipoff", loaders("tipoff", small, range(2000), 1024)).export(model)
        part = pa.Table.from_pandas(made_up(min(rows, 100_000)).drop(columns=Y), preserve_index=False)
        with pq.ParquetWriter(file, part.schema) as writer:
            for _ in range(max(1, rows // 100_000)):
                writer.write_table(part)
        learn = load_learner(model)
        began, n = time.perf_counter(), 0
        for chunk in iter_table(file):
            n += len(learn.get_preds(dl=learn.dls.test_dl(chunk))[0])
        return {"score": time.perf_counter() - began, "rows": n}


who, part = sys.argv[1], sys.argv[2]
if part == "steps":
    made = steps(who)
elif part == "train":
    made = train(who)
else:
    made = (grow if part == "grow" else score)(int(sys.argv[3]))
report(**{k: round(v, 4) for k, v in made.items()})
