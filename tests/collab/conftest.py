"""A learner trained once on made-up ratings, and notes that were said."""

import pytest
import torch

from tests.collab.films import films, people, ratings
from tipoff.collab import CollabDataLoaders, collab_learner
from tipoff.notes import listening


@pytest.fixture
def said():
    """The notes said during a test."""
    heard: list[str] = []
    with listening(heard.append):
        yield heard


@pytest.fixture(scope="session")
def learn():
    """A dot product trained on made-up ratings."""
    torch.manual_seed(0)
    dls = CollabDataLoaders.from_df(ratings(), seed=1, device="cpu")
    made = collab_learner(dls, n_factors=20)
    with made.no_bar():
        made.fit_auto()
    return made


@pytest.fixture(scope="session")
def informed():
    """The same with what is known of users and films; the films from 48 on have no ratings, nor the users from 90 on."""
    torch.manual_seed(0)
    every = ratings()
    titles = films()["title"][48:]
    frame = every[~every["title"].isin(titles) & (every["user"] <= 90)]
    dls = CollabDataLoaders.from_df(
        frame, seed=1, device="cpu", user_features=people(), item_features=films()
    )
    made = collab_learner(dls, n_factors=20)
    with made.no_bar():
        made.fit_auto()
    return made
