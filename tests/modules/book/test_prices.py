"""Prices are exact, written in one way, and their ranks have their order."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sogdia.kernel.refusal import Refused
from sogdia.modules.book.prices import (
    DIGITS_MAX,
    PLACES_MAX,
    Price,
    base_down,
    base_up,
    check_price,
    is_worth,
    quote_down,
    quote_up,
    rank_of,
)
from sogdia.modules.book.refusals import BookRefusal as Refuse

prices = some.builds(Price, some.integers(1, 10**DIGITS_MAX - 1), some.integers(0, PLACES_MAX))


def worth(price: Price) -> Fraction:
    return Fraction(price.digits, 10**price.places)


@given(prices, prices)
def test_ranks_have_the_order_of_prices(one, other):
    assert (rank_of(one) < rank_of(other)) == (worth(one) < worth(other))
    assert (rank_of(one) == rank_of(other)) == (worth(one) == worth(other))


@pytest.mark.parametrize("price", [Price(1, PLACES_MAX), Price(10**DIGITS_MAX - 1, 0), Price(1, 0)])
def test_the_bounds_have_ranks_of_six_bytes(price):
    assert 0 < rank_of(price) < 256**6


@given(prices, some.integers(0, 2**62))
def test_each_rounding_goes_the_way_that_its_name_says(price, units):
    exact = units * worth(price)
    assert quote_down(price, units) <= exact <= quote_up(price, units)
    assert quote_up(price, units) - quote_down(price, units) == (exact.denominator != 1)
    bought = units / worth(price)
    assert base_down(price, units) <= bought <= base_up(price, units)
    assert base_up(price, units) - base_down(price, units) == (bought.denominator != 1)


def test_a_price_is_written_in_one_way_only():
    check_price(Price(413_173, 4))
    check_price(Price(4_130, 0))
    with pytest.raises(Refused) as refused:
        check_price(Price(4_130, 3))
    assert refused.value.code == Refuse.PRICE_NOT_SHORTEST


def test_prices_of_the_notes_are_exact():
    assert quote_up(Price(413_173, 4), 125_000) == 5_164_663
    assert quote_up(Price(21_729, 4), 12_345) == 26_825
    assert base_down(Price(3_868, 2), 38_680_000) == 10**6


@pytest.mark.parametrize(
    ("at", "units", "enough"),
    [("1", 100, True), ("1", 99, False), ("0.5", 199, False), ("0.5", 200, True), ("1000", 99, False)],
)
def test_an_offer_is_worth_a_hundred_units_of_both(at, units, enough):
    whole, _point, places = at.partition(".")
    assert is_worth(Price(int(whole + places), len(places)), units) == enough
