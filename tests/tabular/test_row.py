"""The block of rows: one row and many, odd rows, and the same encoding after the model file."""

import dataclasses
import json
import string

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.tabular.conftest import CATS, CONTS, people
from tipoff.bundle.catalog import CATALOG
from tipoff.bundle.file import Bundle, read, write
from tipoff.bundle.predictor import load_predictor
from tipoff.data.plan import Plan
from tipoff.data.target import CategoryBlock
from tipoff.errors import DataError, NotSetUp, UsageError
from tipoff.notes import listening
from tipoff.spec import Spec, dump, load
from tipoff.tabular import Categorify, Datepart, Normalize, TabularPandas
from tipoff.tabular.row import RowBlock


@pytest.fixture
def block(df):
    return RowBlock(tuple(CATS), tuple(CONTS), y_names=("salary",)).setup(df)


def test_tensors_are_in_the_order_of_the_names(block, df):
    cats, conts = block.encode_all(df)
    assert block.cat_names == ("job", "smokes", "age_na") and block.cont_names == ("age", "height")
    assert cats.shape == (300, 3) and cats.dtype == torch.long and conts.shape == (300, 2)
    assert conts.dtype == torch.float32 and block.cat_sizes == (4, 3, 3)
    assert int(cats.max(0).values[0]) == 3


def test_one_row_in_any_form_gives_what_it_gives_among_others(block, df):
    cats, conts = block.encode_all(df)
    for i in (0, 17, 299):
        for row in (df.iloc[i], df.iloc[i].to_dict(), df.iloc[[i]], [df.iloc[i].to_dict()]):
            one = block.encode(row)
            assert torch.equal(one[0], cats[i]) and torch.equal(one[1], conts[i])


def test_what_comes_back_is_what_a_person_wrote(block, df):
    row = {"job": "pilot", "smokes": True, "age": 44, "height": 1.81}
    assert block.decode(block.encode(row)) == row
    assert block.decode(block.encode({**row, "age": None})) == {**row, "age": None}
    table = block.decode_all(*block.encode_all(df))
    assert table.job.tolist() == df.job.tolist() and np.allclose(table.height, df.height)
    assert (table.age.isna() == df.age.isna()).all()


def test_numbers_come_back_with_the_digits_that_they_had():
    r = np.random.default_rng(0)
    df = pd.DataFrame({"wind": r.choice([0.0, 0.2239, 0.85], 100), "sum": r.normal(3e7, 1e6, 100).round(-1) + 0.5,
                       "tiny": r.choice([-1.5e-9, 0.0, 2.25e-9], 100)})  # fmt: skip
    block = RowBlock((), ("wind", "sum", "tiny")).setup(df)
    back = block.decode_all(*block.encode_all(df))
    assert back.wind.tolist() == df.wind.tolist() and back.tiny.tolist() == df.tiny.tolist()
    assert np.allclose(back["sum"], df["sum"], rtol=1e-6) and "-0.0" not in str(back.wind.tolist())


def test_the_columns_know_what_a_form_needs(block, df):
    job, smokes, age, height = block.columns
    assert (job.kind, job.choices[0], job.typical) == ("category", "cook", "cook")
    assert (smokes.kind, smokes.choices) == ("flag", (False, True))
    assert (age.kind, age.low, age.high, age.typical) == ("number", 18.0, 79.0, df.age.median())
    assert age.missing_ok and age.whole and not height.missing_ok and not height.whole
    assert block.unused == ("joined",)


def test_a_new_category_is_unknown_and_said(block, said):
    row = {"job": "astronaut", "smokes": False, "age": 44, "height": 1.81}
    assert block.encode(row)[0][0] == 0 and said == ["job 'astronaut' was not in training: taken as unknown"]


def test_a_missing_column_is_named(block):
    with pytest.raises(
        DataError, match=r"lack the column 'height'; there are job, smokes, agee.* Did you mean"
    ):
        block.encode({"job": "cook", "smokes": False, "agee": 3, "heigth": 1.8, "age": 3})


def test_other_columns_are_ignored_and_said_unless_the_training_table_had_them(block, df, said):
    block.encode_all(df)
    assert said == []
    block.encode_all(df.assign(iq=1, eyes="blue"))
    assert said == ["ignored 2 columns that the model does not know: iq, eyes"]


def test_text_in_a_column_of_numbers_is_an_error_that_names_the_row(block, df):
    bad = df[["job", "smokes", "age", "height"]].astype(object)
    bad.loc[5, "age"] = "forty"
    with pytest.raises(DataError, match=r"Column age, row 5: 'forty' is not a number; \d+ others are"):
        block.encode_all(bad)
    bad.attrs["table"] = ("new.csv", 2)
    with pytest.raises(DataError, match=r"Column age, row 7 of new.csv"):
        block.encode_all(bad)
    with pytest.raises(
        DataError, match=r"Column age: 'forty' is not a number; in training it was between 18 and 79"
    ):
        block.encode(bad.iloc[5].to_dict())


