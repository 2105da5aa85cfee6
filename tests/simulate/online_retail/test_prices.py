"""Exact prices and line totals."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.simulate.online_retail.prices import (
    PENNY_E12,
    POUND_E12,
    line_total_pence,
    pence_as_text,
    price_as_text,
    price_from_text,
    whole_pence,
)


@pytest.mark.parametrize(
    ("written", "price_e12"),
    [
        ("2.55", 2_550_000_000_000),
        ("2.5", 2_500_000_000_000),
        ("2.50", 2_500_000_000_000),
        ("10", 10_000_000_000_000),
        ("0.001", 1_000_000_000),
        ("-11062.06", -11_062_060_000_000_000),
        ("0.0", 0),
        ("-0.00", 0),
    ],
)
def test_a_price_is_one_number_however_it_is_written(written, price_e12):
    assert price_from_text(written) == price_e12


@pytest.mark.parametrize(
    ("quantity", "price", "pence"),
    [
        (3, "0.10", 30),  # three tenths are not quite 0.3 in floats
        (6, "2.55", 1530),
        (1, "0.005", 1),
        (1, "0.004999999999", 0),
        (5, "0.001", 1),
        (4, "0.001", 0),
        (15, "0.001", 2),
        (14, "0.001", 1),
        (-5, "0.001", -1),
        (-4, "0.001", 0),
        (3, "1.115", 335),
        (1_000_000, "1000000", 100_000_000_000_000),
    ],
)
def test_a_line_total_rounds_half_a_penny_up_and_is_the_same_both_ways(quantity, price, pence):
    price_e12 = price_from_text(price)
    assert price_e12 is not None

    assert line_total_pence(quantity, price_e12) == pence
    assert line_total_pence(-quantity, price_e12) == -pence


@given(st.integers(-1_000_000, 1_000_000), st.integers(0, 1_000_000 * POUND_E12))
def test_a_line_total_is_never_more_than_half_a_penny_off(quantity, price_e12):
    exact = Fraction(quantity * price_e12, PENNY_E12)

    assert abs(line_total_pence(quantity, price_e12) - exact) <= Fraction(1, 2)


@given(st.integers(-1_000_000 * POUND_E12, 1_000_000 * POUND_E12))
def test_a_price_that_is_written_down_reads_back_the_same(price_e12):
    assert price_from_text(price_as_text(price_e12)) == price_e12


def test_a_price_is_written_with_two_decimals_at_least_and_no_more_than_it_needs():
    assert [price_as_text(units) for units in (2_500_000_000_000, 1_000_000_000, -POUND_E12)] == [
        "2.50",
        "0.001",
        "-1.00",
    ]


def test_a_price_finer_than_a_penny_has_no_whole_pence():
    assert whole_pence(2_550_000_000_000) == 255
    assert whole_pence(1_000_000_000) is None


def test_pence_are_shown_as_pounds():
    assert [pence_as_text(pence) for pence in (0, 5, 123_456, -99)] == ["0.00", "0.05", "1,234.56", "-0.99"]
