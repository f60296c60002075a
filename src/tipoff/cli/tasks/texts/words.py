"""What counting words says of the same texts: a logistic regression on TF-IDF."""

from __future__ import annotations

from typing import Any

import numpy as np

from tipoff.data.dataloaders import DataLoaders
from tipoff.interpret.judge import Baseline
from tipoff.text.files import grouped

NAME = "logistic regression on words"
# Thai, Lao, Myanmar, Khmer, kana, Chinese characters: no spaces between words, so each letter is a token, and pairs are pairs of letters
_NO_SPACES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
TOKEN = rf"[{_NO_SPACES}]|[^\W{_NO_SPACES}]+"


def words_baseline(dls: DataLoaders, seed: int) -> Baseline:
    """What it predicts for the validation texts, by single words and pairs (Wang and Manning 2012).

    Where words are not set apart by spaces, letters and pairs of letters stand for them.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    count = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=200_000, token_pattern=TOKEN)
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
