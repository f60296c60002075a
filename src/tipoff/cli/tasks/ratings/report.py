"""What training on ratings or clicks came to: the verdict, what is liked, the plot, the model file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tipoff.cli.figures import attempt, save_pictures
from tipoff.cli.screen import command, field, say, short, tell_next
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.ratings.clicks import is_of_clicks, judge_clicks
from tipoff.cli.verdict import FILE, keep, tell_verdict, write_verdict
from tipoff.collab.learner import CollabLearner
from tipoff.collab.model import EmbeddingDotBias
from tipoff.interpret.judge import Baseline, judge_numbers
from tipoff.learner.learner import Learner
from tipoff.verdict import Verdict

LIKED = 5


@dataclass(frozen=True)
class Report:
    """How good the model is, and where what was made of it lies."""

    verdict: Verdict
    by_most: str
    liked: list[str]
    someone: Any
    pictures: list[Path]
    model: Path

    def tell_figures(self) -> None:
        """The verdict."""
        tell_verdict(self.verdict)

    def tell_rest(self) -> None:
        """What most people like, where things lie, what to do next."""
        say()
        field(self.by_most, ", ".join(self.liked))
        if self.pictures:
            field("pictures", "  ".join(map(short, self.pictures)))
        field("model", f"{short(self.model)}  ({self.model.stat().st_size / 1e6:.1f} MB)")
        model = short(self.model)
        tell_next(command("serve", model), command("predict", model, "--user", str(self.someone)))


def report(learn: Learner, settings: Settings, baselines: list[Baseline]) -> Report:
    """Judge, write the model file, then the plot."""
    assert isinstance(learn, CollabLearner)
    verdict = _judge(learn, baselines)
    if not is_of_clicks(learn):
        low, high = learn.recommender.range or (0.0, 1.0)
        learn.facts |= {"range": f"{low:g} to {high:g}"}
    keep(learn, verdict)
    written = learn.export(settings.model_file.absolute())
    attempt(FILE, lambda: write_verdict(settings.folder, verdict))
    liked = [str(a["item"]) for a in learn.recommender.popular(LIKED)]
    has_factors = isinstance(learn.model, EmbeddingDotBias)
    drawn = {"items.png": lambda: learn.plot_items(show=False)} if has_factors else {}
    pictures = save_pictures(settings.folder, drawn)
    verb = "taken" if is_of_clicks(learn) else "liked"
    return Report(verdict, f"{verb} by most", liked, learn.recommender.users[0], pictures, written)


def _judge(learn: CollabLearner, baselines: list[Baseline]) -> Verdict:
    if is_of_clicks(learn):
        verdict = judge_clicks(learn, baselines)
        advice = "Recommend the most popular items, or collect more data."
    else:
        made, y = learn.predictions(), learn.dls.train.dataset.y
        assert made.targets is not None
        verdict = judge_numbers(
            made.targets.double().reshape(-1).numpy(),
            made.probs.double().reshape(-1).numpy(),
            mean=float(y.double().mean()),
            metric="rmse",
            things="ratings",
            baselines=baselines,
        )
        advice = "Recommend the most liked items, or collect more ratings."
    return verdict if verdict.level == "good" else replace(verdict, advice=advice)
