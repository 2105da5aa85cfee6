"""What dealers ask, worked out by hand, and from the past alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sogdia.modules.exchange.records import Premium
from sogdia.modules.exchange.refusals import ExchangeRefusal
from sogdia.simulate.payments import sources
from sogdia.simulate.payments.pricing import asked, market_asks, market_gives, minor, quoted
from sogdia.simulate.payments.rates import Series
from sogdia.simulate.payments.storms import Windows, ordinal

DAY = 86_400
MID = Fraction(34_028_004, 10**6)
STEADY = Series("CNY", "PKR", tuple(range(1, 8)), tuple(Fraction(100) + at % 2 for at in range(7)), "made by hand")
"""A rate that goes from 100 to 101 and back: moves of 10,000 and of -9,901 millionths (-9,900.99 rounded down)."""


def test_premiums_are_funding_and_the_right_to_cancel():
    found = asked(STEADY, 7, Windows())

    # (3 × 10,000² + 3 × 9,901²) / 6 = 99,014,900.5, whose root is 9,950.6: rounded up 9,951 millionths a day.
    assert found is not None
    assert found.volatility == 9_951
    # Funding at 5 % a year: 1.37, 2.74 and 13.7 basis points, rounded up. The right: 0.4 × 99.51 × √1 and √2.
    assert found.funding == (2, 3, 14)
    assert found.premiums == (Premium(DAY, 2 + 40), Premium(2 * DAY, 3 + 57), Premium(10 * DAY, 14 + 57))


def test_with_too_short_a_past_nothing_is_asked():
    assert asked(STEADY, 5, Windows()) is None
    assert asked(STEADY, 6, Windows()) is not None


def test_nobody_knows_tomorrow():
    series = sources.shipped("pkr.csv", "CNY", "PKR")
    today = ordinal("2023-01-25")
    until = series.days.index(today) + 1
    doubled = replace(series, rates=(*series.rates[:until], *(2 * rate for rate in series.rates[until:])))

    assert asked(doubled, today, Windows()) == asked(series, today, Windows())
    assert asked(doubled, today + 1, Windows()) != asked(series, today + 1, Windows())


def test_a_quote_is_dearer_than_the_mid_by_margin_and_a_quarter_of_the_volatility():
    rate = quoted(MID, 1_500, 9_951)

    # 34.028004 × (1 + 0.0015 + 0.002488) = 34.163707679952, rounded up to a pip of 10 to the minus 8.
    assert Fraction(rate.taken, rate.given) == Fraction(3_416_370_768, 10**8)


@given(some.fractions(Fraction(1, 10**9), 10**9), some.integers(0, 10**5), some.integers(0, 10**6))
def test_every_quote_is_one_that_the_ledger_takes_and_never_below_the_price(mid, margin, volatility):
    rate = quoted(mid, margin, volatility)

    price = mid * (10**6 + margin + -(-volatility // 4)) / 10**6
    assert gcd(rate.taken, rate.given) == 1, ExchangeRefusal.RATE_NOT_REDUCED
    assert 1 <= rate.taken <= 2**60
    assert 1 <= rate.given <= 2**60
    assert price <= Fraction(rate.taken, rate.given) <= price * (1 + Fraction(1, 10**9))


@given(some.integers(1, 10**12), some.fractions(Fraction(1, 10**6), 10**6))
def test_the_market_takes_its_cost_either_way(units, mid):
    assert market_gives(units, mid) <= units / (mid * Fraction(10_005, 10_000)) < market_gives(units, mid) + 1
    assert market_asks(units, mid) - 1 < units * Fraction(10_005, 10_000) / mid <= market_asks(units, mid)


@pytest.mark.parametrize(
    ("pays", "asks", "expected"),
    [
        ("PKR", "CNY", Fraction(34)),
        ("KWD", "CNY", Fraction(340)),
        ("PKR", "KWD", Fraction(34, 10)),
        ("PKR", "VND", Fraction(3_400)),
    ],
)
def test_a_rate_in_minor_units_counts_the_digits_of_both_monies(pays, asks, expected):
    assert minor(Fraction(34), pays, asks) == expected
