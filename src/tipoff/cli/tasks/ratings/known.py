"""Who is asked for recommendations: a model file, or a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from tipoff.cli.ask import Remote
from tipoff.errors import DataError, some
from tipoff.notes import note
from tipoff.serve.inputs.pair import MOST

if TYPE_CHECKING:
    from tipoff.collab.recommender import Recommender

Answers = list[dict[str, Any]]


class Known(Protocol):
    """The users and items that a model knows. Names are given as text, however the model has them."""

    user: str
    """What the column of users was called in training."""

    item: str
    """What the column of items was called."""

    rating: str | None
    """What the column of ratings was called; None where somebody takes things, and rates nothing."""

    n_users: int

    def for_user(self, user: str, n: int) -> Answers | None:
        """What a user would like; None where the model does not know them."""
        ...

    def for_ratings(self, ratings: Mapping[str, float], n: int) -> Answers:
        """What somebody would like who gave these ratings."""
        ...

    def popular(self, n: int) -> Answers:
        """What most people like."""
        ...


class OfFile:
    """A model file."""

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender
        pairs: Any = recommender.pairs
        self.names = pairs
        self.user, self.item = str(pairs.user_name), str(pairs.item_name)
        self.rating = getattr(recommender.target, "name", None)
        self.n_users = len(recommender.users)

    def for_user(self, user: str, n: int) -> Answers | None:
        names = self.names.user_names
        code = names.code(user)
        return self.recommender.recommend(names[code], n) if code else None

    def for_ratings(self, ratings: Mapping[str, float], n: int) -> Answers:
        names = self.names.item_names
        known = {names[code]: r for i, r in ratings.items() if (code := names.code(i))}
        unknown = [i for i in ratings if not names.code(i)]
        if unknown and known:
            note(f"left out, as the model does not know them: {some(unknown)}")
        return self.recommender.rate(known or ratings, n)

    def popular(self, n: int) -> Answers:
        return self.recommender.popular(n)


class OfServer:
    """A server of a model of ratings."""

    def __init__(self, remote: Remote) -> None:
        said = remote.about["ratings"]
        self.remote, self.user, self.item = remote, str(said["user"]), str(said["item"])
        self.rating: str | None = said.get("rating")
        self.n_users = int(said["users"])

    def for_user(self, user: str, n: int) -> Answers | None:
        answer = self._ask({"user": user, "n": n})
        # a question that is well formed is refused for one reason: nobody is called so
        found: Answers | None = answer.get("recommendations")
        return found

    def for_ratings(self, ratings: Mapping[str, float], n: int) -> Answers:
        return self._recommended({"ratings": ratings, "n": n})

    def popular(self, n: int) -> Answers:
        return self._recommended({"n": n})

    def _recommended(self, question: dict[str, Any]) -> Answers:
        answer = self._ask(question)
        if "error" in answer:
            raise DataError(str(answer["error"]))
        made: Answers = answer["recommendations"]
        return made

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        if question["n"] > MOST:
            raise DataError(f"A server gives {MOST} recommendations at most, and -n is {question['n']}.")
        answer: dict[str, Any] = self.remote.ask(json.dumps(question).encode())["answers"][0]
        return answer
