"""A table: how it is said back and learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch

from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.cli.screen import counted, field, in_words, say
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.tables.infer import Found, infer
from tipoff.data.target import CategoryBlock, RegressionBlock
from tipoff.errors import some
from tipoff.interpret.judge import Baseline
from tipoff.learner.learner import Learner
from tipoff.notes import note
from tipoff.tabular.baseline import tree_baseline
from tipoff.tabular.dates import Datepart
from tipoff.tabular.learner import TabularLearner, tabular_learner
from tipoff.tabular.loaders import TabularDataLoaders
from tipoff.tabular.procs import Categorify, FillMissing, Normalize

SEVERAL = 40  # names that are listed
RARE = 5  # rows of a class


def prepare(settings: Settings) -> Learner:
    """Read the table, say back what it is, make loaders and network."""
    found = infer(settings)
    dls = TabularDataLoaders.from_df(
        found.frame,
        procs=[FillMissing, Categorify, Normalize, *map(Datepart, found.kinds.dates)],
        cat_names=found.kinds.cats,
        cont_names=found.kinds.conts,
        y_names=found.target,
        y_block=CategoryBlock if found.is_class else RegressionBlock,
        valid_idx=found.valid,
        bs=settings.bs,
        seed=settings.seed,
    )
    metrics = ["accuracy"] if found.is_class else ["mae", "rmse"]
    learn = tabular_learner(dls, metrics=metrics, arch=cast(Any, settings.arch or "tabm"))
    _say_back(found, learn, settings)
    return learn


def _say_back(found: Found, learn: Learner, settings: Settings) -> None:
    kinds, dls = found.kinds, learn.dls
    n = len(kinds.cats) + len(kinds.conts) + len(kinds.dates)
    if found.is_class:
        names = [str(v) for v in dls.vocab]
        task = f"a classifier of {found.target} ({some(names, 12)})"
    else:
        task = f"a model of the number {found.target}"
    say()
    say(f"{settings.data} holds {len(found.frame):,} rows: {task} from {counted(n, 'column')}.")
    say(f"{dls.train.n:,} to learn from, {dls.valid.n:,} to check on, {found.how_split}.")
    say()
    sizes = dict(zip(kinds.cats, (found.frame[c].nunique() for c in kinds.cats), strict=True))
    for name, listed in (
        ("categories", [f"{c} ({k:,})" for c, k in sizes.items()]),
        ("numbers", kinds.conts),
        ("dates", kinds.dates),
        ("left out", [f"{c} ({why})" for c, why in kinds.left_out.items()]),
    ):
        if listed:
            field(name, some(listed, SEVERAL))
    if found.is_class:
        _warn_rare(found)
    learn.facts["task"] = f"{task[0].upper()}{task[1:]}, from {counted(n, 'column')} of {settings.data.name}."
    where = (
        f"at most {counted(torch.get_num_threads(), 'thread')}"
        if learn.engine.device.type == "cpu"
        else learn.engine.device.type
    )
    n_parameters = sum(p.numel() for p in learn.model.parameters())
    say()
    say(
        f"{learn.facts['arch']} ({in_words(n_parameters)} parameters), {dls.train.bs} rows a batch, "
        f"{learn.engine.precision}, {where}"
    )


def _warn_rare(found: Found) -> None:
    counts = found.frame[found.target].value_counts()
    rare = [f"{label} ({k})" for label, k in counts.items() if k < RARE]
    if rare:
        note(f"classes of fewer than {RARE} rows can hardly be learned: {some(rare)}")


def baseline(learn: Learner, settings: Settings) -> list[Baseline]:
    """scikit-learn's boosted trees on the same rows."""
    made = tree_baseline(learn.dls, settings.seed)
    each = made["prob"].argmax(1) if isinstance(learn.target, CategoryBlock) else made["prob"][:, 0]
    return [Baseline(made["name"], each.tolist(), figures=made["figures"])]


def fit(learn: Learner, settings: Settings, spent: float, saving: SaveCheckpoint) -> None:
    """Train until the loss on the rows to check on stops falling; the best weights are kept."""
    assert isinstance(learn, TabularLearner)
    minutes = None if settings.minutes is None else max(round(settings.minutes - spent / 60, 2), 0.01)
    learn.fit_auto(minutes, settings.epochs, cbs=[saving])


def resume(learn: Learner, checkpoint: Path, saving: SaveCheckpoint) -> None:
    """Go on from the checkpoint."""
    learn.resume(checkpoint, [saving])
