"""From a time to epochs and texts: some batches are measured, then arithmetic on the lengths of texts."""

from __future__ import annotations

import copy
import time
from typing import Any, NamedTuple

import numpy as np

from tipoff.data.dataloaders import DataLoaders
from tipoff.learner.execute import make_run
from tipoff.learner.learner import Learner
from tipoff.learner.stages import Stage
from tipoff.rng import permutation
from tipoff.text.classification import TextDataset
from tipoff.train.loop import in_groups, train_step

MEASURED = 4  # batches, after one to get warm
CHECKS = 1.5  # passes over the texts to check on when the epochs are done, with the pictures and the file
FORWARD = 0.4  # of the time of a step; a third of the sums, and the rest of what is not
FEWEST_BATCHES = 8


class Plan(NamedTuple):
    """Epochs of `n_texts` texts, which take about so long; in the time there is, `n_fit` of them could be learned from."""

    n_epochs: int
    n_texts: int
    seconds: float = 0.0
    n_fit: int = 0  # below `n_texts` where these are the fewest that are tried


def plan_of(learn: Learner, seconds: float, most_epochs: int) -> Plan:
    """What fits into the seconds; at least a few batches. Nothing of the learner changes."""
    per_token = _seconds_per_token(learn)
    train, valid = learn.dls.train, learn.dls.valid
    epoch = per_token * _tokens(train)
    check = FORWARD * per_token * _tokens(valid)
    left = seconds - CHECKS * check
    n = min(most_epochs, int(left // (epoch + check)))
    if n >= 1:
        return Plan(n, train.n, n * (epoch + check) + CHECKS * check, train.n)
    share = max(0.0, left - check) / epoch
    n_fit = min(train.n, int(share * train.n))
    n_texts = min(train.n, max(FEWEST_BATCHES * train.bs, n_fit))
    return Plan(1, n_texts, epoch * n_texts / train.n + (CHECKS + 1) * check, n_fit)


def few(dls: DataLoaders, n: int, seed: int, split: int = 0) -> DataLoaders:
    """The same with `n` of the texts of a split, chosen at random; all where there are not more."""
    loader: Any = dls[split]
    if n >= loader.n:
        return dls
    at = positions(loader.n, n, seed)
    whole = loader.dataset
    columns = [[c[i] for i in at] for c in whole.columns]
    part = TextDataset(whole.plan, whole.ids.take(at), columns, training=whole.training)
    loaders = list(dls.loaders)
    loaders[split] = loader.replace(dataset=part)
    return type(dls)(*loaders, path=dls.path, device=dls.device, plan=dls.plan, source=dls.source)


def positions(of: int, n: int, seed: int) -> list[int]:
    """Which `n` of so many texts `few` chooses, in order; all where there are not more."""
    return sorted(permutation((seed, 0), of)[:n].tolist())


def _tokens(loader: Any) -> int:
    """What an epoch reads, padding counted."""
    lens = loader.dataset.lens
    return int(sum(len(part) * int(lens[np.asarray(part)].max()) for part in loader.order(0)))


def _seconds_per_token(learn: Learner) -> float:
    kept, rng = copy.deepcopy(learn.model.state_dict()), learn.engine.state_dict()
    run = make_run(learn, Stage("constant", 1, (1e-6,) * len(learn.groups), 0))
    run.callbacks = [learn.keep_norms]
    run.listen()
    run.training = True
    run.model.train()
    run.emit("before_train")
    seconds, tokens = 0.0, 0
    with learn.engine.threads():
        for i, group in enumerate(in_groups(run.train.batches(0), 1)):
            began = time.perf_counter()
            train_step(run, group)
            run.loss.item()
            if i or len(run.train) == 1:
                seconds += time.perf_counter() - began
                tokens += sum(b.x[0].numel() for b in group)
            if i >= MEASURED:
                break
    learn.model.load_state_dict(kept)
    learn.engine.load_state_dict(rng)
    learn.opt = None
    return seconds / max(1, tokens)
