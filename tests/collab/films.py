"""Made-up ratings whose truth is known: three tastes of users, three kinds of films."""

import numpy as np
import pandas as pd

KINDS = ("comedy", "drama", "horror")


def people(n: int = 120) -> pd.DataFrame:
    """Users, and what is known of them; the third of `n` like the same kind."""
    taste = np.arange(n) % 3
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {"user": np.arange(1, n + 1), "likes": np.array(KINDS)[taste], "age": rng.integers(16, 80, n)}
    )


def films(n: int = 60) -> pd.DataFrame:
    """Films, and what is known of them."""
    kind = np.array(KINDS)[np.arange(n) % 3]
    return pd.DataFrame({"title": [f"{k.title()}, The {i}" for i, k in enumerate(kind)], "kind": kind})


def truth(users: pd.DataFrame, items: pd.DataFrame) -> np.ndarray:  # (U, I)
    """What everybody would rate without a whim: between 1.2 and 4.8."""
    quality = np.linspace(-0.6, 0.6, len(items))[np.random.default_rng(1).permutation(len(items))]
    same = users["likes"].to_numpy()[:, None] == items["kind"].to_numpy()[None]
    return np.where(same, 4.1, 2.4) + quality


def ratings(n_users: int = 120, n_items: int = 60, share: float = 0.4, seed: int = 0) -> pd.DataFrame:
    """A `share` of all pairs, rated as in `truth` with a whim of 0.3."""
    users, items = people(n_users), films(n_items)
    rng = np.random.default_rng(seed)
    exact = truth(users, items)
    u, i = np.nonzero(rng.random(exact.shape) < share)
    stars = np.clip(exact[u, i] + 0.3 * rng.standard_normal(len(u)), 1, 5).round(2)
    frame = pd.DataFrame(
        {"user": users["user"].to_numpy()[u], "title": items["title"].to_numpy()[i], "rating": stars}
    )
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)
