"""MovieLens 100K, where it is there: the official first split, and titles that belong together."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from tipoff.collab import CollabDataLoaders, average_baseline, collab_learner

DATA = Path(__file__).parents[3] / "shared" / "data" / "ml_100k"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="MovieLens 100K is not there")


def rows(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / name, sep="\t", header=None, names=["user", "movie", "rating", "time"])


@pytest.fixture(scope="module")
def learn():
    torch.manual_seed(0)
    titles = pd.read_csv(
        DATA / "u.item", sep="|", encoding="latin-1", header=None, usecols=(0, 1), names=["movie", "title"]
    )
    frame = rows("u.data").merge(titles, how="left")
    dls = CollabDataLoaders.from_df(frame, item_name="title", valid_idx=range(20_000), seed=0, device="cpu")
    made = collab_learner(dls)
    with made.no_bar():
        made.fit_auto()
    return made


def test_the_first_block_is_the_official_first_test_part():
    pairs = ["user", "movie"]
    first, official = rows("u.data")[:20_000], rows("u1.test")
    assert set(map(tuple, first[pairs].to_numpy())) == set(map(tuple, official[pairs].to_numpy()))


def test_the_default_beats_averages_and_svd_plus_plus_on_the_first_split(learn):
    preds, targets = learn.get_preds()
    rmse = float((preds - targets).square().mean().sqrt())
    assert rmse < 0.92 < 0.95 < average_baseline(learn.dls)["rmse"]  # SVD++ of surprise has 0.925 here


def test_films_of_one_series_are_similar(learn):
    near = [a["item"] for a in learn.similar("Star Wars (1977)", 5)]
    assert {"Empire Strikes Back, The (1980)", "Return of the Jedi (1983)"} & set(near)
