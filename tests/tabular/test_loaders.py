"""Loaders of tables: where they come from, how they are split, what a batch is."""

import sqlite3

import numpy as np
import pandas as pd
import pytest
import torch

from tests.tabular.conftest import CATS, CONTS, people
from tipoff.data import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import DataError, UsageError
from tipoff.tabular import Categorify, TabularDataLoaders, tabular_learner

OPTIONS = {"cat_names": CATS, "cont_names": CONTS, "y_names": "salary", "seed": 0}


def test_a_batch_is_codes_numbers_and_answers(df):
    dls = TabularDataLoaders.from_df(df, **OPTIONS, bs=32)
    cats, conts, y = dls.one_batch()
    assert (cats.dtype, conts.dtype, y.dtype) == (torch.long, torch.float32, torch.long)
    assert cats.shape[1:] == (3,) and conts.shape[1:] == (2,) and len(cats) in (30, 31, 32)
    assert dls.vocab == ["high", "low"] and dls.c == 2 and dls.train.n == 240 and dls.valid.n == 60
    assert dls.cat_names == [*CATS, "age_na"] and dls.cont_names == CONTS and dls.y_names == ["salary"]


def test_each_epoch_holds_each_row_once(df):
    dls = TabularDataLoaders.from_df(df, **OPTIONS, bs=32)
    for epoch in (0, 1):
        seen = torch.cat([b.items for b in dls.train.batches(epoch)])
        assert sorted(seen.tolist()) == list(range(240))
    batch = next(iter(dls.train.batches(0)))
    want = dls.rows.encode_all(dls.train_ds.frame.iloc[batch.items.numpy()])
    assert torch.equal(batch.x[0], want[0]) and torch.equal(batch.x[1], want[1])


def test_the_batch_size_fits_the_table():
    sizes = {n: TabularDataLoaders.from_df(people(n), **OPTIONS).bs for n in (40, 300, 3000)}
    assert sizes == {40: 8, 300: 8, 3000: 64}


def test_a_batch_size_beyond_the_table_is_said(df, said):
    assert TabularDataLoaders.from_df(df, **OPTIONS, bs=1000).bs == 240
    assert "the batch size is 240, not 1000" in " ".join(said)


def test_every_source_gives_the_same_batches(df, tmp_path):
    df = df.drop(columns="joined")
    df.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "p").mkdir()
    df.to_parquet(tmp_path / "p" / "t.parquet")
    df.to_excel(tmp_path / "t.xlsx", index=False)
    connection = sqlite3.connect(":memory:")
    df.to_sql("people", connection, index=False)
    polars = pytest.importorskip("polars")
    made = [
        TabularDataLoaders.from_df(df, **OPTIONS),
        TabularDataLoaders.from_df(df.to_dict("records"), **OPTIONS),
        TabularDataLoaders.from_df(polars.from_pandas(df), **OPTIONS),
        TabularDataLoaders.from_csv(tmp_path / "t.csv", **OPTIONS),
        TabularDataLoaders.from_path(tmp_path / "t.xlsx", **OPTIONS),
        TabularDataLoaders.from_path(tmp_path / "p", **OPTIONS),
        TabularDataLoaders.from_sql("SELECT * FROM people", connection, **OPTIONS),
    ]
    for dls in made[1:]:
        for a, b in zip(made[0].one_batch(), dls.one_batch(), strict=True):
            assert torch.equal(a, b)


