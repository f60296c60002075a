"""What counting words says of the same texts: a logistic regression on TF-IDF."""

from __future__ import annotations

from typing import Any

from tipoff.data.dataloaders import DataLoaders
from tipoff.text.files import grouped


def words_baseline(dls: DataLoaders, seed: int) -> float:
    """Its accuracy on the texts to check on, of single words and pairs (Wang and Manning 2012), after a fit to the others."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    count = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_features=200_000, token_pattern=r"(?u)\b\w+\b"
    )
    model = make_pipeline(count, LogisticRegression(C=10.0, max_iter=300, random_state=seed))
    train, valid = ((_texts(dls[i].dataset), dls[i].dataset.ys[0].numpy()) for i in range(2))
    try:
        model.fit(*train)
    except ValueError:  # no text holds a word
        return 0.0
    return float(model.score(*valid))


def _texts(dataset: Any) -> list[str]:
    return [text for group in grouped(dataset.columns[0]) for text in group]
