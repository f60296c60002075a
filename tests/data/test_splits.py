"""Splits that do not cheat: by group and by time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.data import ColSplitter, GroupSplitter, IndexSplitter, TimeSplitter
from tipoff.errors import DataError, UsageError


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=60).filter(lambda g: len(set(g)) > 1), st.integers(0, 5)
)
def test_no_group_is_on_both_sides(groups, seed):
    train, valid = GroupSplitter(groups, 0.3, seed)(groups)
    assert train and valid and sorted([*train, *valid]) == list(range(len(groups)))
    assert not {groups[i] for i in train} & {groups[i] for i in valid}


def test_the_share_is_about_what_was_asked_for():
    groups = np.random.default_rng(0).integers(0, 100, 1000)
    assert 180 < len(GroupSplitter(groups, 0.2, seed=0)(groups)[1]) < 220
    assert GroupSplitter(groups, 0.2, seed=0)(groups) == GroupSplitter(groups, 0.2, seed=0)(groups)


def test_items_without_a_group_are_learned_from():
    df = pd.DataFrame({"patient": ["a", None, "b", None]})
    train, valid = GroupSplitter("patient", 0.25, seed=0)(df)
    assert {1, 3} <= set(train) and len(valid) == 1


def test_one_group_is_refused():
    with pytest.raises(DataError, match="There is 1 group"):
        GroupSplitter("a")(pd.DataFrame({"a": [1, 1]}))


@given(
    st.lists(st.integers(0, 20), min_size=2, max_size=60).filter(lambda t: len(set(t)) > 1),
    st.floats(0.05, 0.9),
)
def test_what_is_checked_on_is_newer_than_what_is_learned_from(times, share):
    train, valid = TimeSplitter(times, share)(times)
    assert train and valid and sorted([*train, *valid]) == list(range(len(times)))
    assert max(times[i] for i in train) < min(times[i] for i in valid)


def test_times_may_be_text_dates_or_missing():
    df = pd.DataFrame({"day": ["2024-01-03", None, "2024-01-01", "2024-01-02"]})
    assert TimeSplitter("day", 0.25)(df) == ([1, 2, 3], [0])
    assert TimeSplitter(pd.to_datetime(df.day).to_numpy(), 0.25)(df) == ([1, 2, 3], [0])


@pytest.mark.parametrize("splitter", [GroupSplitter("shp"), TimeSplitter("shp"), ColSplitter("shp")])
def test_a_misspelt_column_is_named(splitter):
    with pytest.raises(DataError, match="Did you mean 'shop'"):
        splitter(pd.DataFrame({"shop": [1, 2]}))
    with pytest.raises(UsageError, match="needs a data frame"):
        splitter([1, 2])


def test_values_for_other_items_are_refused():
    with pytest.raises(UsageError, match="got 2 values for 3 items"):
        TimeSplitter([1, 2])(range(3))


def test_positions_outside_are_refused():
    with pytest.raises(UsageError, match="valid_idx has 7, but there are 3 items"):
        IndexSplitter([0, 7])(range(3))
    assert IndexSplitter([2, 0, 2])(range(4)) == ([1, 3], [0, 2])
