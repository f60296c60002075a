"""Trainings that `run.py busy` measures alone and beside a process that burns one core: WHO PART [BODY]

WHO is tipoff or fastai. PART: `finetune` of pets as in finetune.py (BODY: the weights that prepare.py writes), `table`, three epochs
of the lesson's network over Adult, or `ratings`, five epochs of the lesson's model over MovieLens 100K; tipoff's batch sizes are its own.
Each runs once before it is measured, the fine-tune apart. Needs BENCH_DATA.
"""

from __future__ import annotations

import contextlib
import io
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from common import data, report

CATS = [
    "workclass",
    "education",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "native-country",
]
CONTS = ["age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"]


def where() -> Path:
    found = data()
    if found is None:
        raise SystemExit("BENCH_DATA is not set.")
    return found


def table(who: str) -> Callable[[], None]:
    df = pd.read_csv(where() / "adult" / "adult.csv")
    n = len(df)
    options: dict[str, Any] = {
        "cat_names": [*CATS],
        "cont_names": [*CONTS],
        "y_names": "salary",
        "valid_idx": list(range(n - n // 5, n)),
    }
    if who == "fastai":
        from fastai.tabular.all import (
            Categorify,
            CategoryBlock,
            FillMissing,
            Normalize,
            TabularDataLoaders,
            accuracy,
            tabular_learner,
        )

        procs = [Categorify, FillMissing, Normalize]
        dls = TabularDataLoaders.from_df(df, procs=procs, y_block=CategoryBlock(), device="cpu", **options)
        return lambda: tabular_learner(dls, metrics=accuracy).fit_one_cycle(3)
    from tipoff.tabular import TabularDataLoaders as Ours
    from tipoff.tabular import tabular_learner as ours

    rows = Ours.from_df(df, **options)
    return lambda: ours(rows, arch="mlp", metrics="accuracy").fit_one_cycle(3)


def ratings(who: str) -> Callable[[], None]:
    names = ["user", "item", "rating", "time"]
    frame = pd.read_csv(where() / "ml_100k" / "u.data", sep="\t", header=None, names=names)[names[:3]]
    options: dict[str, Any] = {"n_factors": 50, "y_range": (0, 5.5)}
    if who == "fastai":
        from fastai.collab import CollabDataLoaders, collab_learner

        dls = CollabDataLoaders.from_df(frame, valid_pct=0.2, seed=0, bs=64)
        return lambda: collab_learner(dls, **options).fit_one_cycle(5, 5e-3, wd=0.1)
    from tipoff.collab import CollabDataLoaders as Ours
    from tipoff.collab import collab_learner as ours

    pairs = Ours.from_df(frame, valid_pct=0.2, seed=0)
    return lambda: ours(pairs, members=1, **options).fit_one_cycle(5, 5e-3, wd=0.1)


def measure(who: str, part: str) -> None:
    run = {"table": table, "ratings": ratings}[part](who)
    for _ in range(2):
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            run()
        seconds = time.perf_counter() - began
    report(seconds=round(seconds, 3))


if __name__ == "__main__":
    if sys.argv[2] == "finetune":
        sys.argv = ["finetune.py", sys.argv[1], "pets", "0", sys.argv[3]]
        runpy.run_path(str(Path(__file__).with_name("finetune.py")), run_name="__main__")
    else:
        measure(sys.argv[1], sys.argv[2])
