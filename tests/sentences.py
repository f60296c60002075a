"""Made reviews, whose words of praise and blame are known."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd

GOOD = ["great", "lovely", "funny", "warm", "brilliant", "touching"]
BAD = ["awful", "boring", "dull", "weak", "stupid", "clumsy"]
WHO = ["I", "My brother", "The critic", "Our neighbour", "A friend", "My aunt", "The teacher"]
WHEN = ["last week", "on Friday", "in spring", "yesterday", "at Easter", "a year ago"]
FRAMES = [
    "{who} saw this film {when} and found it {0}, with a {1} story about two sisters.",
    "{who} liked the music {when}; the actors are {0}, and the whole evening was {1}.",
    "A {0} film from the first minute on, said {who} {when}, and {1} to the very end.",
    "{who} told me {when} that it was {0}; the second half is {1}, and then it ends.",
]


def sentences(n: int = 200, seed: int = 0) -> pd.DataFrame:
    """`n` texts with a label; in one of ten, praise and blame are mixed."""
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        label = ("bad", "good")[i % 2]
        words = [rng.choice(GOOD if label == "good" else BAD) for _ in range(2)]
        if i % 10 == rng.randrange(10):
            words[rng.randrange(2)] = rng.choice(BAD if label == "good" else GOOD)
        text = rng.choice(FRAMES).format(*words, who=rng.choice(WHO), when=rng.choice(WHEN))
        rows.append((text, label))
    return pd.DataFrame(rows, columns=["review", "label"])


def in_folders(root: Path, n: int = 80) -> Path:
    """The same as text files in class folders."""
    for i, row in sentences(n).iterrows():
        (root / row.label).mkdir(parents=True, exist_ok=True)
        (root / row.label / f"{i}.txt").write_text(row.review, encoding="utf-8")
    return root
