"""Steps of a table against pandas and scikit-learn."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from tests.tabular.conftest import CATS, CONTS, people
from tipoff.errors import UsageError
from tipoff.tabular import Categorify, FillMissing, FillStrategy, Normalize, TabularPandas, TabularProc
from tipoff.tabular.procs import as_procs
from tipoff.tabular.row import RowBlock
from tipoff.testing import check_proc


def fitted(df, procs, cats=CATS, conts=CONTS, n=200):
    """The table after `procs`, fitted to its first `n` rows."""
    splits = (range(n), range(n, len(df)))
    return TabularPandas(df, procs, cats, conts, splits=splits)


def test_categories_are_numbered_as_pandas_does_from_one(df):
    to = fitted(df, [Categorify, FillMissing])
    assert to.items.job.tolist() == [c + 1 for c in pd.Categorical(df.job).codes]
    assert to.classes["job"] == ["#na#", "cook", "nurse", "pilot"]
    assert to.classes["smokes"] == ["#na#", False, True]


def test_the_order_of_an_ordered_categorical_is_kept():
    sizes = pd.Categorical(["small", "large", "small"], ["small", "medium", "large"], ordered=True)
    to = TabularPandas(pd.DataFrame({"size": sizes}), [Categorify], ["size"], [])
    assert to.classes["size"] == ["#na#", "small", "large"]  # of medium nothing could be learned


def test_categories_of_the_validation_rows_are_unknown_where_no_training_row_has_them(said):
    df = pd.DataFrame({"shop": ["a", "b", "a", "c"], "x": [1.0, 2, 3, 4]})
    to = fitted(df, None, ["shop"], ["x"], n=3)
    assert to.valid.xs.shop.tolist() == [0] and "shop 'c' was not in training" in " ".join(said)


@pytest.mark.parametrize("column", [[1, 2, 1], [1.0, 2.0, 1.0], ["1", "2", "1"], np.array([1, 2, 1], "int8")])
@pytest.mark.parametrize("value", [1, 1.0, "1", np.int16(1), np.float32(1)])
def test_a_number_is_the_same_category_however_it_is_written(column, value):
    block = RowBlock(("n",)).setup(pd.DataFrame({"n": column}))
    assert block.encode({"n": value})[0].tolist() == [1]


def test_text_that_looks_like_a_number_keeps_its_zeros():
    block = RowBlock(("zip",)).setup(pd.DataFrame({"zip": ["01234", "1234", "A1"]}))
    codes = block.encode_all(pd.DataFrame({"zip": ["01234", "1234", "0"]}))[0]
    assert codes[:, 0].tolist() == [1, 2, 0]


def test_missing_numbers_are_filled_with_the_median_of_the_training_rows(df):
    to = fitted(df, [FillMissing])
    reference = SimpleImputer(strategy="median", add_indicator=True).fit(df[CONTS][:200]).transform(df[CONTS])
    assert np.allclose(to.items[CONTS], reference[:, :2])
    assert to.cat_names == [*CATS, "age_na"]
    assert (to.items.age_na == reference[:, 2] + 1).all()


@pytest.mark.parametrize(
    ("proc", "value"),
    [
        (FillMissing("mode"), 5.0),
        (FillMissing(FillStrategy.mode), 5.0),
        (FillMissing("constant"), 0.0),
        (FillMissing("constant", fill_vals={"x": -1}), -1.0),
        (FillMissing(), 3.5),
    ],
)
def test_other_ways_to_fill(proc, value):
    df = pd.DataFrame({"x": [5.0, 5.0, 2.0, 1.0, np.nan]})
    assert TabularPandas(df, [proc], [], ["x"]).items.x.tolist()[-1] == value


def test_without_add_col_nothing_is_added():
    to = TabularPandas(people(50), [FillMissing(add_col=False), Categorify], CATS, CONTS)
    assert to.cat_names == CATS


def test_an_unknown_way_to_fill_is_refused():
    with pytest.raises(UsageError, match="median, mode, constant"):
        FillMissing("mean")


def test_a_flag_does_not_take_the_name_of_a_column():
    df = pd.DataFrame({"x": [1.0, np.nan], "x_na": ["a", "b"]})
    to = TabularPandas(df, None, ["x_na"], ["x"])
    assert to.cat_names == ["x_na", "x_na_"] and to.items.x_na.tolist() == [1, 2]


def test_numbers_are_normalised_as_scikit_learn_does(df):
    to = fitted(df, None, conts=["height"])
    reference = StandardScaler().fit(df[["height"]][:200]).transform(df[["height"]])
    assert np.allclose(to.items[["height"]], reference)


def test_a_constant_column_becomes_zero_and_stays_finite():
    block = RowBlock((), ("x",)).setup(pd.DataFrame({"x": [0.1] * 5}))
    assert block.encode({"x": 0.1})[1].tolist() == [0.0]
    assert block.encode({"x": 1e300})[1].isfinite().all()


def test_seconds_since_1970_keep_their_differences():
    """float32 alone could not tell these apart."""
    seconds = 1_700_000_000.0 + np.arange(4)
    numbers = (
        RowBlock((), ("t",)).setup(pd.DataFrame({"t": seconds})).encode_all(pd.DataFrame({"t": seconds}))[1]
    )
    assert np.allclose(numbers.flatten().diff(), 1 / seconds.std(), rtol=1e-5)


def test_steps_run_in_their_order_whatever_order_they_are_given_in():
    steps = as_procs([Normalize, Categorify(), FillMissing])
    assert [type(s).__name__ for s in steps] == ["FillMissing", "Categorify", "Normalize"]
    with pytest.raises(UsageError, match="no step"):
        as_procs([StandardScaler()])


def test_a_step_of_ones_own():
    class Ratio(TabularProc):
        def setup(self, columns, cats, conts):
            return self, cats, [*conts, "ratio"]

        def apply(self, columns):
            return {**columns, "ratio": columns["a"] / columns["b"]}

    df = pd.DataFrame({"a": [1.0, 3.0], "b": [2.0, 4.0]})
    assert TabularPandas(df, [Ratio], [], ["a", "b"]).items.ratio.tolist() == [0.5, 0.75]


def test_the_contract_notices_a_step_that_breaks_it():
    @dataclass(frozen=True)
    class InPlace(TabularProc):
        def apply(self, columns):
            columns["x"] = columns["x"] - 1
            return columns

    @dataclass(frozen=True)
    class OfTheBatch(TabularProc):
        def apply(self, columns):
            return {**columns, "x": columns["x"] - columns["x"].mean()}

    @dataclass(frozen=True)
    class OneWay(TabularProc):
        def apply(self, columns):
            return {**columns, "x": columns["x"] * 2}

    for step, said in (
        (InPlace(), "changes the columns"),
        (OfTheBatch(), "another x alone"),
        (OneWay(), "other numbers in x"),
    ):
        with pytest.raises(AssertionError, match=said):
            check_proc(step, {"x": np.array([1.0, 2.0])}, [], ["x"])


def test_the_frame_that_is_given_is_never_changed(df):
    before = df.copy()
    to = fitted(df, None)
    _ = to.items
    pd.testing.assert_frame_equal(df, before)