@pytest.mark.parametrize("value", ["44", " 44 ", 44, 44.0, np.int8(44), np.float32(44), "4.4e1"])
def test_a_number_may_be_written_as_text(block, value):
    row = {"job": "cook", "smokes": "yes", "height": "1.8"}
    a, b = block.encode({**row, "age": value}), block.encode_all(pd.DataFrame([{**row, "age": value}]))
    assert torch.equal(a[1], block.encode({**row, "age": 44.0})[1]) and torch.equal(a[1], b[1][0])
    assert a[0].tolist() == [1, 2, 1]


@pytest.mark.parametrize("value", [None, "", "  ", float("nan"), pd.NA, pd.NaT, np.nan])
def test_every_empty_cell_is_missing(block, value):
    codes, numbers = block.encode({"job": value, "smokes": value, "age": value, "height": 1.8})
    assert codes.tolist() == [0, 0, 2] and numbers.isfinite().all()


@pytest.mark.parametrize("dtype", ["str", "object", "string", "category"])
def test_a_column_of_text_is_read_cell_by_cell(block, df, dtype):
    cells = ["44", " 45", "", "nan", "+46", "4.7e1", None, "  "]
    new = pd.DataFrame(
        {"job": "cook", "smokes": False, "height": "1.8", "age": pd.Series(cells, dtype=dtype)}
    )
    numbers = block.decode_all(*block.encode_all(new)).age.tolist()
    assert [n for n in numbers if n == n] == [44, 45, 46, 47] and [n != n for n in numbers] == [
        False, False, True, True, False, False, True, True]  # fmt: skip
    plain = new.assign(age=pd.Series([str(n) for n in range(20, 28)], dtype=dtype))
    assert block.decode_all(*block.encode_all(plain)).age.tolist() == list(range(20, 28))


def test_a_number_that_was_never_missing_is_filled_and_said(block, df, said):
    row = {"job": "cook", "smokes": False, "age": 40, "height": None}
    filled = block.encode(row)[1][1]
    assert torch.equal(filled, block.encode({**row, "height": df.height.median()})[1][1])
    assert "height is missing in a row, as in none of the training rows: taken as 1.7" in said[0]


@pytest.mark.parametrize("value", [float("inf"), "-inf", 1e300, 10**400])
def test_infinite_numbers_are_missing_and_said(block, said, value):
    row = {"job": "cook", "smokes": False, "age": value, "height": 1.8}
    for rows in (row, pd.DataFrame([row])):
        codes, numbers = block.encode(rows)
        assert codes[2] == 2 and numbers.isfinite().all() and "age is infinite" in said.pop()


def test_without_a_step_that_fills_a_missing_number_is_refused(df):
    with pytest.raises(DataError, match=r"Column age, row \d+: there is no number.*FillMissing"):
        RowBlock(tuple(CATS), tuple(CONTS), (Categorify(), Normalize())).setup(df).encode_all(df)
    with pytest.raises(DataError, match=r"Column age, row \d+: there is no number.*FillMissing"):
        TabularPandas(df, [Categorify, Normalize], CATS, CONTS, y_names="salary")


def test_numbers_beyond_the_training_range_do_not_become_nan(block):
    assert block.encode({"job": "cook", "smokes": False, "age": 1e30, "height": -1e30})[1].isfinite().all()


def test_a_block_without_rows_or_columns_says_so(df):
    with pytest.raises(NotSetUp, match="has not seen any rows"):
        RowBlock(("job",)).encode({"job": "cook"})
    with pytest.raises(UsageError, match="cat_names= and cont_names="):
        RowBlock().setup(df)
    with pytest.raises(UsageError, match="age is among the categories and among the numbers"):
        RowBlock(("age",), ("age",)).setup(df)


def test_two_columns_of_one_name_are_refused(df):
    double = pd.concat([df, df[["job"]]], axis=1)
    with pytest.raises(DataError, match="Two columns are called 'job'"):
        RowBlock(("job",)).setup(double)


def test_categories_that_differ_in_spelling_are_said(said):
    block = RowBlock(("colour",)).setup(pd.DataFrame({"colour": ["red", "blue", "Red "]}))
    assert block.cat_sizes == (4,)
    assert said == ["colour has 'red' and 'Red ', which differ only in spelling: they are two categories"]


def test_lists_are_no_categories(df):
    with pytest.raises(DataError, match=r"Column tags holds \['a'\], a list"):
        RowBlock(("tags",)).setup(pd.DataFrame({"tags": [["a"], ["b"]]}))


def test_polars_and_pandas_extension_types_read_alike(block, df):
    polars = pytest.importorskip("polars")
    cats, conts = block.encode_all(df)
    for other in (polars.from_pandas(df), df.convert_dtypes(), df.convert_dtypes(dtype_backend="pyarrow")):
        got = block.encode_all(other)
        assert torch.equal(got[0], cats) and torch.equal(got[1], conts)


