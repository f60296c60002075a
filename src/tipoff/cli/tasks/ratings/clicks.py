"""Who took what, without a rating (clicks, purchases, plays): how it is said back, and how it is judged."""

from __future__ import annotations

from typing import Any

from tipoff.cli.screen import percent, say
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.recognise import ClickColumns
from tipoff.collab.learner import CollabLearner, collab_learner
from tipoff.collab.loaders import CollabDataLoaders
from tipoff.collab.ranking import popularity_baseline, ranking
from tipoff.collab.targets import ClickBlock
from tipoff.errors import DataError, did_you_mean, some
from tipoff.learner.learner import Learner
from tipoff.metrics.interval import interval
from tipoff.notes import note
from tipoff.tabular.reading import find_formats, read_dates
from tipoff.tabular.values import is_text

K = 10  # recommendations that are looked at
RECALL, NDCG = f"recall@{K}", f"ndcg@{K}"


def is_of_clicks(learn: Learner) -> bool:
    """Whether there are no ratings in what `learn` learns from."""
    return isinstance(learn.target, ClickBlock)


def of_clicks(settings: Settings, frame: Any, columns: ClickColumns, split: Any) -> CollabLearner:
    """Say back what the rows are, make loaders and network; `split` is a column that says what is checked on."""
    frame, time = _in_time(frame, settings.time or columns.time, settings)
    chosen: dict[str, Any] = {"time_name": time} if split is None else {"valid_col": split}
    dls = CollabDataLoaders.from_clicks(
        frame, user_name=columns.user, item_name=columns.item, seed=settings.seed, bs=settings.bs, **chosen
    )
    learn = collab_learner(dls, use_nn=settings.arch == "nn")
    pairs, (user, item) = dls.pairs, columns[:2]
    used = {user, item, time, split}
    if unused := [str(c) for c in frame.columns if c not in used]:
        note(
            f"not looked at: {some(unused)}. If one of them is a rating, call it rating; --target NAME predicts a column as of any table"
        )
    if split is not None:
        how = f"as the column {split} says"
    else:
        how = f"the last {item} of each {user} " + (
            "by the order of the rows" if time is None else f"by {time}"
        )
    say()
    say(
        f"{settings.data} says who took what, without ratings: {dls.train.n + dls.valid.n:,} pairs of {len(pairs.user_names) - 1:,} "
        f"users ({user}) and {len(pairs.item_names) - 1:,} items ({item}): recommendations."
    )
    say(f"{dls.train.n:,} to learn from, {dls.valid.n:,} to check on, {how}.")
    say()
    n = dls.plan.targets[0].n_negatives  # type: ignore[union-attr]
    say(
        f"{learn.facts['arch']}, {dls.bs} pairs a batch, each beside {n} items drawn at random, {learn.engine.precision}"
    )
    return learn


def _in_time(frame: Any, name: Any, settings: Settings) -> tuple[Any, Any]:
    """The table with a column of times that can be put in order, and its name; None where there is none."""
    if name is None:
        return frame, None
    if name not in frame.columns:
        raise DataError(
            f"{settings.data.name} has no column {name!r} for --time; there are {some(frame.columns, 40)}."
            f"{did_you_mean(str(name), map(str, frame.columns))}"
        )
    if not is_text(frame[name]):
        return frame, name
    formats = find_formats(frame[name], whole=True)
    if not formats:
        raise DataError(
            f"The column {name} of {settings.data.name} holds {frame[name].dropna().iloc[0]!r:.40}, which is no time; each user's last "
            "row cannot be found by it. Correct it, or leave the column out: then the order of the rows counts."
        )
    return frame.assign(**{str(name): read_dates(frame, name, formats)}), name


def most_taken(learn: Learner) -> dict[str, Any]:
    """How good the list of what most people take is, the same for everybody."""
    return {"name": "what most people take", **popularity_baseline(learn.dls, K)}


def figures_of_clicks(learn: CollabLearner, baseline: dict[str, Any]) -> tuple[str, str]:
    """How much of what was put aside is among the first ten, with the interval over users, and what popularity finds."""
    ours = ranking(learn.recommender, learn.dls, K)
    held = learn.dls.valid.dataset.x
    known = held[(held > 0).all(1)]
    n = len(known[:, 0].unique())
    # a share a user, so its mean varies at most as that of yes and no does
    low, high = (f"{100 * share:.1f}" for share in interval(round(ours[RECALL] * n), n))
    what = "the one put aside" if n == len(known) else "what was put aside"
    return (
        f"{what} is among the first {K} for {percent(ours[RECALL])} of {n:,} users ({low} to {high}): "
        f"{RECALL} {ours[RECALL]:.3f}, {NDCG} {ours[NDCG]:.3f}",
        f"{baseline['name']}: {RECALL} {baseline[RECALL]:.3f}, {NDCG} {baseline[NDCG]:.3f}",
    )
