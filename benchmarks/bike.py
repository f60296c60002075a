"""Hourly bicycle hires as in Rossmann: dates, elapsed times, logarithms, RMSPE, the newest months to check on. SEED

The rows are those of Bike Sharing (Fanaee-T and Gama 2013) in BENCH_DATA; its split by time, from October 2012 on. The
network stops and chooses its best weights on the last month before that, so that the rows that it is judged on are new to
it, as they are to the tree.
"""

from __future__ import annotations

import sys
import time

import pandas as pd
import torch
from common import data, report

from tipoff.data.target import RegressionBlock
from tipoff.rng import set_seed
from tipoff.tabular import (
    Categorify,
    Datepart,
    FillMissing,
    Normalize,
    TabularDataLoaders,
    add_elapsed_times,
    tabular_learner,
    tree_baseline,
)
from tipoff.tabular.baseline import figures_of

CATS = ["season", "yr", "hr", "holiday", "workingday", "weathersit"]
CONTS = ["temp", "atemp", "hum", "windspeed"]
ELAPSED = ["Afterholiday", "Beforeholiday"]
DATE, Y = "dteday", "cnt"

where = data()
if where is None:
    raise SystemExit("bike.py needs BENCH_DATA, a folder with bike_sharing/hour.csv.")
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
df = pd.read_csv(where / "bike_sharing" / "hour.csv")
df = add_elapsed_times(df.assign(city=1), "holiday", DATE, "city")
test = df[df.is_valid].reset_index(drop=True)
known = df[~df.is_valid].reset_index(drop=True)
options = {
    "procs": [Datepart(DATE), Categorify, FillMissing, Normalize],
    "cat_names": CATS, "cont_names": [*CONTS, *ELAPSED], "y_names": Y, "y_block": RegressionBlock(log=True),
}  # fmt: skip

set_seed(seed)
began = time.perf_counter()
newest = known[DATE] >= known[DATE].max() - pd.Timedelta(days=30)
dls = TabularDataLoaders.from_df(known, valid_idx=newest.to_numpy().nonzero()[0], **options)
learn = tabular_learner(dls, metrics="rmspe")
learn.fit_auto()
n_epochs = max(1, min(range(len(learn.recorder.values)), key=lambda i: learn.recorder.values[i][1]) + 1)
seconds = time.perf_counter() - began
prob = learn.get_preds(dl=learn.dls.test_dl(test))[0]
y = torch.tensor(test[Y].to_numpy(), dtype=torch.float32)[:, None]
net = figures_of(learn.target, prob, y)
both = pd.concat([known, test], ignore_index=True)
tree = tree_baseline(
    TabularDataLoaders.from_df(both, valid_idx=range(len(known), len(both)), **options), seed
)
report(
    **{f"net_{k}": round(v, 4) for k, v in net.items()},
    **{f"tree_{k}": round(v, 4) for k, v in tree["figures"].items()},
    seconds=round(seconds, 1),
    tree_seconds=round(tree["seconds"], 1),
    epochs=n_epochs,
)
