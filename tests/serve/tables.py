"""Models of tables and of ratings to serve: small, trained on made rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.people import people, ratings
from tipoff.collab import CollabDataLoaders, collab_learner
from tipoff.serve.model import open_model
from tipoff.tabular import TabularDataLoaders, tabular_learner

COLUMNS = {"cat_names": ["job", "city"], "cont_names": ["age", "hours"]}


def trained(where: Path, name: str, target: str, epochs: int = 6, **facts: Any) -> Path:
    """A model file of the people of `tests.people`."""
    torch.manual_seed(0)
    dls = TabularDataLoaders.from_df(people(), **COLUMNS, y_names=target, seed=1, device="cpu")
    learn = tabular_learner(dls, arch="mlp", layers=[32], lr=0.01)
    with learn.no_bar():
        learn.fit_one_cycle(epochs)
    if target == "rich":
        learn.calibrate()
    learn.facts |= facts
    return learn.export((where / f"{name}.tipoff").absolute())


@pytest.fixture(scope="session")
def row_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whether people are rich."""
    facts = {
        "result": "right on 110 of 120 unseen rows: 91.7 % (85.3 to 95.4)",
        "baseline": "HistGradientBoosting: accuracy 90.8 %",
        "mattered": {"age": 0.2, "job": 0.1, "hours": 0.0, "city": 0.0},
    }
    return trained(tmp_path_factory.mktemp("rows"), "rich", "rich", **facts)


@pytest.fixture(scope="session")
def row_model(row_file: Path) -> Any:
    return open_model(row_file, 1)


@pytest.fixture(scope="session")
def number_model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """How much people earn."""
    off = "On rows it had never seen, it was off by 6,000 on average."
    return open_model(trained(tmp_path_factory.mktemp("numbers"), "income", "income", 12, off=off), 1)


@pytest.fixture(scope="session")
def pair_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Who likes which films."""
    torch.manual_seed(0)
    dls = CollabDataLoaders.from_df(ratings(), seed=1, device="cpu")
    learn = collab_learner(dls, n_factors=10)
    with learn.no_bar():
        learn.fit_one_cycle(30)
    return learn.export((tmp_path_factory.mktemp("films") / "films.tipoff").absolute())


@pytest.fixture(scope="session")
def pair_model(pair_file: Path) -> Any:
    return open_model(pair_file, 1)
