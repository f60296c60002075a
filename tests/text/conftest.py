"""Short reviews made of a few words, and real ones where they are there."""

import random
from pathlib import Path

import pandas as pd
import pytest

REAL = Path(__file__).parents[3] / "shared" / "data" / "imdb" / "imdb_tiny.csv"
GOOD = ["great", "lovely", "brilliant", "funny", "touching", "superb"]
BAD = ["awful", "boring", "terrible", "stupid", "dull", "weak"]
PLAIN = [
    "the",
    "movie",
    "was",
    "and",
    "I",
    "think",
    "that",
    "this",
    "film",
    "is",
    "a",
    "story",
    "about",
    "people",
    "who",
    "live",
]


def review(label: str, rng: random.Random, n: int) -> str:
    """A text of `n` words, some of which give the label away."""
    words = [rng.choice((GOOD if label == "pos" else BAD) if rng.random() < 0.3 else PLAIN) for _ in range(n)]
    return " ".join(words).capitalize() + "."


@pytest.fixture(scope="session")
def reviews() -> pd.DataFrame:
    """120 texts of 5 to 60 words, with a label and whether they are to check on."""
    rng = random.Random(3)
    labels = [("neg", "pos")[i % 2] for i in range(120)]
    texts = [review(label, rng, rng.randint(5, 60)) for label in labels]
    return pd.DataFrame({"text": texts, "label": labels, "is_valid": [i % 5 == 0 for i in range(120)]})


@pytest.fixture(scope="session")
def folder(reviews, tmp_path_factory) -> Path:
    """The same texts as files in train/ and test/, in folders by label."""
    root = tmp_path_factory.mktemp("reviews")
    for i, row in reviews.iterrows():
        home = root / ("test" if row.is_valid else "train") / row.label
        home.mkdir(parents=True, exist_ok=True)
        (home / f"{i}.txt").write_text(row.text, encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def real() -> pd.DataFrame:
    """Reviews of films as people write them."""
    if not REAL.exists():
        pytest.skip("the IMDb reviews are not on this machine")
    return pd.read_csv(REAL)


@pytest.fixture
def heard():
    """What is said by `notes.note`, as a list."""
    from tipoff.notes import listening

    said: list[str] = []
    with listening(said.append):
        yield said
