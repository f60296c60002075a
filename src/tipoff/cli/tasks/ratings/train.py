"""Ratings, and who took what: how they are said back and learned from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.cli.screen import say
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.ratings.clicks import is_of_clicks, most_popular, of_clicks
from tipoff.cli.tasks.read import sheet_of
from tipoff.cli.tasks.recognise import RatingColumns, click_columns, rating_columns
from tipoff.cli.tasks.split import need_named
from tipoff.collab.baseline import average_baseline
from tipoff.collab.clean import read_ratings
from tipoff.collab.learner import CollabLearner, collab_learner
from tipoff.collab.loaders import CollabDataLoaders
from tipoff.data.split_column import split_columns
from tipoff.errors import DataError, UsageError, some
from tipoff.interpret.judge import Baseline
from tipoff.learner.learner import Learner
from tipoff.notes import note

SHARE = 0.2
ARCHES = ("dot", "nn")


def prepare(settings: Settings) -> Learner:
    """Read the ratings, or who took what, say back what they are, make loaders and network."""
    if settings.group or settings.kind:
        raise UsageError(
            "--group and --kind are for tables; ratings are split at random, or by a column (--valid-col)."
        )
    if settings.arch not in (None, *ARCHES):
        raise UsageError(f"There is no network {settings.arch!r} for ratings; there are dot and nn.")
    frame = read_ratings(settings.data, **sheet_of(settings.data, settings.sheet))
    need_named(frame, settings)
    frame = frame.drop(columns=list(settings.leave_out))
    columns = rating_columns(frame)
    if columns is not None:
        return _of_ratings(settings, frame, columns, _split_column(frame, settings, columns))
    clicks = click_columns(frame)
    if clicks is None:
        without = f" without {some(settings.leave_out)}" if settings.leave_out else ""
        raise DataError(f"{settings.data} has no columns of users, items and ratings{without}.")
    return of_clicks(settings, frame, clicks, _split_column(frame, settings, clicks))


def _split_column(frame: Any, settings: Settings, but: Sequence[Any]) -> Any:
    """The column that says how to split; None where there is none."""
    if settings.valid_col is not None:
        return settings.valid_col
    found = next(iter(split_columns(frame, but)), None)
    if found is not None and settings.time is not None:
        note(f"the column {found} is left out: --time says how to split")
        return None
    return found


def _of_ratings(settings: Settings, frame: Any, columns: RatingColumns, split: Any) -> Learner:
    if settings.time:
        raise UsageError(
            "--time is for tables and clicks; ratings are split at random, or by a column (--valid-col)."
        )
    chosen: dict[str, Any] = {"valid_pct": SHARE} if split is None else {"valid_col": split}
    dls = CollabDataLoaders.from_df(
        frame, user_name=columns.user, item_name=columns.item, rating_name=columns.rating, seed=settings.seed,
        bs=settings.bs, **chosen,
    )  # fmt: skip
    learn = collab_learner(dls, use_nn=settings.arch == "nn", metrics="rmse")
    low, high = learn.recommender.range or (0.0, 1.0)
    how = f"chosen at random (seed {settings.seed})" if split is None else f"as the column {split} says"
    pairs = dls.pairs
    say()
    say(
        f"{settings.data} holds {dls.train.n + dls.valid.n:,} ratings from {low:g} to {high:g}, of {len(pairs.user_names) - 1:,} "
        f"users ({columns.user}) and {len(pairs.item_names) - 1:,} items ({columns.item}): recommendations."
    )
    say(f"{dls.train.n:,} to learn from, {dls.valid.n:,} to check on, {how}.")
    say()
    say(f"{learn.facts['arch']}, {dls.bs} ratings a batch, {learn.engine.precision}")
    return learn


def baseline(learn: Learner, settings: Settings) -> list[Baseline]:
    """Averages of users and items on the same ratings; of clicks, the most popular items."""
    if is_of_clicks(learn):
        return [most_popular(learn)]
    made = average_baseline(learn.dls)
    return [Baseline(made["name"], made["predicted"].tolist())]


def fit(learn: Learner, settings: Settings, spent: float, saving: SaveCheckpoint) -> None:
    """Train with one cycle, as long as the ratings are worth."""
    assert isinstance(learn, CollabLearner)
    minutes = None if settings.minutes is None else max(round(settings.minutes - spent / 60, 2), 0.01)
    learn.fit_auto(minutes, settings.epochs, cbs=[saving])


def resume(learn: Learner, checkpoint: Path, saving: SaveCheckpoint) -> None:
    """Go on from the checkpoint."""
    learn.resume(checkpoint, [saving])
