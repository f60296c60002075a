"""A made table of people, whose income has reasons; ratings of films by two kinds of people."""

import numpy as np
import pandas as pd

JOBS, CITIES = ("cook", "nurse", "pilot", "judge"), ("Bonn", "Lima", "Oslo")


def people(n: int = 600, seed: int = 0) -> pd.DataFrame:
    """Rich are the old pilots and judges, mostly; `income` is the number behind it."""
    rng = np.random.default_rng(seed)
    job, city = rng.choice(JOBS, n), rng.choice(CITIES, n)
    age = rng.integers(18, 80, n)
    hours = rng.normal(40, 8, n).round(1)
    score = 0.05 * (age - 48) + np.where(np.isin(job, ["pilot", "judge"]), 1.5, -1.5) + rng.normal(0, 0.5, n)
    return pd.DataFrame(
        {
            "no": np.arange(1000, 1000 + n),
            "job": job,
            "age": age,
            "hours": hours,
            "city": city,
            "since": pd.date_range("2020-01-01", periods=n, freq="D").strftime("%Y-%m-%d"),
            "planet": "earth",
            "wealthy": np.where(score > 0, "yes", "no"),
            "income": (40_000 + 9_000 * score).round(),
            "rich": np.where(score > 0, ">50K", "<=50K"),
        }
    )


def ratings(n_users: int = 40, seed: int = 0) -> pd.DataFrame:
    """Half of the people love the films that begin with A and hate those with B; the others the other way round."""
    rng = np.random.default_rng(seed)
    films = [f"{letter} film {i}" for letter in "AB" for i in range(8)]
    rows = []
    for user in range(1, n_users + 1):
        for film in rng.choice(films, 11, replace=False):
            loves = (film[0] == "A") == (user % 2 == 0)
            rows.append((user, film, int(np.clip(round(rng.normal(4.5 if loves else 1.6, 0.5)), 1, 5))))
    return pd.DataFrame(rows, columns=["user", "title", "rating"])
