"""`TabularPandas`, as notebooks use it and as other libraries are fed from it."""

import pickle

import numpy as np
import pandas as pd
import pytest

from tests.tabular.conftest import CATS, CONTS, people
from tipoff.data import RandomSplitter
from tipoff.errors import UsageError
from tipoff.tabular import Categorify, FillMissing, Normalize, TabularPandas

PROCS = [Categorify, FillMissing, Normalize]


@pytest.fixture
def to(df):
    return TabularPandas(df, PROCS, CATS, CONTS, y_names="salary", splits=RandomSplitter(0.2, seed=1)(df))


def test_rows_are_in_the_order_of_the_split(to, df):
    train, valid = RandomSplitter(0.2, seed=1)(df)
    assert to.items.index.tolist() == [*train, *valid] and to.split == 240 and len(to) == 300
    assert to.train.items.index.tolist() == train and to.valid.items.index.tolist() == valid
    assert len(to.train) == 240 and len(to.valid) == 60


def test_parts_are_those_of_the_items(to):
    assert to.x_names == [*CATS, "age_na", *CONTS] and to.xs.columns.tolist() == to.x_names
    assert to.cats.columns.tolist() == to.cat_names and to.conts.columns.tolist() == to.cont_names
    assert to.ys.columns.tolist() == ["salary"] and set(to.y) == {0, 1} and to.targ.equals(to.ys)
    assert to.xs.iloc[:2].equals(to.iloc[:2][to.x_names])
    assert to.loc[to.items.index[3], "job"] == to.items.job.iloc[3]


def test_other_libraries_learn_from_it(to):
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(20, random_state=0).fit(to.train.xs, to.train.ys.values.ravel())
    assert forest.score(to.valid.xs, to.valid.ys.values.ravel()) > 0.8


def test_new_rows_go_through_the_same_steps(to):
    other = people(20, seed=1).drop(columns="salary")
    new = to.new(other)
    new.process()
    cats, conts = to.rows.encode_all(other)
    assert np.array_equal(new.xs[to.cat_names], cats) and np.allclose(new.xs[to.cont_names], conts, atol=1e-6)
    assert list(new.ys.columns) == []


def test_it_is_shown_as_it_was_written(to, df, capsys):
    to.show(3)
    out = capsys.readouterr().out.splitlines()
    first = df.iloc[to.items.index[0]]
    assert out[0].split() == ["job", "smokes", "age", "height", "salary"] and len(out) == 4
    assert first.job in out[1] and first.salary in out[1]
    assert to.decode().loc[7, "height"] == df.height[7]


def test_it_makes_batches(to):
    dls = to.dataloaders(bs=64)
    assert dls.bs == 64 and len(dls.train) == 4 and dls.train.n == 240 and dls.vocab == ["high", "low"]
    assert len(TabularPandas(people(50), PROCS, CATS, CONTS, y_names="salary").dataloaders()) == 1
    assert len(to.valid.dataloaders(bs=16)[0]) == 4


def test_it_can_be_kept(to, tmp_path):
    (tmp_path / "to.pkl").write_bytes(pickle.dumps(to))
    again = pickle.loads((tmp_path / "to.pkl").read_bytes())
    pd.testing.assert_frame_equal(again.items, to.items)
    assert again.plan == to.plan


def test_splits_that_do_not_fit_are_said(df, said):
    with pytest.raises(UsageError, match="splits has the position 300, but there are 300 rows"):
        TabularPandas(df, PROCS, CATS, CONTS, y_names="salary", splits=([0, 1], [300]))
    TabularPandas(df, PROCS, CATS, CONTS, y_names="salary", splits=(range(250), range(240, 300)))
    assert "10 rows are both learned from and checked on: the figures will flatter" in said


def test_without_a_target_there_are_only_inputs(df):
    to = TabularPandas(df, PROCS, CATS, CONTS)
    assert to.y_names == [] and to.ys.shape[1] == 0
    assert len(to.dataloaders(bs=10).one_batch()) == 2


def test_the_steps_of_trees_leave_numbers_as_they_are(df):
    to = TabularPandas(df, [Categorify, FillMissing], CATS, CONTS, y_names="salary")
    assert to.items.height.tolist() == df.height.tolist()
