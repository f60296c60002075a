"""Dates as people and programs write them: one rule, in one row as in many."""

import numpy as np
import pandas as pd
import pytest

from tipoff.data.shares import row_shares
from tipoff.data.table import iter_table, read_table
from tipoff.errors import DataError
from tipoff.notes import listening
from tipoff.tabular import TabularDataLoaders, tabular_learner
from tipoff.tabular.columns import date_column
from tipoff.tabular.reading import find_formats, read_dates

DAYS = pd.date_range("2024-01-01", periods=60)


def read(cells: list, formats=None) -> list[str]:
    frame = pd.DataFrame({"d": cells})
    return [str(d) for d in read_dates(frame, "d", find_formats(frame["d"]) if formats is None else formats)]


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["31.05.2024 10:00:05.123", "01.06.2024 09:00:00.5"], "2024-05-31T10:00:05"),
        (["Fri, 31 May 2024 10:00:00 +0000", "Sat, 1 Jun 2024 10:00:00 +0000"], "2024-05-31T10:00:00"),
        (["31. Mai 2024", "1. März 2024"], "2024-05-31T00:00:00"),
        (["31 Dezember 2024", "1 October 2024"], "2024-12-31T00:00:00"),
        (["14 juillet 2024", "1 août 2024"], "2024-07-14T00:00:00"),
        (["Jan-2024", "Feb-2024"], "2024-01-01T00:00:00"),
        (["05/2024", "06/2024"], "2024-05-01T00:00:00"),
        (["20240531", "20240601"], "2024-05-31T00:00:00"),
        ([20240531, 20240601], "2024-05-31T00:00:00"),
        (["2024-05-31", "0000-00-00"], "2024-05-31T00:00:00"),
        (["2024-05-31T10:00:00Z", "2024-06-01T10:00:00Z"], "2024-05-31T10:00:00"),
    ],
)
def test_dates_in_many_forms(cells, first):
    assert find_formats(pd.Series(cells), whole=True)
    assert read(cells)[0] == first


@pytest.mark.parametrize(
    "cells", [["2001-02", "2002-03", "2011-12"], [20240001, 20240002], ["12", "13"], [1, 2]]
)
def test_seasons_and_numbers_are_no_dates(cells):
    assert find_formats(pd.Series(cells), whole=True) == ()


def test_the_time_on_the_wall_counts_with_one_offset_as_with_two():
    cells = [
        "2024-07-06T12:00:00+02:00",
        "2024-01-06T12:00:00+01:00",
        "2024-01-06 12:00:00.25 +0530",
        "2024-01-06T12:00Z",
    ]
    together = read(cells)
    assert together == [f"{c[:10]}T12:00:00" for c in cells] == [read([c])[0] for c in cells]
    zoned = pd.DataFrame({"d": pd.to_datetime(cells[:2], utc=True).tz_convert("Europe/Berlin")})
    assert [str(d) for d in read_dates(zoned, "d", ())] == together[:2]
    objects = pd.DataFrame({"d": pd.Series([pd.Timestamp(c) for c in cells[:2]], dtype=object)})
    assert [str(d) for d in read_dates(objects, "d", ())] == together[:2]


def test_a_day_in_iso_is_read_beside_the_form_of_the_training_and_a_year_alone_is_not():
    column = date_column(pd.DataFrame({"d": DAYS.strftime("%d.%m.%Y")}), "d")
    assert column.formats == ("%d.%m.%Y",)
    for value in ("31.05.2024", "2024-05-31", "2024-05-31T00:00", pd.Timestamp("2024-05-31")):
        assert str(column.read_one(value)[0]) == "2024-05-31T00:00:00"
    for value in ("NA", "", None, "0000-00-00"):
        assert np.isnat(column.read_one(value)[0])
    for value in ("2024", "05/31/2024"):
        with pytest.raises(
            DataError, match="is no date. Dates are written as 31.05.2024 here, or as 2024-05-31."
        ):
            column.read_one(value)


def test_a_model_of_dates_in_another_form_can_be_explained_and_takes_its_typical_row():
    frame = pd.DataFrame(
        {"when": DAYS.strftime("%d.%m.%Y"), "x": np.arange(60) % 7 + 0.5, "y": ["a", "b"] * 30}
    )
    with listening(lambda _: None):
        dls = TabularDataLoaders.from_df(frame, y_names="y", seed=0)
        learn = tabular_learner(dls, layers=[4])
        typical = {c.name: c.typical for c in learn.rows.columns}
        assert learn.predict(typical)
        plan = learn.dls.plan
        made = row_shares(plan, lambda x: learn.model.eval()(*x).softmax(-1), frame.iloc[1], n_rounds=2)
    assert set(made.columns) == {"when", "x"}


def test_a_date_of_a_csv_is_that_of_a_frame_and_of_a_row():
    data = ("when,y\n" + "\n".join(f"{d:%Y%m%d},{'ab'[i % 2]}" for i, d in enumerate(DAYS))).encode()
    with listening(lambda _: None):
        block = TabularDataLoaders.from_df(read_table("t.csv", data=data), y_names="y", seed=0).rows
    assert block.columns[0].kind == "date"
    whole = block.encode_all(next(iter_table("t.csv", data=data)))[1][5]
    for value in ("20240106", 20240106, "2024-01-06", 20240106.0):
        assert block.encode({"when": value})[1].tolist() == whole.tolist()
