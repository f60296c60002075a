"""What training on ratings or clicks came to: a figure beside the baseline's, what is liked, the picture, the model file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipoff.cli.figures import save_pictures
from tipoff.cli.screen import command, field, say, short, tell_next
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.ratings.clicks import figures_of_clicks, is_of_clicks
from tipoff.collab.learner import CollabLearner
from tipoff.collab.model import EmbeddingDotBias
from tipoff.learner.learner import Learner

LIKED = 5


@dataclass(frozen=True)
class Report:
    """How good the model is beside its baseline, and where what was made of it lies."""

    result: str
    beside: str
    by_most: str
    liked: list[str]
    someone: Any
    pictures: list[Path]
    model: Path

    def tell_figures(self) -> None:
        """How good it is on what it has not seen, and what averages or the most popular items are."""
        say(self.result, style="strong")
        say(f"the baseline, {self.beside}")

    def tell_rest(self) -> None:
        """What most people like, where things lie, what to do next."""
        say()
        field(self.by_most, ", ".join(self.liked))
        if self.pictures:
            field("pictures", "  ".join(map(short, self.pictures)))
        field("model", f"{short(self.model)}  ({self.model.stat().st_size / 1e6:.1f} MB)")
        model = short(self.model)
        tell_next(command("serve", model), command("predict", model, "--user", str(self.someone)))


def report(learn: Learner, settings: Settings, baseline: dict[str, Any]) -> Report:
    """Judge, write the model file, then the picture."""
    assert isinstance(learn, CollabLearner)
    if is_of_clicks(learn):
        result, beside = figures_of_clicks(learn, baseline)
    else:
        made = learn.predictions()
        assert made.targets is not None
        result = _off((made.probs.double() - made.targets.double()).square().reshape(-1))
        beside = f"{baseline['name']}: {baseline['rmse']:.3f}"
        low, high = learn.recommender.range or (0.0, 1.0)
        learn.facts |= {"range": f"{low:g} to {high:g}"}
    learn.facts |= {"result": result, "baseline": beside}
    written = learn.export(settings.model_file.absolute())
    liked = [str(a["item"]) for a in learn.recommender.popular(LIKED)]
    has_factors = isinstance(learn.model, EmbeddingDotBias)
    drawn = {"items.png": lambda: learn.plot_items(show=False)} if has_factors else {}
    pictures = save_pictures(settings.folder, drawn)
    verb = "taken" if is_of_clicks(learn) else "liked"
    return Report(result, beside, f"{verb} by most", liked, learn.recommender.users[0], pictures, written)


def _off(squares: Any) -> str:
    """The root of the mean squared error, with the 95 % interval of that mean (by the normal distribution)."""
    mean, n = float(squares.mean()), len(squares)
    half = 1.96 * float(squares.std()) / n**0.5 if n > 1 else mean
    low, high = max(0.0, mean - half) ** 0.5, (mean + half) ** 0.5
    return f"off by {mean**0.5:.3f} ({low:.3f} to {high:.3f}) on {n:,} unseen ratings (RMSE)"
