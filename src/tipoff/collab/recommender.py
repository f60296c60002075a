"""Recommendations from a model file, without the training code: for somebody known, for somebody new, for everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tipoff.bundle.predictor import Predictor, load_predictor
from tipoff.collab.block import PairBlock
from tipoff.collab.dataset import pairs_of
from tipoff.collab.fold_in import Point, Prior, place, place_by_choice
from tipoff.collab.model import EmbeddingDotBias, EmbeddingNN, onto_range
from tipoff.collab.targets import ClickBlock
from tipoff.errors import DataError, UsageError, did_you_mean

# N items, F factors

Answer = dict[str, Any]
ENOUGH = 5  # ratings, to know a user by
WORTH_NAMING = 0.4  # of what moved a prediction up, by one rating alone


class Recommender:
    """Answers of a model of ratings or clicks: what somebody would like, what is like something, what most people like.

    `file` is a model file, or a `Predictor`. Answers are lists of dicts of JSON values, the best first.

    >>> Recommender("films.tipoff").rate({"Fargo (1996)": 5, "Twister (1996)": 2}, n=3)  # doctest: +SKIP
    [{'item': 'The Usual Suspects (1995)', 'predicted': 4.4, 'why': 'like Fargo (1996)'}, ...]
    """

    def __init__(self, file: str | Path | Predictor) -> None:
        self.predictor = file if isinstance(file, Predictor) else load_predictor(file)
        if not isinstance(self.predictor.plan.inputs[0], PairBlock):
            raise UsageError("This model does not take a user and an item, so it cannot recommend.")
        self.pairs, self.target = pairs_of(self.predictor.plan), self.predictor.target
        net = self.predictor.net
        assert isinstance(net, (EmbeddingDotBias, EmbeddingNN))
        self.net = net

    # who and what ----------------------------------------------------------------------------

    @property
    def items(self) -> list[Any]:
        """The names of all items, in their own order."""
        return list(self.pairs.item_names)[1:]

    @property
    def users(self) -> list[Any]:
        """The names of all users."""
        return list(self.pairs.user_names)[1:]

    @property
    def range(self) -> tuple[float, float] | None:
        """The lowest and the highest rating; None where there are only clicks."""
        found: tuple[float, float] | None = getattr(self.target, "range", None)
        return found

    def search(self, text: str, n: int = 20) -> list[Any]:
        """Items whose name holds every word of `text`; those that begin with it first, then what more people rated."""
        words = text.casefold().split()
        found = [
            (not low.startswith(text.casefold()), -self._counts[code], code)
            for code, low in enumerate(self._lowered)
            if code and all(w in low for w in words)
        ]
        return [self.pairs.item_names[code] for *_, code in sorted(found)[:n]]

    def by_count(self, n: int) -> list[Any]:
        """The `n` items that most people rated, the most rated first."""
        order = sorted(range(1, len(self._counts)), key=lambda code: (-self._counts[code], code))
        return [self.pairs.item_names[code] for code in order[:n]]

    @cached_property
    def _lowered(self) -> list[str]:
        return [str(name).casefold() for name in self.pairs.item_names]

    @cached_property
    def _counts(self) -> list[int]:
        return self.net.seen.item_counts.tolist() if hasattr(self.net, "seen") else [0] * len(self._lowered)

    # answers -----------------------------------------------------------------------------------

    def recommend(
        self,
        user: Any = None,
        n: int = 10,
        *,
        exclude_seen: bool = True,
        exclude: Iterable[Any] = (),
        features: Mapping[str, Any] | None = None,
    ) -> list[Answer]:
        """What `user` would like best, without what they rated already.

        Somebody who is not known gets what most people like; with `features`, such as `{"age": 30}`, what people of
        that kind like. Each answer has `item`, `predicted` and `why`.
        """
        code = self.pairs.user_names.code(user) if user is not None else 0
        if features is not None:
            scores, why = self._of_point(self._prior_mean(features)), f"{self._liked} by people like you"
        else:
            scores = self.scores(torch.tensor([code]))[0]
            why = self._by_your_kind if code else self._by_most
        out = self._codes(exclude)
        if exclude_seen and code:
            out = torch.cat([out, self.net.seen.of(code).cpu()])
        return [self._said(i, z, why) for i, z in self._best(scores, n, out)]

    def popular(self, n: int = 10) -> list[Answer]:
        """What most people would like: for somebody of whom nothing is known."""
        return self.recommend(None, n)

    def rate(
        self,
        ratings: Mapping[Any, float],
        n: int = 10,
        *,
        exclude: Iterable[Any] = (),
        features: Mapping[str, Any] | None = None,
    ) -> list[Answer]:
        """What somebody would like who gave these `ratings`: nothing is trained, see `fold_in`.

        `why` names the rating that an answer rests on most, where one stands out: "like" it, or "unlike" it. For a model of clicks the numbers do not
        matter. Raises `DataError` for an item that is not known, or a rating outside the range.
        """
        if not ratings:
            return self.recommend(None, n, exclude=exclude, features=features)
        rated = self._codes(ratings)
        point = self.fold_in(ratings, features)
        scores = self._of_point(point.at)
        best = self._best(scores, n, torch.cat([rated, self._codes(exclude)]))
        factors, names = self._factors[0], list(ratings)
        return [
            self._said(i, z, self._why(point.pulls[:, :-1] @ factors[i], names, point.liked)) for i, z in best
        ]

    def fold_in(self, ratings: Mapping[Any, float], features: Mapping[str, Any] | None = None) -> Point:
        """Where somebody with these ratings stands among the users: a point of `factors + 1` numbers."""
        rated = self._codes(ratings)
        factors, biases = self._factors
        prior = self._prior._replace(mean=self._prior_mean(features).double())
        if isinstance(self.target, ClickBlock):
            return place_by_choice(factors[1:], biases[1:], rated - 1, prior)
        values = torch.tensor([self._checked(item, r) for item, r in ratings.items()])
        noise = float(self.net.noise)  # type: ignore[arg-type]
        return place(factors[rated], biases[rated], values, prior, noise, self.net.y_range)

    def similar(self, item: Any, n: int = 10) -> list[Answer]:
        """What the same people like: the items whose factors point the same way, with their cosine as `similarity`."""
        factors = F.normalize(self._factors[0], dim=1)
        code = int(self._codes([item])[0])
        near = factors @ factors[code]
        names = self.pairs.item_names
        return [
            {"item": names[i], "similarity": round(z, 4)}
            for i, z in self._best(near, n, torch.tensor([code]))
        ]

    def predict(self, user: Any, item: Any) -> Answer:
        """The rating that `user` would give to `item`; `unknown` names what the model has not seen."""
        codes = torch.tensor([[self.pairs.user_names.code(user), self.pairs.item_names.code(item)]])
        value = float(self.predictor.probabilities((codes,)))
        sides = zip((self.pairs.user_name, self.pairs.item_name), codes[0].tolist(), strict=True)
        return {"predicted": value, "unknown": [name for name, code in sides if not code]}

    # scores ------------------------------------------------------------------------------------

    @cached_property
    def _factors(self) -> tuple[Tensor, Tensor]:  # (N + 1, F), (N + 1,)
        """Factors and biases of all items, what their features add included."""
        net = self._dot()
        with torch.inference_mode():
            factors, biases = net.side(
                torch.arange(net.i_bias.num_embeddings, device=net.i_bias.weight.device), items=True
            )
        return factors.cpu(), biases[:, 0].cpu()

    def _dot(self) -> EmbeddingDotBias:
        if not isinstance(self.net, EmbeddingDotBias):
            raise UsageError(
                "A network with layers (use_nn=True) has no factors: it cannot place somebody new, nor say what is similar."
            )
        return self.net

    @torch.inference_mode()
    def _points(self, codes: Tensor) -> Tensor:  # -> (B, F + 1)
        net = self._dot()
        return torch.cat(net.side(codes.to(net.u_bias.weight.device), items=False), 1).cpu()

    @cached_property
    def _prior(self) -> Prior:
        start = self._dot().seen.start.cpu()
        known = (start.diff() >= ENOUGH).nonzero()[:, 0]
        if len(known) < 2:
            known = torch.arange(len(start) - 1)
        return Prior.of_points(self._points(known))

    def _prior_mean(self, features: Mapping[str, Any] | None) -> Tensor:
        """Where somebody stands before the first rating, given what is known of them."""
        base = self._points(torch.zeros(1, dtype=torch.long))[0]
        if features is None:
            return base
        known, tower = self.pairs.user_features, self._dot().u_tower
        if known is None or tower is None:
            raise UsageError("This model was trained without user_features=, so it knows nothing of them.")
        with torch.inference_mode():
            more = known.encode_row(features).to(tower.table.device) - tower.table[0]
            return base + (more @ tower.weight).cpu()

    def _of_point(self, point: Tensor) -> Tensor:  # (F + 1,) -> (N + 1,)
        factors, biases = self._factors
        return onto_range(factors @ point[:-1] + biases + point[-1], self.net.y_range)

    def scores(self, users: Tensor) -> Tensor:  # (B,) codes -> (B, N + 1)
        """What each user is predicted to give each item, by their codes; column 0 is an item that is not known."""
        if isinstance(self.net, EmbeddingDotBias):
            points, (factors, biases) = self._points(users), self._factors
            return onto_range(points[:, :-1] @ factors.T + biases + points[:, -1:], self.net.y_range)
        items = torch.arange(len(self.pairs.item_names), device=self.predictor.device)
        return torch.stack([self._through_layers(user, items) for user in users.tolist()])

    @torch.inference_mode()
    def _through_layers(self, user: int, items: Tensor) -> Tensor:  # (N + 1,)
        pairs = torch.stack([torch.full_like(items, user), items], 1)
        return torch.cat([self.net(part)[:, 0] for part in torch.split(pairs, 65536)]).cpu()

    def _best(self, scores: Tensor, n: int, without: Tensor) -> list[tuple[int, float]]:
        scores = scores.clone()
        scores[0] = -torch.inf
        scores[without] = -torch.inf
        top = scores.topk(min(n, len(scores)))
        return [
            (i, z) for i, z in zip(top.indices.tolist(), top.values.tolist(), strict=True) if z > -torch.inf
        ]

    def _said(self, code: int, score: float, why: str) -> Answer:
        value = float(self.target.activation(torch.tensor(score)))
        return {"item": self.pairs.item_names[code], "predicted": round(value, 4), "why": why}

    # names -------------------------------------------------------------------------------------

    def _codes(self, items: Iterable[Any]) -> Tensor:
        names = self.pairs.item_names
        codes = []
        for item in items:
            codes.append(names.code(item))
            if not codes[-1]:
                raise DataError(
                    f"There is no {self.pairs.item_name} {item!r}.{did_you_mean(str(item), map(str, names))}"
                )
        return torch.tensor(codes, dtype=torch.long)

    def _checked(self, item: Any, rating: Any) -> float:
        assert self.range is not None
        low, high = self.range
        value = float(self.target.encode(rating))
        if not low <= value <= high:
            raise DataError(f"{item}: the rating {value:g} lies outside of {low:g} to {high:g}.")
        return value

    # reasons -----------------------------------------------------------------------------------

    @property
    def _liked(self) -> str:
        return "taken" if isinstance(self.target, ClickBlock) else "liked"

    @property
    def _by_most(self) -> str:
        return f"{self._liked} by most people"

    @property
    def _by_your_kind(self) -> str:
        does = "choose" if isinstance(self.target, ClickBlock) else "rate"
        return f"{self._liked} by people who {does} as you do"

    def _why(self, pulls: Tensor, rated: list[Any], liked: Tensor) -> str:  # (M,), (M,)
        """In words, what an answer rests on: the rating that pulled it up most, where one stands out."""
        up = pulls.clamp(min=0)
        if float(up.sum()) < 0.02:
            return self._by_most
        strongest = int(up.argmax())
        if float(up[strongest] / up.sum()) >= WORTH_NAMING:
            return f"{'like' if liked[strongest] else 'unlike'} {rated[strongest]}"
        return self._by_your_kind
