"""Users, items and ratings as people write them: no two become one, and none becomes two."""

import numpy as np
import pandas as pd
import pytest

from tipoff.cli.tasks.recognise import rating_columns
from tipoff.collab import CollabDataLoaders
from tipoff.collab.clean import as_ratings
from tipoff.collab.names import Names
from tipoff.errors import DataError
from tipoff.notes import listening


@pytest.fixture
def loaders(tmp_path):
    def make(users: list[str], items: list[str] | None = None, ratings: list[str] | None = None):
        items = items or [f"film {i % 7}" for i in range(len(users))]
        ratings = ratings or [str(1 + i % 5) for i in range(len(users))]
        rows = [",".join(row) for row in zip(users, items, ratings, strict=True)]
        (tmp_path / "r.csv").write_text("user,item,rating\n" + "\n".join(rows), encoding="utf-8")
        with listening(lambda _: None):
            return CollabDataLoaders.from_csv(tmp_path / "r.csv", valid_pct=0.1, seed=0)

    return make


def test_one_empty_cell_merges_no_long_ids(loaders):
    ids = [76561197960265729 + i // 7 for i in range(140)]
    dls = loaders(["", *map(str, ids[1:])])
    assert dls.classes["user"][1:] == list(range(76561197960265729, 76561197960265729 + 20))


def test_leading_zeros_make_other_names(loaders):
    users = [("007", "07", "7")[i % 3] for i in range(21)]
    dls = loaders(users, items=[f"{i:010}" for i in range(21)])
    assert dls.classes["user"][1:] == ["007", "07", "7"]
    assert all(len(i) == 10 for i in dls.classes["item"][1:])
    assert [dls.classes["user"].code(u) for u in ("007", "07", "7", 7)] == [1, 2, 3, 3]


def test_titles_may_be_words_that_other_programs_take_for_missing(loaders):
    titles = [("None", "NA", "nan", "null", "Alien")[i % 5] for i in range(40)]
    dls = loaders([f"u{i // 5}" for i in range(40)], items=titles)
    assert sorted(dls.classes["item"][1:]) == ["Alien", "NA", "None", "nan", "null"]


def test_an_id_as_a_number_and_as_text_is_one_user():
    frame = pd.DataFrame(
        {
            "user": pd.Series([101, "101", 102, "102"] * 5, dtype=object),
            "item": range(20),
            "rating": [1, 2] * 10,
        }
    )
    with listening(lambda _: None):
        dls = CollabDataLoaders.from_df(frame, valid_pct=0.2, seed=0)
    assert dls.classes["user"][1:] == [101, 102]


def test_a_whole_number_is_one_name_in_all_its_forms():
    names = Names([7, 70, "007"])
    assert [names.code(n) for n in (7, 7.0, "7", "7.0", np.int8(7), " 7 ")] == [1] * 6
    assert names.code("007") == 3 and names.code("07") == 0 and names.code("70.5") == 0


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["4 stars", "3.5 stars"], [4, 3.5]),
        (["4/5", "3.5 / 5"], [4, 3.5]),
        (["4 out of 5", "3 out of 5"], [4, 3]),
        (["4,5", "3,0"], [4.5, 3]),
        (["★★★★☆", "★★½", ""], [4, 2.5, np.nan]),
        (["4", "NA", "5"], [4, np.nan, 5]),
    ],
)
def test_ratings_in_many_writings(cells, values):
    frame = pd.DataFrame(
        {"user": ["a", "b", "a"], "item": ["x", "y", "z"], "rating": pd.Series(cells).reindex(range(3))}
    )
    got, bad = as_ratings(frame.rating)
    assert not bad.any() and got[: len(values)].tolist() == pytest.approx(values, nan_ok=True)
    assert rating_columns(frame) == ("user", "item", "rating")


def test_new_pairs_with_answers_are_read_as_in_training(loaders):
    dls = loaders([f"u{i // 7}" for i in range(42)], ratings=[f"{1 + i % 5}/5" for i in range(42)])
    assert dls.plan.targets[0].range == (1, 5)
    new = pd.DataFrame({"user": ["u1"], "item": ["film 3"], "rating": ["4/5"]})
    assert dls.test_dl(new, with_labels=True).dataset.y.tolist() == [[4.0]]
    with pytest.raises(DataError, match="rating is 'good' in row 0"):
        dls.test_dl(new.assign(rating="good"), with_labels=True)
