"""Models of texts to serve: small, trained on made sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.sentences import sentences
from tipoff.serve.model import open_model
from tipoff.text import AWD_LSTM, TextDataLoaders, text_classifier_learner

SMALL = {"emb_sz": 16, "n_hid": 16, "n_layers": 1}


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whether a review is good."""
    torch.manual_seed(0)
    dls = TextDataLoaders.from_df(
        sentences(), text_col="review", label_col="label", seed=1, bs=16, min_freq=2, device="cpu"
    )
    learn = text_classifier_learner(
        dls, AWD_LSTM, config=SMALL, pretrained=False, drop_mult=0.1, precision="float32"
    )
    with learn.no_bar():
        learn.fit_one_cycle(6, 3e-2)
    learn.calibrate()
    learn.facts |= {
        "result": "right on 40 of 40 unseen texts: 100.0 % (91.2 to 100.0)",
        "baseline": "logistic regression on words: 97.5 %",
    }
    return learn.export((tmp_path_factory.mktemp("texts") / "reviews.tipoff").absolute())


@pytest.fixture(scope="session")
def text_model(text_file: Path) -> Any:
    return open_model(text_file, 1)
