"""Learners on the made table of `people.py`."""

import matplotlib
import pandas as pd
import pytest

from tests.interpret.people import Estimator, Linear, learner, people
from tipoff.data import CategoryBlock, RegressionBlock
from tipoff.learner import Learner

matplotlib.use("Agg")


@pytest.fixture(scope="session")
def df() -> pd.DataFrame:
    return people()


@pytest.fixture(scope="session")
def classifier(df) -> Learner:
    return learner(df, "rich", CategoryBlock(), metrics=["accuracy", "roc_auc_binary"], epochs=30)


@pytest.fixture(scope="session")
def regressor(df) -> Learner:
    return learner(df, "pay", RegressionBlock(), metrics="rmse", epochs=30)


@pytest.fixture(scope="session")
def linear(df) -> Learner:
    return learner(df, "pay", RegressionBlock(), Linear)


@pytest.fixture
def estimator():
    return Estimator
