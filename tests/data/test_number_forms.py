"""Numbers as people write them, against values written by hand."""

import math

import pytest

from tipoff.data.numbers import PLAIN, NumberForm, find_form

MINUS, NARROW = "\u2212", "\u202f"


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["52,000", "1,200", "950"], [52000, 1200, 950]),
        (["$52,000.10", "$3", "-$4.50"], [52000.1, 3, -4.5]),
        (["£47.27", "£1,047.00"], [47.27, 1047]),
        (["52 000", f"1{NARROW}200,5"], [52000, 1200.5]),
        (["CHF 1'200.50", "CHF 3"], [1200.5, 3]),
        (["12.5%", "3 %", "0"], [0.125, 0.03, 0]),
        (["50.1 kg", "3kg", "0"], [50.1, 3, 0]),
        (["36 months", "60 months"], [36, 60]),
        (["12,50", "3,1", "-"], [12.5, 3.1, math.nan]),
        (["1.355,90 €", "12 €"], [1355.9, 12]),
        (["(987)", "5"], [-987, 5]),
        (["987-", "5"], [-987, 5]),
        ([f"{MINUS}987", "5"], [-987, 5]),
        (["950", "1.200"], [950, 1200]),
        (["1.234.567", "12.345"], [1234567, 12345]),
        (["€ 1.234", "€ 950"], [1234, 950]),
        (["1,23,456", "5,000"], [123456, 5000]),
        (["1.5", "1.200", "950"], [1.5, 1.2, 950]),
        (["1.234", "5.678"], [1.234, 5.678]),
        (["1e-3", "2.5"], [0.001, 2.5]),
    ],
)
def test_a_column_of_numbers_is_read_in_its_form(cells, values):
    form = find_form(cells)
    assert form is not None
    assert [form.read(c) for c in cells] == pytest.approx(values, nan_ok=True)


@pytest.mark.parametrize(
    "cells",
    [
        ["A1", "A2"],
        ["Q1"],
        ["1.2.3"],
        ["12:30"],
        ["0123", "5"],
        ["31 May", "30 Apr"],
        ["12 Main St", "13 Oak"],
        ["5 kg", "11 lb"],
        ["$5", "€5"],
        ["12%", "3"],
        ["(987)", "(12)"],
        ["1,2,3"],
        ["192.168.1.1"],
        ["10-20"],
        ["+49 30 123"],
        ["2024-05-31"],
        ["NA", "-"],
        ["1_000"],
        ["0x10"],
        [],
    ],
)
def test_codes_words_and_mixed_units_are_no_numbers(cells):
    assert find_form(cells) is None


def test_where_both_are_possible_the_file_decides():
    assert find_form(["1,234", "5,678"]).read("1,234") == 1234
    assert find_form(["1,234", "5,678"], decimal=",").read("1,234") == 1.234
    assert find_form(["950", "1.234"]).read("1.234") == 1.234
    assert find_form(["950", "1.234"], decimal=",").read("1.234") == 1234


@pytest.mark.parametrize(
    ("text", "value"),
    [("8", 8), (" 1.5 ", 1.5), ("£47.27", 47.27), ("1,234.50", 1234.5), ("1.234.567", 1234567), ("(5)", -5), ("inf", math.inf)],
)  # fmt: skip
def test_a_number_that_can_mean_one_thing_only_is_read_by_a_plain_column(text, value):
    assert PLAIN.read(text) == value


@pytest.mark.parametrize("text", ["1,234", "12.5%", "5 kg", "1_000", "0x10", "5 5", "twelve", "1.2.3"])
def test_what_could_mean_two_things_is_refused(text):
    with pytest.raises(ValueError):
        PLAIN.read(text)


def test_a_column_of_prices_takes_no_other_currency():
    prices = NumberForm(unit="£", thousands=",")
    assert prices.read("1,047") == prices.read("1047") == 1047
    with pytest.raises(ValueError):
        prices.read("$1,047")
