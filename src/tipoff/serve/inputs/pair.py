"""A question to a model of ratings, as JSON: somebody's number, or the ratings of somebody new."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from reprlib import repr as short

from tipoff.errors import DataError

MOST, USUAL = 100, 10  # recommendations
MAX_RATINGS = 1000
MAX_RATING = 1e30


@dataclass(frozen=True)
class Question:
    """For `user`, or for somebody who gave these `ratings`; with neither, for everybody."""

    user: str | None = None
    ratings: dict[str, float] = field(default_factory=dict)
    n: int = USUAL


def decode(data: bytes, name: str) -> Question:
    """The question in `data`. Raises `DataError` with a sentence for anything else."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        raise DataError(
            f'{name} is not JSON; ask with {{"user": 42}} or {{"ratings": {{"title": 5}}}}.'
        ) from None
    if not isinstance(said, dict) or (unknown := set(said) - {"user", "ratings", "n"}):
        what = f"has {short(sorted(unknown)[0])}" if isinstance(said, dict) else f"is {short(said)}"
        raise DataError(f"The question {what}; it is an object with user or ratings, and n.")
    user, ratings, n = said.get("user"), said.get("ratings") or {}, said.get("n", USUAL)
    if user is not None and ratings:
        raise DataError("The question has both user and ratings; it takes one of them.")
    if user is not None and not isinstance(user, (str, int)):
        raise DataError(f"The user is {short(user)}; it is a text or a number.")
    if not isinstance(ratings, dict) or len(ratings) > MAX_RATINGS:
        raise DataError(f"The ratings are an object of titles and numbers, {MAX_RATINGS} at most.")
    for item, rating in ratings.items():
        if isinstance(rating, bool) or not isinstance(rating, (int, float)) or not abs(rating) < MAX_RATING:
            raise DataError(
                f"The rating of {item!a:.60} is {short(rating)}; it is a number, of no more than 30 digits."
            )
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST:
        raise DataError(f"n is {short(n)}; it is a number from 1 to {MOST}.")
    if isinstance(user, int) and user.bit_length() > 64:
        raise DataError("The user is a number of more than 64 bits.")
    return Question(None if user is None else str(user).strip(), ratings, n)
