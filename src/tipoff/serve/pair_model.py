"""A model file of ratings answered by PyTorch."""

from __future__ import annotations

import importlib
from collections.abc import Hashable, Sequence
from pathlib import Path
from reprlib import repr as short
from typing import Any

import torch

from tipoff.bundle.file import Bundle
from tipoff.bundle.predictor import Predictor
from tipoff.bundle.sound import goes_together
from tipoff.errors import DataError
from tipoff.serve.inputs import pair
from tipoff.serve.inputs.pair import Question
from tipoff.serve.names import about_file

RECOMMENDER = (
    "tipoff.collab.recommender",
    "Recommender",
)  # by name, as the catalog does: it is imported when needed
FEW = 5  # ratings, below which an answer rests on little


class PairModel:
    """The `ServedModel` of a .tipoff file that was trained on ratings or clicks."""

    at_once = 1

    def __init__(self, path: Path, bundle: Bundle) -> None:
        module, name = RECOMMENDER
        make = getattr(importlib.import_module(module), name)
        self.recommender: Any = make(Predictor(bundle.plan, bundle.build(), bundle.facts))
        pairs, span = self.recommender.pairs, self.recommender.range
        self._items = {str(i): i for i in self.recommender.items}
        self._users = {str(u): u for u in self.recommender.users}
        self.about = about_file(
            path,
            bundle,
            output="recommendations",
            classes=[],
            sure_above=0.0,
            ratings={
                "user": pairs.user_name,
                "item": pairs.item_name,
                "rating": getattr(self.recommender.target, "name", None),
                "users": len(self._users),
                "items": len(self._items),
                "low": None if span is None else span[0],
                "high": None if span is None else span[1],
                "example": [str(a["item"]) for a in self.recommender.popular(2)],
            },
        )

    def search(self, text: str, n: int) -> list[str]:
        """Items whose name holds every word of `text`."""
        return [str(i) for i in self.recommender.search(text, n)]

    def read(self, data: bytes, name: str) -> Question:
        asked = pair.decode(data, "The question")
        if asked.user is not None and asked.user not in self._users:
            raise DataError(
                f"There is no {self.about.ratings['user']} {short(asked.user)} among the {len(self._users):,} of the model. For "
                "somebody new, send ratings."
            )
        return asked

    def key(self, sample: Question) -> Hashable:
        return 0

    @torch.inference_mode()
    def answer(self, samples: Sequence[Question], heat: bool) -> list[dict[str, Any]]:
        with goes_together():
            return [self._one(q) for q in samples]

    def _one(self, asked: Question) -> dict[str, Any]:
        if asked.user is not None:
            made = self.recommender.recommend(self._users[asked.user], asked.n)
        else:
            ratings = {self._items.get(i, i): r for i, r in asked.ratings.items()}
            try:
                made = (
                    self.recommender.rate(ratings, asked.n) if ratings else self.recommender.popular(asked.n)
                )
            except DataError as e:
                return {"error": str(e)}
        few = asked.user is None and len(asked.ratings) < FEW
        best = ", ".join(str(a["item"]) for a in made[:3]) or "nothing"
        return {"recommendations": made, "rests_on": len(asked.ratings), "few": few, "sentence": best}
