"""Dates against pandas: how they are read, and their parts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tipoff.errors import DataError, UsageError
from tipoff.notes import listening
from tipoff.tabular import Categorify, Datepart, TabularPandas, add_datepart
from tipoff.tabular.dates import date_parts
from tipoff.tabular.reading import find_formats, read_dates
from tipoff.tabular.row import RowBlock

FASTAI = ["Year", "Month", "Week", "Day", "Dayofweek", "Dayofyear", "Is_month_end", "Is_month_start", "Is_quarter_end", "Is_quarter_start", "Is_year_end", "Is_year_start", "Hour", "Minute", "Second", "Elapsed"]  # fmt: skip


def read(values, formats=None):
    df = pd.DataFrame({"day": values})
    return read_dates(df, "day", find_formats(df.day) if formats is None else formats)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=20))
def test_parts_are_those_of_pandas(seconds):
    times = pd.Series(np.array(seconds).astype("datetime64[s]"))
    made = date_parts(times.to_numpy(), time=True)
    assert list(made) == FASTAI
    for part in FASTAI[:-1]:
        of_pandas = part.lower().replace("dayof", "day_of_")
        want = times.dt.isocalendar().week if part == "Week" else getattr(times.dt, of_pandas)
        assert made[part].tolist() == want.tolist(), part
    assert made["Elapsed"].tolist() == seconds


def test_parts_of_a_missing_date_are_missing():
    made = date_parts(np.array(["2024-05-31", "NaT"], "datetime64[s]"))
    assert np.isnan(made["Year"][1]) and np.isnan(made["Elapsed"][1]) and not made["Is_month_end"][1]
    assert made["Is_month_end"][0]


def test_add_datepart_changes_the_frame_as_fastai_does():
    df = pd.DataFrame({"saledate": ["2024-05-31", None], "x": [1, 2]})
    out = add_datepart(df, "saledate")
    assert out is df and list(df.columns) == [
        "x",
        *(f"sale{p}" for p in FASTAI if p not in ("Hour", "Minute", "Second")),
    ]
    assert df.saleElapsed[0] == pd.Timestamp("2024-05-31").timestamp() and np.isnan(df.saleElapsed[1])
    kept = add_datepart(
        pd.DataFrame({"Date": ["2024-05-31 13:01:02"]}), "Date", prefix="on_", drop=False, time=True
    )
    assert (
        kept.Date[0] == pd.Timestamp("2024-05-31 13:01:02")
        and kept.on_Hour[0] == 13
        and kept.on_Second[0] == 2
    )


def test_a_missing_date_column_is_named():
    with pytest.raises(DataError, match="lacks the column 'saledat'.* Did you mean 'saledate'"):
        add_datepart(pd.DataFrame({"saledate": ["2024-05-31"]}), "saledat")


@pytest.mark.parametrize(
    "text",
    ["2024-05-31", "2024-05-31T00:00:00", "2024-05-31 00:00", "31.05.2024", "05/31/2024", "31/05/2024", "31-05-2024",
     "31.05.24", "May 31, 2024", "31 May 2024", "2024/05/31", "05/31/2024 12:00 AM"],
)  # fmt: skip
def test_dates_are_read_as_they_are_written(text):
    assert read([text, None, " "]).astype(str).tolist() == ["2024-05-31T00:00:00", "NaT", "NaT"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_of_pandas_and_of_time_zones_are_read(unit):
    times = pd.Series(pd.to_datetime(["2024-05-31 13:00", None])).dt.as_unit(unit)
    assert read(times).astype(str).tolist() == ["2024-05-31T13:00:00", "NaT"]
    assert read(times.dt.tz_localize("Europe/Rome"))[0] == np.datetime64("2024-05-31T13:00:00")


def test_two_forms_in_one_column_are_read_by_both():
    days = ["2024-05-31", "31.05.2024", "2024-06-01", "01.06.2024", "30.06.2024"]
    assert find_formats(pd.Series(days)) == ("%d.%m.%Y", "ISO8601")
    assert read(days).astype("datetime64[D]").astype(str).tolist() == [
        "2024-05-31", "2024-05-31", "2024-06-01", "2024-06-01", "2024-06-30"]  # fmt: skip


def test_day_or_month_first_is_seen_where_it_can_be_and_said_where_not(said):
    assert find_formats(pd.Series(["01/02/2024", "31/12/2024"])) == ("%d/%m/%Y",) and not said
    assert find_formats(pd.Series(["01/02/2024", "03/04/2024"], name="day")) == ("%m/%d/%Y",)
    assert (
        "day: 01/02/2024 was taken as m/d/Y; if it is d/m/Y, say so: Datepart('day', format='%d/%m/%Y')"
        in said[0]
    )


def test_what_is_no_date_is_an_error_that_names_the_row():
    with pytest.raises(
        DataError, match=r"Column day, row 1: '2021-13-45' is no date. Dates are written as 2024-05-31 here"
    ):
        read(["2021-03-04", "2021-13-45"])
    with pytest.raises(DataError, match=r"holds int64, which are no dates.*unit='s'"):
        read([1614816000, 1614816001])


@pytest.mark.parametrize(
    "values",
    [["1", "2"], ["a", "b"], ["12.5", "3.7"], ["1-2", "b"], [None, None], ["A1B2", "C3"], ["18-24", "25-34"],
     ["12:30", "13:45"], ["555-1234", "555-9999"], ["1.2.3", "1.2.4"], ["1/2", "3/4"], ["192.168.1.1", "10.0.0.1"],
     ["10-20-30", "40-50-60"], ["2024-05-31", "2024-13-31"]],
)  # fmt: skip
def test_other_text_is_not_taken_for_dates(values):
    assert find_formats(pd.Series(values, dtype=object), whole=True) == ()


def test_a_step_makes_raw_rows_of_any_form_predictable():
    days = pd.date_range("2023-01-01", periods=500).strftime("%d.%m.%Y").tolist()
    df = pd.DataFrame({"saledate": days, "price": range(500)})
    block = RowBlock((), ("price",), (Datepart("saledate"), *RowBlock().steps)).setup(df)
    assert {"saleMonth", "saleDayofweek", "saleIs_month_end"} <= set(block.cat_names)
    assert {"saleYear", "saleElapsed", "price"} <= set(block.cont_names)
    row = {"saledate": "29.02.2024", "price": 7}
    assert block.decode(block.encode(row)) == {"saledate": "2024-02-29", "price": 7}
    column = block.columns[0]
    assert (column.kind, column.low, column.high) == ("date", "2023-01-01", "2024-05-14")
    with pytest.raises(DataError, match="'soon' is no date"):
        block.encode({**row, "saledate": "soon"})


def test_parts_that_never_change_are_left_out():
    df = pd.DataFrame({"on": pd.date_range("2023-01-02", periods=20), "x": range(20)})
    to = TabularPandas(df, [Datepart("on"), *RowBlock().steps], [], ["x"])
    assert "onYear" not in to.x_names and "onMonth" not in to.x_names and "onDay" in to.x_names


def test_times_are_seen_and_come_back_to_the_minute():
    times = pd.date_range("2023-01-01", periods=100, freq="97min")
    block = RowBlock((), (), (Datepart("at"), *RowBlock().steps)).setup(pd.DataFrame({"at": times}))
    assert "atHour" in block.cat_names and "atMinute" in block.cont_names
    assert block.decode(block.encode({"at": times[7]}))["at"] == str(times[7])


def test_a_missing_date_is_filled_like_a_number():
    df = pd.DataFrame({"on": ["2023-01-02", None, "2023-03-05", "2024-01-01"]})
    block = RowBlock((), (), (Datepart("on"), *RowBlock().steps)).setup(df)
    codes, numbers = block.encode({"on": None})
    assert numbers.isfinite().all() and codes[block.cat_names.index("onMonth")] == 0
    assert "onElapsed_na" in block.cat_names


def test_parts_of_a_date_do_not_take_the_name_of_a_column():
    df = pd.DataFrame({"on": ["2023-01-02", "2024-01-03"], "onYear": [1.0, 2.0]})
    said = []
    with listening(said.append):
        block = RowBlock((), ("onYear",), (Datepart("on"),)).setup(df)
    assert {"onYear", "on_Year"} <= {*block.cont_names}
    assert said == ["the table has a column onYear already: the parts of on are called on_Year and so on"]
    with pytest.raises(UsageError, match="has a column 'onYear' already"):
        RowBlock((), ("onYear",), (Datepart("on", prefix="on"),)).setup(df)


def test_two_columns_called_date_keep_their_parts_apart():
    df = pd.DataFrame(
        {"Date": ["2023-01-02", "2024-02-03"], "date": ["2021-05-01", "2022-06-04"], "Month": [1.0, 2.0]}
    )
    with listening(lambda _: None):
        block = RowBlock((), ("Month",), (Datepart("Date"), Datepart("date"), Categorify())).setup(df)
    years = {c for c in block.cont_names if c.endswith("Year")}
    assert years == {"Date_Year", "date_Year"}
    _, conts = block.encode({"Date": "2024-02-03", "date": "2021-05-01", "Month": 1.0})
    by_name = dict(zip(block.cont_names, conts.tolist(), strict=True))
    assert (by_name["Date_Year"], by_name["date_Year"]) == (2024, 2021)
