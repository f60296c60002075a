"""From tables of ratings to batches: names, splits, and tables as people have them."""

import numpy as np
import pandas as pd
import pytest
import torch

from tests.collab.films import films, ratings
from tipoff.collab import CollabDataLoaders
from tipoff.data.splits import RandomSplitter
from tipoff.errors import DataError, UsageError


def small(**columns) -> pd.DataFrame:
    """Six ratings, with some of the columns changed."""
    made = {
        "who": ["ann", "ann", "bob", "bob", "cy", "cy"],
        "film": ["Fargo", "Heat", "Fargo", "Heat", "Fargo", "Heat"],
        "stars": [5, 2, 4, 3, 1, 4],
    }
    return pd.DataFrame({**made, **columns})


def test_the_validation_rows_are_those_that_fastai_chooses():
    frame = ratings()
    dls = CollabDataLoaders.from_df(frame, valid_pct=0.1, seed=42)
    assert dls.valid_ds.rows.tolist() == RandomSplitter(0.1, seed=42)(frame)[1]


def test_names_are_sorted_after_the_unknown_one():
    dls = CollabDataLoaders.from_df(ratings(), seed=1)
    names = dls.classes["user"]
    assert names[:3] == ["#na#", 1, 2] and len(names) == 121
    assert names[torch.tensor(7)] == 7 and names.o2i[7] == 7
    assert list(dls.classes) == ["user", "title"] == dls.cat_names


def test_a_batch_holds_the_codes_and_ratings_of_its_rows():
    frame = ratings()
    dls = CollabDataLoaders.from_df(frame, seed=1, bs=16)
    batch = next(iter(dls.train.batches(0)))
    (x,), (y,) = batch.x, batch.y
    assert (
        x.shape == (len(y), 2)
        and x.dtype == torch.long
        and y.shape == (len(y), 1)
        and y.dtype == torch.float32
    )
    rows = frame.iloc[dls.train_ds.rows[batch.items]]
    users, titles = dls.classes["user"], dls.classes["title"]
    assert [users[i] for i in x[:, 0]] == rows["user"].tolist()
    assert [titles[i] for i in x[:, 1]] == rows["title"].tolist()
    assert np.allclose(y[:, 0].numpy(), rows["rating"])


def test_one_batch_has_the_shapes_of_the_lesson():
    x, y = CollabDataLoaders.from_df(ratings(), seed=1, bs=64, device="cpu").one_batch()
    assert x.ndim == 2 and x.shape[1] == 2 and y.shape == (len(x), 1)


def test_columns_are_the_first_three_unless_named():
    frame = ratings()[["rating", "title", "user"]]
    named = CollabDataLoaders.from_df(
        frame, user_name="user", item_name="title", rating_name="rating", seed=1
    )
    assert torch.equal(named.train_ds.x, CollabDataLoaders.from_df(ratings(), seed=1).train_ds.x)


def test_positions_and_a_column_can_say_what_is_put_aside():
    frame = small(aside=[False, True, False, "yes", "no", ""])
    by_column = CollabDataLoaders.from_df(frame, valid_col="aside")
    by_position = CollabDataLoaders.from_df(frame, valid_idx=[1, 3])
    assert by_column.valid_ds.rows.tolist() == by_position.valid_ds.rows.tolist() == [1, 3]
    with pytest.raises(UsageError, match="pass one of them"):
        CollabDataLoaders.from_df(frame, valid_idx=[1], valid_col="aside")


def test_show_batch_is_a_table(capsys):
    dls = CollabDataLoaders.from_df(ratings(), seed=1)
    frame = dls.show_batch(max_n=4, show=False)
    assert list(frame.columns) == ["user", "title", "rating"] and len(frame) == 4
    dls.show_batch(max_n=2)
    assert "title" in capsys.readouterr().out


def test_a_batch_size_is_chosen():
    dls = CollabDataLoaders.from_df(ratings(400, 100, 0.4), seed=1)
    assert dls.bs == dls.train.n // 80
    assert CollabDataLoaders.from_df(ratings(), seed=1).bs == 64


def test_a_csv_with_semicolons_and_titles_with_commas(tmp_path):
    file = tmp_path / "ratings.csv"
    ratings().to_csv(file, sep=";", index=False)
    dls = CollabDataLoaders.from_csv(file, seed=1)
    assert dls.classes["title"][1].startswith("Comedy, The ")
    assert torch.equal(dls.train_ds.x, CollabDataLoaders.from_df(ratings(), seed=1).train_ds.x)


def test_a_frame_of_polars():
    polars = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    dls = CollabDataLoaders.from_df(polars.from_pandas(ratings()), seed=1)
    assert torch.equal(dls.train_ds.x, CollabDataLoaders.from_df(ratings(), seed=1).train_ds.x)


def test_numbers_that_became_fractions_are_the_same_names():
    frame = small(who=[1.0, 1.0, 2.0, 2.0, np.nan, 3.0])
    dls = CollabDataLoaders.from_df(frame, valid_idx=[1])
    assert list(dls.classes["who"]) == ["#na#", 1, 2, 3]
    assert [dls.classes["who"].code(v) for v in (2, "2", 2.0, 9, [])] == [2, 2, 2, 0, 0]


