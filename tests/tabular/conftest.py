"""Made-up people, and what is said while something runs."""

import numpy as np
import pandas as pd
import pytest

from tipoff.notes import listening


def people(n: int = 300, seed: int = 0) -> pd.DataFrame:
    """A table with a category, a flag, numbers with gaps, a date, and an answer that follows from some of them."""
    r = np.random.default_rng(seed)
    job = r.choice(["cook", "nurse", "pilot"], n, p=[0.5, 0.3, 0.2])
    age = r.integers(18, 80, n).astype(float)
    rich = (job == "pilot") | (age + r.normal(0, 5, n) > 60)
    age[r.random(n) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "job": job,
            "smokes": r.random(n) < 0.3,
            "age": age,
            "height": r.normal(1.7, 0.1, n).round(2),
            "joined": pd.Timestamp("2020-01-01") + pd.to_timedelta(r.integers(0, 1500, n), "D"),
            "salary": np.where(rich, "high", "low"),
        }
    )


CATS, CONTS = ["job", "smokes"], ["age", "height"]


@pytest.fixture
def df() -> pd.DataFrame:
    return people()


@pytest.fixture
def said():
    """The notes of the test so far."""
    heard: list[str] = []
    with listening(heard.append):
        yield heard
