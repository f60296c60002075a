"""Who took what, without a rating (clicks, purchases, plays): how it is said back, and how it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tipoff.cli.screen import say
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.recognise import ClickColumns
from tipoff.collab.learner import CollabLearner, collab_learner
from tipoff.collab.loaders import CollabDataLoaders
from tipoff.collab.ranking import popularity_baseline, ranking, recalls
from tipoff.collab.targets import ClickBlock
from tipoff.data.read_numbers import is_text
from tipoff.errors import DataError, did_you_mean, some
from tipoff.interpret.judge import Baseline, judge_lists
from tipoff.learner.learner import Learner
from tipoff.notes import note
from tipoff.tabular.reading import find_formats, read_dates
from tipoff.verdict import Verdict

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


def most_popular(learn: Learner) -> Baseline:
    """The most popular items, the same list for everybody."""
    figures = popularity_baseline(learn.dls, K)
    return Baseline("most popular items", recalls(None, learn.dls, K).tolist(), figures={NDCG: figures[NDCG]})


def judge_clicks(learn: CollabLearner, baselines: Sequence[Baseline]) -> Verdict:
    """How much of what each user took later is among the first ten recommendations, against popularity."""
    ours = ranking(learn.recommender, learn.dls, K)
    each = recalls(learn.recommender, learn.dls, K).numpy()
    return judge_lists(each, RECALL, figures={NDCG: ours[NDCG]}, baselines=baselines)