# tables as people have them


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match=r"lack the column 'star'.*Did you mean 'stars'.*rating_name="):
        CollabDataLoaders.from_df(small(), rating_name="star")
    with pytest.raises(DataError, match="lack a column of ratings"):
        CollabDataLoaders.from_df(small()[["who", "film"]])


@pytest.mark.parametrize("value", ["five", float("inf")])
def test_a_rating_that_is_no_number_is_refused_with_its_row(value):
    frame = small(stars=[5, 2, value, 3, 1, 4])
    with pytest.raises(DataError, match=rf"stars is '?{value}'? in row 2; a rating is a finite number"):
        CollabDataLoaders.from_df(frame)


def test_a_row_of_a_file_is_named_as_a_spreadsheet_counts(tmp_path):
    small(stars=[5, 2, "five", 3, 1, 4]).to_csv(tmp_path / "r.csv", index=False)
    with pytest.raises(DataError, match=r"row 4 of r\.csv"):
        CollabDataLoaders.from_csv(tmp_path / "r.csv")


def test_rows_with_gaps_are_left_out_and_said(said):
    frame = small(who=["ann", None, "bob", "bob", "cy", " "], stars=[5, 2, np.nan, 3, 1, 4])
    dls = CollabDataLoaders.from_df(frame, valid_idx=[3])
    assert dls.train_ds.rows.tolist() == [0, 4]
    assert said[:2] == [
        "2 rows left out, with no who; the first is row 1",
        "1 row left out, with no stars; the first is row 2",
    ]


def test_the_last_of_two_ratings_of_a_pair_counts(said):
    frame = small(film=["Fargo", "Fargo", "Fargo", "Heat", "Fargo", "Heat"])
    dls = CollabDataLoaders.from_df(frame, valid_idx=[3])
    assert dls.train_ds.rows.tolist() == [1, 2, 4, 5]
    assert "come again further down" in said[0] and "row 0" in said[0]


@pytest.mark.parametrize(
    "frame, words",
    [
        (small()[:0], "no ratings: the table has no rows"),
        (small(stars=3), "Every stars is 3.*from_clicks"),
        (small(stars=None), "nothing to learn from"),
    ],
)
def test_a_table_without_anything_to_learn_is_refused(frame, words):
    with pytest.raises(DataError, match=words):
        CollabDataLoaders.from_df(frame)


def test_a_rating_far_from_all_others_is_said_with_its_row(said):
    frame = ratings()
    frame.loc[17, "rating"] = 45
    CollabDataLoaders.from_df(frame, seed=1)
    assert any("45 in row 17" in s and "1 of" in s for s in said)


def test_somebody_without_a_training_row_is_counted(said):
    dls = CollabDataLoaders.from_df(small(), valid_idx=[4, 5])
    assert dls.valid_ds.x[:, 0].tolist() == [0, 0]
    assert said == ["2 validation rows are of whos without training rows: answered as for an average who"]


def test_what_is_not_a_table_is_refused():
    with pytest.raises(DataError, match="is no row; a row is a dict"):
        CollabDataLoaders.from_df([("ann", "Fargo", 5)])


# other pairs, and what is known beside the ratings


def test_pairs_to_predict_keep_their_order_and_need_no_ratings():
    dls = CollabDataLoaders.from_df(ratings(), seed=1)
    x = next(
        iter(dls.test_dl(pd.DataFrame({"title": ["Drama, The 1", "?"], "user": ["3", 4]})).batches(0))
    ).x[0]
    assert x.tolist() == [[3, dls.classes["title"].o2i["Drama, The 1"]], [4, 0]]
    labelled = dls.test_dl(ratings()[:5], with_labels=True)
    assert np.allclose(labelled.dataset.y[:, 0].numpy(), ratings()["rating"][:5])
    with pytest.raises(UsageError, match="the table is empty"):
        dls.test_dl(ratings()[:0])


def test_features_bring_in_items_that_nobody_rated():
    every = ratings()
    frame = every[every["title"] != "Drama, The 1"]
    dls = CollabDataLoaders.from_df(frame, seed=1, item_features=films())
    assert dls.classes["title"].code("Drama, The 1")
    assert dls.tables[1].shape == (61, 3) and dls.tables[0] is None
    assert dls.tables[1][0].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3])


@pytest.mark.parametrize(
    "table, words",
    [
        (films().rename(columns={"title": "name"}), "lacks the column 'title'"),
        (pd.concat([films(), films()[:1]]), "'Comedy, The 0' twice"),
        (films()[["title"]].assign(url=films()["title"]), "no column that is shared"),
    ],
)
def test_a_table_of_features_that_does_not_fit_is_refused(table, words):
    with pytest.raises(DataError, match=words):
        CollabDataLoaders.from_df(ratings(), item_features=table)
