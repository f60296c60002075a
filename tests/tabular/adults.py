"""A made-up table with the columns of a census, some of its gaps, and an answer that follows from them."""

import numpy as np
import pandas as pd


def adults(n: int = 400, seed: int = 0) -> pd.DataFrame:
    r = np.random.default_rng(seed)
    age, years = r.integers(17, 90, n), r.integers(1, 17, n)
    married = r.random(n) < 0.5
    rich = r.random(n) < 1 / (1 + np.exp(-(0.3 * years + 0.04 * age + 2 * married - 7)))
    made = pd.DataFrame(
        {
            "age": age,
            "workclass": r.choice(["Private", "State-gov", "Self-emp-inc", None], n, p=[0.6, 0.2, 0.1, 0.1]),
            "fnlwgt": r.integers(12_000, 1_000_000, n),
            "education": [f"grade {y}" for y in years],
            "education-num": np.where(r.random(n) < 0.02, np.nan, years),
            "marital-status": np.where(married, "Married-civ-spouse", "Never-married"),
            "occupation": r.choice(["Sales", "Tech-support", "Craft-repair", None], n),
            "relationship": np.where(married, "Husband", r.choice(["Not-in-family", "Own-child"], n)),
            "race": r.choice(["White", "Black", "Other"], n, p=[0.8, 0.15, 0.05]),
            "sex": r.choice(["Male", "Female"], n),
            "hours-per-week": r.integers(10, 60, n),
            "salary": np.where(rich, ">50K", "<=50K"),
        }
    )
    return made
