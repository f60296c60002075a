"""What counting words says of the same texts: a logistic regression on TF-IDF."""

from __future__ import annotations

from typing import Any

import numpy as np

from tipoff.data.dataloaders import DataLoaders
from tipoff.interpret.judge import Baseline
from tipoff.text.files import grouped

NAME = "logistic regression on words"


def words_baseline(dls: DataLoaders, seed: int) -> Baseline:
    """What it predicts for the validation texts, by single words and pairs (Wang and Manning 2012)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    count = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_features=200_000, token_pattern=r"(?u)\b\w+\b"
    )
    model = make_pipeline(count, LogisticRegression(C=10.0, max_iter=300, random_state=seed))
    y = dls.train.dataset.ys[0].numpy()
    try:
        model.fit(_texts(dls.train.dataset), y)
        predicted = model.predict(_texts(dls.valid.dataset)).tolist()
    except ValueError:  # no text holds a word
        predicted = [int(np.bincount(y).argmax())] * len(dls.valid.dataset)
    return Baseline(NAME, predicted)


def _texts(dataset: Any) -> list[str]:
    return [text for group in grouped(dataset.columns[0]) for text in group]