def test_a_folder_of_several_tables_is_refused(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x\n1\n")
    with pytest.raises(DataError, match="There are 2 tables in .*: a.csv, b.csv"):
        TabularDataLoaders.from_path(tmp_path)


# splits --------------------------------------------------------------------------------------


def test_rows_are_split_as_was_said(df):
    split = df.assign(is_valid=df.index % 3 == 0, shop=df.index // 10)
    by_col = TabularDataLoaders.from_df(split, **OPTIONS, valid_col="is_valid")
    assert by_col.valid_ds.frame.index.tolist() == list(range(0, 300, 3))
    by_idx = TabularDataLoaders.from_df(df, **OPTIONS, valid_idx=[5, 7])
    assert by_idx.valid_ds.frame.index.tolist() == [5, 7]
    by_pct = TabularDataLoaders.from_df(df, **OPTIONS, valid_pct=0.5)
    assert len(by_pct.valid_ds) == 150
    by_group = TabularDataLoaders.from_df(split, **OPTIONS, valid_group="shop")
    shops = [set(ds.frame.index // 10) for ds in (by_group.train_ds, by_group.valid_ds)]
    assert len(shops[1]) == 6 and not shops[0] & shops[1]
    by_time = TabularDataLoaders.from_df(df, **OPTIONS, valid_time="joined")
    assert by_time.train_ds.frame.joined.max() < by_time.valid_ds.frame.joined.min()
    assert 55 < len(by_time.valid_ds) < 66


def test_a_split_by_time_reads_dates_of_any_form(df):
    german = df.assign(joined=df.joined.dt.strftime("%d.%m.%Y"))
    made = [TabularDataLoaders.from_df(d, **OPTIONS, valid_time="joined") for d in (df, german)]
    assert made[0].valid_ds.frame.index.tolist() == made[1].valid_ds.frame.index.tolist()


def test_what_only_says_how_to_split_is_not_learned_from(df):
    split = df.assign(is_valid=df.index % 3 == 0, shop=df.index // 10)
    for how in ("valid_col", "valid_group"):
        column = {"valid_col": "is_valid", "valid_group": "shop"}[how]
        dls = TabularDataLoaders.from_df(split, y_names="salary", **{how: column})
        assert column not in [c.name for c in dls.rows.columns]


def test_two_ways_to_split_are_refused(df):
    with pytest.raises(UsageError, match="valid_idx and valid_col each say how to split"):
        TabularDataLoaders.from_df(df, **OPTIONS, valid_idx=[1], valid_col="job")


def test_nothing_of_the_validation_rows_is_learned(df):
    df = df.assign(
        age=np.where(df.index % 3 == 0, 1000.0, df.age), job=np.where(df.index % 3 == 0, "new", df.job)
    )
    dls = TabularDataLoaders.from_df(df, **OPTIONS, valid_idx=range(0, 300, 3))
    rows = dls.rows
    assert "new" not in dls.classes["job"] and rows.columns[2].high < 100
    assert (dls.valid_ds.cats[:, 0] == 0).all()


# answers -------------------------------------------------------------------------------------


def test_numbers_are_predicted_as_numbers_and_the_rest_as_categories(df, said):
    kinds = {"age": RegressionBlock, "salary": CategoryBlock, "smokes": CategoryBlock}
    for name, kind in kinds.items():
        dls = TabularDataLoaders.from_df(df.dropna(), cont_names=["height"], y_names=name)
        assert type(dls.targets[0]) is kind
    two = TabularDataLoaders.from_df(df.assign(n=df.index % 2), cont_names=["height"], y_names="n")
    assert (
        type(two.targets[0]) is RegressionBlock and "y_block=CategoryBlock() makes them classes" in said[-1]
    )
    asked = TabularDataLoaders.from_df(
        df.assign(n=df.index % 2), cont_names=["height"], y_names="n", y_block=CategoryBlock
    )
    assert asked.vocab == [0, 1]


def test_several_numbers_at_once(df):
    dls = TabularDataLoaders.from_df(
        df.dropna(), cat_names=["job"], cont_names=[], y_names=["age", "height"], bs=16
    )
    _, conts, y = dls.one_batch()
    assert dls.c == 2 and y.shape[1] == 2 and conts.shape[1] == 0
    assert torch.allclose(
        dls.train_ds.ys[0], torch.tensor(dls.train_ds.frame[["age", "height"]].to_numpy()).float()
    )


def test_several_labels_at_once(df):
    df = df.assign(tall=(df.height > 1.7).astype(int), old=df.age > 50)
    dls = TabularDataLoaders.from_df(
        df, cont_names=CONTS, y_names=["tall", "old"], y_block=MultiCategoryBlock()
    )
    assert dls.vocab == ["tall", "old"] and dls.one_batch()[2].shape[1] == 2
    listed = df.assign(tags=[["a"] if t else ["a", "b"] for t in df.tall])
    dls = TabularDataLoaders.from_df(listed, cont_names=CONTS, y_names="tags", y_block=MultiCategoryBlock())
    assert dls.vocab == ["a", "b"]


@pytest.mark.parametrize("dtype", ["str", "object", "category", "string"])
def test_classes_of_any_type_are_numbered_as_the_block_does(df, dtype):
    dls = TabularDataLoaders.from_df(df.assign(salary=df.salary.astype(dtype)), **OPTIONS)
    for ds in (dls.train_ds, dls.valid_ds):
        assert [dls.vocab[i] for i in ds.ys[0]] == ds.frame.salary.tolist()
    order = TabularDataLoaders.from_df(df, **OPTIONS, y_block=CategoryBlock(sort=False))
    assert order.vocab == order.train_ds.frame.salary.unique().tolist()


def test_a_class_that_training_had_not_is_refused_with_how_many_rows_it_has(df):
    df.loc[:2, "salary"] = "none"
    with pytest.raises(DataError, match="3 items have the label 'none', which is not among the 2"):
        TabularDataLoaders.from_df(df, **OPTIONS, valid_idx=range(20))
    dls = TabularDataLoaders.from_df(df[3:], **OPTIONS)
    with pytest.raises(DataError, match="have the label None"):
        dls.test_dl(df.assign(salary=None), with_labels=True)


def test_several_targets_of_different_kinds(df):
    dls = TabularDataLoaders.from_df(df.dropna(), cont_names=["height"], y_names=["salary", "age"])
    assert [type(t) for t in dls.targets] == [CategoryBlock, RegressionBlock] and dls.c == 3
    assert [t.shape[1:] for t in dls.one_batch()] == [(0,), (1,), (), (1,)]


def test_rows_without_an_answer_are_left_out_and_said(df, said):
    df.loc[[3, 8], "salary"] = None
    dls = TabularDataLoaders.from_df(df, **OPTIONS)
    assert dls.train.n + dls.valid.n == 298 and "2 rows without salary left out: row 3, row 8" in said


# other rows ----------------------------------------------------------------------------------


def test_new_rows_come_in_order_with_or_without_answers(df):
    dls = TabularDataLoaders.from_df(df, **OPTIONS)
    new = people(50, seed=1)
    dl = dls.test_dl(new.drop(columns="salary"))
    batch = next(iter(dl.batches(0)))
    assert len(batch.y) == 0 and torch.equal(batch.x[0], dls.rows.encode_all(new)[0])
    labelled = next(iter(dls.test_dl(new, with_labels=True).batches(0)))
    assert [dls.vocab[i] for i in labelled.y[0]] == new.salary.tolist()
    with pytest.raises(UsageError, match="the table is empty"):
        dls.test_dl(new.iloc[:0])
    with pytest.raises(DataError, match="lack the column 'salary'"):
        dls.test_dl(new.drop(columns="salary"), with_labels=True)


def test_another_plan_keeps_the_rows(df):
    dls = TabularDataLoaders.from_df(df, **OPTIONS)
    target = dls.targets[0].replace(temperature=2.0)
    other = dls.with_plan(dls.plan.replace(targets=(target,)))
    assert type(other) is TabularDataLoaders and other.targets == (target,)
    assert other.train_ds.cats is dls.train_ds.cats and torch.equal(other.train_ds.ys[0], dls.train_ds.ys[0])


def test_a_batch_is_shown_as_a_table(df, capsys):
    dls = TabularDataLoaders.from_df(df, **OPTIONS, shuffle=False)
    dls.show_batch(max_n=3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["job", "smokes", "age", "height", "salary"] and len(lines) == 4
    shown = dls.valid.show_batch(max_n=5, show=False)
    raw = dls.valid_ds.frame.head(5)
    assert shown.job.tolist() == raw.job.tolist() and shown.salary.tolist() == raw.salary.tolist()
    assert dls.show_batch(dls.one_batch(), max_n=2, show=False).shape == (2, 5)


def test_a_batch_of_numbers_shows_each_answer(df):
    dls = TabularDataLoaders.from_df(
        df.dropna(), cat_names=["job"], cont_names=[], y_names=["age", "height"], bs=16
    )
    shown = dls.valid.show_batch(max_n=4, show=False)
    assert np.allclose(shown[["age", "height"]], dls.valid_ds.frame[["age", "height"]].head(4))


# mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cat_names": ["jbo"]}, "lacks the column 'jbo'.* Did you mean 'job'"),
        ({"y_names": "salry"}, "lacks the column 'salry'.* Did you mean 'salary'"),
        ({"cat_names": [*CATS, "salary"]}, "salary is to be predicted, and is among"),
        ({"cont_names": ["age", "job"]}, "job is among the categories and among the numbers"),
        (
            {"cat_names": [], "cont_names": ["job"]},
            "Column job, row .*: '(cook|nurse|pilot)' is not a number",
        ),
        ({"cat_names": [], "cont_names": ["joined"]}, r"joined.*holds dates.*Datepart\('joined'\)"),
        ({"valid_pct": 1.5}, "valid_pct is a share between 0 and 1"),
        ({"procs": [Categorify(), 3]}, r"procs is \[.*, 3\]; a class or a TabularProc"),
        ({"y_block": 3}, "y_block is 3; a block such as"),
        ({"valid_idx": []}, "leaves no rows to check on"),
        ({"y_names": "joined"}, "joined holds dates or durations, which cannot be predicted"),
        (
            {"y_names": ["salary", "age"], "cont_names": [], "y_block": [3]},
            "y_block has 1 blocks for 2 columns",
        ),
    ],
)
def test_a_mistake_gets_a_sentence(df, change, said):
    with pytest.raises((DataError, UsageError), match=said):
        TabularDataLoaders.from_df(df, **{**OPTIONS, **change})


def test_lists_of_labels_need_their_block(df):
    with pytest.raises(DataError, match=r"tags holds a list in each row; y_block=MultiCategoryBlock\(\)"):
        TabularDataLoaders.from_df(df.assign(tags=[["a"]] * 300), **{**OPTIONS, "y_names": "tags"})


def test_the_name_of_a_file_is_no_frame():
    with pytest.raises(DataError, match="'people.csv' is the name of a file: read it by"):
        TabularDataLoaders.from_df("people.csv", **OPTIONS)


def test_infinite_answers_are_left_out_like_missing_ones(df, said):
    pay = df.height.where(df.index != 7, np.inf)
    dls = TabularDataLoaders.from_df(df.assign(pay=pay), **{**OPTIONS, "y_names": "pay"})
    assert dls.train.n + dls.valid.n == 299 and "1 row without pay left out: row 7" in said


def test_columns_by_position_and_named_twice(df):
    numbered = df.set_axis(range(6), axis=1)
    dls = TabularDataLoaders.from_df(numbered, cat_names=[0, 0, 1], cont_names=2, y_names=5, seed=0)
    assert dls.cat_names == ["0", "1", "2_na"] and dls.y_names == ["5"]


@pytest.mark.parametrize("n", [0, 1])
def test_a_table_of_one_row_or_none_is_refused(n):
    with pytest.raises(DataError, match="at least two are needed"):
        TabularDataLoaders.from_df(people(3).iloc[:n], **OPTIONS)


def test_one_class_is_said_and_not_learned_from(df, said):
    dls = TabularDataLoaders.from_df(df.assign(salary="low"), **OPTIONS)
    assert any("there is one class in the training items, 'low'" in s for s in said)
    with pytest.raises(DataError, match="one class in the training items: 'low'"):
        tabular_learner(dls)


def test_a_leak_among_the_columns_is_said(df, said):
    TabularDataLoaders.from_df(
        df.assign(code=df.salary == "high"), **{**OPTIONS, "cat_names": [*CATS, "code"]}
    )
    assert any("code goes one to one with salary" in s for s in said)


def test_inferred_columns_are_said(df, said):
    dls = TabularDataLoaders.from_df(df.assign(no=range(300)), y_names="salary")
    assert (
        "categories: job, smokes; numbers: age, height; dates: joined. Left out: no (an id: another in each row)"
        in said
    )
    assert dls.rows.columns[-1].kind == "date" and "joinedMonth" in dls.cat_names


def test_a_pandas_warning_is_never_shown(df):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dls = TabularDataLoaders.from_df(df, y_names="salary")
        dls.rows.encode(df.iloc[0])
        dls.show_batch(show=False)
        assert len(dls.test_dl(pd.DataFrame(df.iloc[:3]))) == 1
