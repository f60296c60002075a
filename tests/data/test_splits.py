"""Splits that do not cheat: by group, by time, by rows and by lists of files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.data import (
    CategoryBlock,
    ColSplitter,
    DataBlock,
    FileSplitter,
    FuncSplitter,
    GrandparentSplitter,
    GroupSplitter,
    IndexSplitter,
    MaskSplitter,
    StratifiedSplitter,
    TimeSplitter,
    parent_label,
)
from tipoff.errors import DataError, UsageError
from tipoff.notes import listening
from tipoff.vision import ImageBlock


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


# columns that say how to split -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "valid"),
    [
        (["train", "Train ", "val", "TEST"], [2]),
        (["train", "test", "train", "test"], [1, 3]),
        (["training", "hold-out", "training", None], [1]),
        ([True, False, None, True], [0, 3]),
        ([1.0, 0.0, float("nan"), 1.0], [0, 3]),
        (["yes", "no", "No", "YES"], [0, 3]),
    ],
)
def test_the_split_is_read_from_words_and_from_true_and_false(values, valid):
    with listening(lambda _: None):
        train, found = ColSplitter("split")(pd.DataFrame({"split": values}))
    assert found == valid and not set(train) & set(found)
    held_out = values == ["train", "Train ", "val", "TEST"]
    assert len(train) + len(found) == 4 - held_out


def test_true_in_a_column_of_training_rows_says_that():
    assert ColSplitter("is_train")(pd.DataFrame({"is_train": [1, 0, 1]})) == ([0, 2], [1])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 2, 3], "does not say which rows are for validation"),
        (["train", "train"], "does not say which rows are for validation"),
        (["test", "other"], "call these train"),
        ([False, False], "no row that it is for validation"),
        (["val", None, "val"], None),
    ],
)
def test_a_column_that_says_no_split_is_refused(values, expected):
    frame = pd.DataFrame({"fold": values})
    if expected is None:
        with listening(lambda _: None):
            assert ColSplitter("fold")(frame) == ([1], [0, 2])
        return
    with pytest.raises(DataError, match=expected):
        ColSplitter("fold")(frame)


def test_groups_of_very_different_size_do_not_turn_the_split_round():
    said = []
    groups = pd.DataFrame({"shop": ["A"] * 280 + ["B"] * 20})
    for seed in range(10):
        with listening(said.append):
            train, valid = GroupSplitter("shop", 0.2, seed)(groups)
        assert len(train) == 280 and len(valid) == 20
    assert "7% of the rows are for validation, not 20%" in said[0] and "A, has 280 of 300 rows" in said[0]


@given(st.lists(st.integers(1, 50), min_size=5, max_size=40), st.integers(0, 3))
def test_the_share_of_groups_is_near_what_is_asked_for(sizes, seed):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    with listening(lambda _: None):
        _, valid = GroupSplitter(groups, 0.3, seed)(groups)
    # one group more or less is all that can be off
    assert abs(len(valid) - 0.3 * len(groups)) <= max(max(sizes) / 2, min(sizes), 1)


def test_rows_without_a_group_are_said():
    said = []
    with listening(said.append):
        GroupSplitter("shop", 0.2, 1)(pd.DataFrame({"shop": ["a", None, None, None, "b", None]}))
    assert said == [
        "4 of 6 rows without shop are used for training. If cells are merged, or only the first row of a block is filled, fill them down"
    ]


def test_many_rows_of_the_newest_moment_and_rows_without_one_are_said():
    said = []
    with listening(said.append):
        TimeSplitter("day", 0.2)(pd.DataFrame({"day": [1, 2, 2, 2, 2, None]}))
    assert "67% of the rows are for validation, not 20%" in said[0]
    assert said[1] == "1 of 6 rows without day are used for training"


# rows of a data frame, positions, lists of files


@pytest.fixture
def rows():
    return pd.DataFrame(
        {"f": [f"{i}.jpg" for i in range(10)], "label": ["a", "b"] * 5}, index=range(9, -1, -1)
    )


@pytest.mark.parametrize(
    "labels", ["label", lambda row: row["label"], "values"], ids=["column", "function", "series"]
)
def test_a_stratified_split_of_a_data_frame_is_one_of_its_rows(rows, labels):
    labels = rows["label"] if labels == "values" else labels
    train, valid = StratifiedSplitter(labels, 0.4)(rows)
    assert len(train) == 6 and sorted(rows["label"].iloc[valid]) == ["a", "a", "b", "b"]


def test_a_function_splits_a_data_frame_by_its_rows(rows):
    assert FuncSplitter(lambda row: row["f"] in ("0.jpg", "7.jpg"))(rows)[1] == [0, 7]


def test_labels_or_a_mask_of_another_length_are_refused(rows):
    with pytest.raises(UsageError, match="got 3 values for 10 items"):
        StratifiedSplitter(["a", "b", "a"])(rows)
    with pytest.raises(UsageError, match="got 2 values for 10 items"):
        MaskSplitter([True, False])(rows)


def test_truth_values_are_no_positions_and_words_no_truth_values():
    with pytest.raises(UsageError, match="MaskSplitter"):
        IndexSplitter([True, False, True])
    with pytest.raises(UsageError, match="holds 'True'"):
        MaskSplitter(["True", "False"])
    assert MaskSplitter(pd.Series([True, False, True], index=[2, 1, 0]))(range(3)) == ([1], [0, 2])


def test_a_list_of_files_with_a_bom_blanks_and_paths(tmp_path):
    listed, files = tmp_path / "valid.txt", [Path("photos", c, f"{i}.jpg") for c in "ab" for i in range(3)]
    listed.write_bytes("\ufeff1.jpg \r\nphotos/b/2.jpg\t\n./b/0.jpg\n\nnone.jpg\n".encode())
    heard = []
    with listening(heard.append):
        assert FileSplitter(listed)(files) == ([0, 2], [1, 3, 4, 5])
    assert heard == [f"1 of 4 names in {listed} are those of no item: none.jpg"]


def test_a_list_of_files_that_names_none_of_them_is_refused(tmp_path):
    (tmp_path / "valid.txt").write_text("1.png\n")
    with pytest.raises(
        DataError, match="lists 1 names, such as '1.png', and none is that of an item, such as '1.jpg'"
    ):
        FileSplitter(tmp_path / "valid.txt")([Path("1.jpg"), Path("2.jpg")])


def test_splitters_by_folder_or_name_refuse_rows(rows, tmp_path):
    (tmp_path / "valid.txt").write_text("1.jpg\n")
    for splitter in (GrandparentSplitter(), FileSplitter(tmp_path / "valid.txt")):
        with pytest.raises(UsageError, match="needs items that are file names, and got a Series"):
            splitter(rows)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (([0], [1], [2]), "gave 3 parts"),
        (([True, False], [False, True]), "MaskSplitter"),
        (([0], [9]), "gave the position 9; 3 items have positions from 0 to 2"),
        (([0], [-1]), "gave the position -1"),
        (None, "gave no parts"),
    ],
)  # fmt: skip
def test_what_a_splitter_of_ones_own_gives_is_looked_at(parts, said):
    block = DataBlock((ImageBlock, CategoryBlock), get_y=parent_label, splitter=lambda items: parts)
    with pytest.raises(UsageError, match=said):
        block.datasets([Path("a/1.jpg"), Path("b/2.jpg"), Path("b/3.jpg")])


def test_items_on_both_sides_are_said(photos):
    files, heard = sorted((photos / "red").iterdir()), []
    block = DataBlock(
        (ImageBlock, CategoryBlock), get_y=parent_label, splitter=lambda o: (range(6), range(5, 8))
    )
    with listening(heard.append):
        block.datasets(files)
    assert any("1 items are for training and for validation too" in h for h in heard)
