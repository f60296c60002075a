"""Elapsed times against fastai's definition, row by row."""

import numpy as np
import pandas as pd
import pytest

from tipoff.errors import DataError
from tipoff.tabular import add_elapsed_times


def shops(seed: int = 0) -> pd.DataFrame:
    r = np.random.default_rng(seed)
    df = pd.DataFrame(
        [(s, d) for s in "abc" for d in pd.date_range("2013-01-01", periods=40)], columns=["shop", "day"]
    )
    df = df.sample(frac=0.7, random_state=seed).reset_index(drop=True)
    return df.assign(promo=r.random(len(df)) < 0.2, holiday=(r.random(len(df)) < 0.1).astype(int))


def by_hand(df: pd.DataFrame, name: str) -> pd.DataFrame:
    """After, before and the sums over seven rows, by loops."""
    out = pd.DataFrame(index=df.index, columns=["After", "Before", "_bw", "_fw"], dtype=float)
    for _, shop in df.groupby("shop"):
        for first, ahead, total in (("After", True, "_bw"), ("Before", False, "_fw")):
            last, seen = None, []
            for i in shop.sort_values("day", ascending=ahead).index:
                event, day = bool(df[name][i]), df.day[i]
                last = day if event else last
                seen.append(event)
                out.loc[i, first] = 0 if last is None else (day - last).days
                out.loc[i, total] = sum(seen[-7:])
    return out


def test_each_row_has_what_the_loops_give():
    df = shops()
    made = add_elapsed_times(df, ["promo", "holiday"], "day", "shop")
    for name in ("promo", "holiday"):
        want = by_hand(df, name)
        got = made[[f"After{name}", f"Before{name}", f"{name}_bw", f"{name}_fw"]].to_numpy(dtype=float)
        assert np.array_equal(got, want.to_numpy())


def test_columns_are_fastais_and_the_frame_stays_as_it_is():
    df = shops()
    before = df.copy()
    made = add_elapsed_times(df, ["promo", "holiday"], "day", "shop")
    pd.testing.assert_frame_equal(df, before)
    assert list(made.columns) == ["shop", "day", "promo", "holiday", "Afterpromo", "Afterholiday", "Beforepromo",
                                  "Beforeholiday", "promo_bw", "holiday_bw", "promo_fw", "holiday_fw"]  # fmt: skip
    assert made.holiday.dtype == bool and len(made) == len(df)


def test_rows_of_the_same_day_stay_as_many_as_they_are():
    df = pd.DataFrame({"day": ["2024-01-01"] * 3, "shop": 1, "sale": [0, 1, 0]})
    assert len(add_elapsed_times(df, "sale", "day", "shop")) == 3


def test_new_rows_beside_known_ones_are_as_in_one_table():
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=90)
    frame = pd.DataFrame({"day": np.tile(days, 2), "shop": np.repeat([1, 2], 90)})
    frame["sale"] = rng.random(180) < 0.1
    whole = add_elapsed_times(frame, "sale", "day", "shop")
    is_new = (frame.day > days[70]).to_numpy() & (frame.day <= days[75])
    new = frame[is_new].assign(day=lambda f: f.day.dt.strftime("%d.%m.%Y"))
    made = add_elapsed_times(new, "sale", "day", "shop", known=frame[~is_new])
    pd.testing.assert_frame_equal(made, whole[is_new], check_dtype=False)


def test_known_rows_without_a_column_are_refused():
    frame = pd.DataFrame({"day": ["2024-05-01"], "shop": [1], "sale": [0]})
    with pytest.raises(DataError, match="The known rows lack the column 'sale'"):
        add_elapsed_times(frame, "sale", "day", "shop", known=frame.drop(columns="sale"))
