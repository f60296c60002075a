"""Made reviews, whose words of praise and blame are known."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd

GOOD = ["great", "lovely", "funny", "warm", "brilliant", "touching"]
BAD = ["awful", "boring", "dull", "weak", "stupid", "clumsy"]
FRAMES = [
    "I saw this film last week and found it {0}, with a {1} story about two sisters.",
    "The actors are {0}. What a {1} evening we had at the cinema with our friends!",
    "A {0} film from the first minute on, and the music is {1} as well, I think.",
    "My brother told me that it was {0}; the second half is {1}, and then it ends.",
    "You could call the plot {0}, but the pictures of the sea at night are {1} too.",
]


def sentences(n: int = 200, seed: int = 0) -> pd.DataFrame:
    """`n` texts with a label and a number of stars."""
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        label = ("bad", "good")[i % 2]
        words = [rng.choice(GOOD if label == "good" else BAD) for _ in range(2)]
        rows.append((rng.choice(FRAMES).format(*words), label))
    return pd.DataFrame(rows, columns=["review", "label"])


def in_folders(root: Path, n: int = 120) -> Path:
    """The same as text files in class folders."""
    for i, row in sentences(n).iterrows():
        (root / row.label).mkdir(parents=True, exist_ok=True)
        (root / row.label / f"{i}.txt").write_text(row.review, encoding="utf-8")
    return root