# any frame -----------------------------------------------------------------------------------

TEXT = st.text(string.ascii_letters + string.digits + " äß李🙂'\"\\,;", max_size=4)
CELLS = {
    "int": st.integers(-(2**40), 2**40),
    "float": st.floats(allow_nan=True, allow_infinity=True, width=64),
    "text": TEXT | st.none(),
    "flag": st.booleans() | st.none(),
    "mixed": st.one_of(TEXT, st.integers(0, 9), st.floats(-5, 5), st.booleans(), st.none()),
    "few": st.sampled_from(["a", "b", "B", " b"]),
}


@st.composite
def tables(draw):
    """A training frame, other rows, the categories and the numbers among its columns."""
    kinds = draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=4))
    n, m = draw(st.integers(1, 8)), draw(st.integers(1, 4))
    cats, conts, train, other = [], [], {}, {}
    for i, kind in enumerate(kinds):
        name = f"{kind}{i}"
        is_number = kind in ("int", "float") and draw(st.booleans())
        (conts if is_number else cats).append(name)
        cells = draw(st.lists(CELLS[kind], min_size=n + m, max_size=n + m))
        train[name], other[name] = cells[:n], cells[n:]
    return pd.DataFrame(train), pd.DataFrame(other), tuple(cats), tuple(conts)


def quietly(f, *args):
    with listening(lambda _: None):
        return f(*args)


@settings(max_examples=150, deadline=None)
@given(tables())
def test_any_frame_is_encoded_alike_after_the_model_file_and_row_by_row(table):
    train, other, cats, conts = table
    block = quietly(RowBlock(cats, conts).setup, train)
    again = load(json.loads(json.dumps(dump(block, CATALOG), allow_nan=False)), CATALOG)
    assert again == block
    for frame in (train, other):
        codes, numbers = quietly(block.encode_all, frame)
        assert codes.shape == (len(frame), len(block.cat_names)) and numbers.isfinite().all()
        assert all(int(codes[:, i].max()) < size for i, size in enumerate(block.cat_sizes))
        same = quietly(again.encode_all, frame)
        assert torch.equal(same[0], codes) and torch.equal(same[1], numbers)
        for i in range(len(frame)):
            one = quietly(again.encode, {c: frame[c].iloc[i] for c in frame})
            assert torch.equal(one[0], codes[i]) and torch.equal(one[1], numbers[i])


@settings(max_examples=50, deadline=None)
@given(tables())
def test_every_category_of_the_training_rows_is_known(table):
    train, _, cats, conts = table
    block = quietly(RowBlock(cats, conts).setup, train)
    codes = quietly(block.encode_all, train)[0]
    blank = [[v is None or v != v or str(v).strip() == "" or abs_inf(v) for v in train[c]] for c in cats]
    assert (codes[:, : len(cats)] > 0).T.tolist() == [[not b for b in column] for column in blank]


def abs_inf(v) -> bool:
    return isinstance(v, float) and abs(v) == float("inf")


# the model file ------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Net(Spec):
    """A network of a row."""

    n_out: int
    n: int

    def build(self) -> nn.Module:
        class Both(nn.Module):
            def __init__(self, n, n_out):
                super().__init__()
                self.last = nn.Linear(n, n_out)

            def forward(self, cats, conts):
                return self.last(torch.cat([cats.float(), conts], 1))

        return Both(self.n, self.n_out)


def test_a_model_file_answers_raw_rows(df, tmp_path):
    procs = (Datepart("joined"), *RowBlock().steps)
    block = RowBlock(tuple(CATS), tuple(CONTS), procs, y_names=("salary",)).setup(df)
    spec = Net(2, len(block.cat_names) + len(block.cont_names))
    net = spec.build().eval()
    bundle = Bundle(Plan((block,), (CategoryBlock(("high", "low")),)), spec, net.state_dict())
    catalog = {"test.net@1": Net}
    write(tmp_path / "t.tipoff", bundle, catalog)
    assert read(tmp_path / "t.tipoff", catalog).plan == bundle.plan
    predictor = load_predictor(tmp_path / "t.tipoff", catalog=catalog)
    want = net(*block.encode_all(df)).softmax(-1)
    got = [prob for _, prob in predictor.stream(df.to_dict("records"))]
    assert torch.allclose(torch.stack(got), want, atol=1e-6)
    answer = predictor({"job": "cook", "smokes": False, "age": 40, "height": 1.7, "joined": "2021-05-01"})
    assert answer["label"] in ("high", "low")


def test_one_row_is_cheap(block, df):
    import timeit

    row = df.iloc[0].to_dict()
    assert min(timeit.repeat(lambda: block.encode(row), number=10, repeat=5)) / 10 < 2e-3


def test_made_people_are_the_same_every_time():
    pd.testing.assert_frame_equal(people(5), people(5))
