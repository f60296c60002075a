"""Columns that nobody named, and columns that give the answer away."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tests.tabular.conftest import people
from tipoff.errors import DataError
from tipoff.notes import listening
from tipoff.tabular import cont_cat_split, df_shrink, df_shrink_dtypes, find_leaks, infer_columns


def leaks(df, y):
    return {leak.column: leak.kind for leak in find_leaks(df, [c for c in df if c != y], [y])}


def test_columns_are_what_they_look_like(df):
    df = df.assign(
        one="x", nothing=None, no=np.arange(len(df)), note=[f"text {i}" for i in range(len(df))],
        born=df.joined.dt.strftime("%d/%m/%Y"), code=df.salary.map({"high": 1, "low": 0}),
    )  # fmt: skip
    kinds = infer_columns(df, ["salary"])
    assert (
        kinds.cats == ["job", "smokes"]
        and kinds.conts == ["age", "height"]
        and kinds.dates == ["joined", "born"]
    )
    assert list(kinds.left_out) == ["one", "nothing", "no", "note", "code"]
    assert (
        "categories: job, smokes; numbers: age, height; dates: joined, born. Left out: one (the same in all rows)"
        in str(kinds)
    )


def test_a_table_without_a_useful_column_is_refused():
    with pytest.raises(DataError, match="no column to learn from .*the same in all rows"):
        infer_columns(pd.DataFrame({"x": [1, 1], "y": [0, 1]}), ["y"])


def test_numbers_in_words_are_numbers_and_codes_are_not():
    r = np.random.default_rng(0)
    df = pd.DataFrame({"y": [0, 1] * 50, "price": [Decimal(int(n)) / 4 for n in r.integers(0, 90, 100)]})
    df["text"] = [f" {n}" for n in r.integers(0, 50, 100)]
    df["code"] = [f"{n:03}" for n in r.integers(0, 50, 100)]
    df["few"] = ["1", "2"] * 50
    df["few"] = df.few.sample(frac=1, random_state=0).tolist()
    kinds = infer_columns(df, ["y"])
    assert (kinds.conts, kinds.cats) == (["price", "text"], ["code", "few"])


def test_durations_are_left_out_with_what_to_do(df):
    assert (
        "by .dt.days"
        in infer_columns(df.assign(stay=df.joined - df.joined.min()), ["salary"]).left_out["stay"]
    )


def test_an_id_is_found_and_a_number_that_repeats_is_not(df):
    found = leaks(
        df.assign(no=np.arange(300) + 7, key=[f"k{i}" for i in range(300)], twice=np.arange(300) // 2),
        "salary",
    )
    assert found == {"no": "id", "key": "id"}


def test_measurements_are_not_taken_for_ids():
    r = np.random.default_rng(0)
    df = pd.DataFrame({"x": r.normal(size=100), "price": r.permutation(1_000_000)[:100], "y": [0, 1] * 50})
    assert df.price.is_unique and leaks(df, "y") == {}
    assert leaks(df.rename(columns={"price": "customer_id"}), "y") == {"customer_id": "id"}
    assert leaks(df.rename(columns={"price": "customerID"}), "y") == {"customerID": "id"}


@pytest.mark.parametrize(
    "recoded", [{"high": 1, "low": 0}, {"high": "H", "low": "L"}, {"high": True, "low": False}]
)
def test_a_recoding_of_the_target_is_found(df, recoded):
    assert leaks(df.assign(code=df.salary.map(recoded)), "salary") == {"code": "copy"}


def test_a_number_in_another_unit_is_found_and_a_related_one_is_not(df):
    df = df.assign(pay=np.random.default_rng(0).gamma(3, 1000, 300))
    assert leaks(df.assign(cents=df.pay * 100, logged=-np.log(df.pay), near=df.pay + 1e3 * df.height), "pay") == {
        "cents": "copy", "logged": "copy"}  # fmt: skip


def test_a_column_that_decides_the_answer_is_found(df):
    band = df.salary + df.smokes.map({True: "1", False: "2"})
    assert leaks(df.assign(band=band), "salary") == {"band": "decides"}


def test_few_rows_prove_nothing():
    assert leaks(people(20).assign(no=range(20)), "salary") == {}


def test_the_rule_of_cont_cat_split():
    df = pd.DataFrame(
        {
            "f": [0.5] * 30,
            "many": range(30),
            "few": [1, 2, 3] * 10,
            "t": ["x"] * 30,
            "b": [True] * 30,
            "y": range(30),
        }
    )
    assert cont_cat_split(df, dep_var="y") == (["f", "many"], ["few", "t", "b"])
    assert cont_cat_split(df, max_card=2, dep_var=["y", "t"]) == (["f", "many", "few"], ["b"])


def test_smaller_types_hold_the_same_values(df):
    types = df_shrink_dtypes(df.assign(n=300, big=2**40))
    assert types == {
        "job": "category",
        "age": np.dtype("float32"),
        "height": np.dtype("float32"),
        "salary": "category",
        "n": np.dtype("int16"),
    }
    small = df_shrink(df, skip=["height"])
    assert (
        small.height.dtype == "float64"
        and small.memory_usage(deep=True).sum() < df.memory_usage(deep=True).sum()
    )
    assert small.job.tolist() == df.job.tolist()
    assert df_shrink_dtypes(pd.DataFrame({"n": [0, 200]}), int2uint=True) == {"n": np.dtype("uint8")}
    assert df_shrink_dtypes(df, obj2cat=False).keys() == {"age", "height"}


@pytest.mark.parametrize(
    ("cells", "slip", "what"),
    [
        ([str(i % 30) for i in range(60)], "old", "numbers"),
        ([f"2024-03-{1 + i % 28:02}" for i in range(60)], "soon", "dates"),
    ],
)
def test_a_slip_that_keeps_a_column_from_being_numbers_or_dates_is_said(cells, slip, what):
    cells[7] = slip
    said = []
    with listening(said.append):
        kinds = infer_columns(pd.DataFrame({"when": cells, "x": ["a", "b"] * 30}))
    assert "when" not in kinds.conts + kinds.dates
    assert any(f"when holds '{slip}' in row 7, and nearly all others are {what}" in s for s in said)
    cells[7] = None
    kinds = infer_columns(pd.DataFrame({"when": cells, "x": ["a", "b"] * 30}))
    assert "when" in kinds.conts + kinds.dates


def test_whole_numbers_that_hardly_repeat_are_numbers():
    small = pd.DataFrame({"hours": range(1, 13), "age": [30, 41, 30, 25] * 3, "passed": [0, 1] * 6})
    assert infer_columns(small, ["passed"]).conts == ["hours", "age"]
    years = pd.DataFrame({"year": [*range(2005, 2025)] * 5, "rooms": [1, 2, 3, 4] * 25, "y": [0, 1] * 50})
    kinds = infer_columns(years, ["y"])
    assert (kinds.conts, kinds.cats) == (["year"], ["rooms"])
    in_words = small.assign(hours=small.hours.astype(str).astype(object), flag=[0, 0, 1] * 4)
    kinds = infer_columns(in_words, ["passed"])
    assert (kinds.conts, kinds.cats) == (["hours", "age"], ["flag"])
