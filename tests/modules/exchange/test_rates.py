"""The arithmetic of the exchange: worked examples, and what holds for all numbers."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, gcd

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sogdia.kernel.exact import common_divisor, down, half_up, share, up
from sogdia.kernel.refusal import Refused
from sogdia.modules.exchange.rates import part_back, payment_for, premium_for, premium_points, rate_for, units_for
from sogdia.modules.exchange.records import Premium, Rate, RateTerms, Tier
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse

UNITS = some.integers(1, 10**15)
PARTS = some.integers(1, 10**9)


@given(UNITS, PARTS)
def test_each_rounding_is_what_its_name_says(numerator, denominator):
    exact = Fraction(numerator, denominator)

    assert down(numerator, denominator) == exact // 1
    assert up(numerator, denominator) == ceil(exact)
    assert half_up(numerator, denominator) == (exact + Fraction(1, 2)) // 1


@given(some.integers(1, 2**53), some.integers(1, 2**53))
def test_the_common_divisor_is_the_one_of_arithmetic(one, other):
    assert common_divisor(one, other) == gcd(one, other)


@pytest.mark.parametrize(
    ("taken", "given_", "units", "payment"),
    [
        pytest.param(413_173, 10_000, 125_000, 5_164_663, id="1,250.00 CNY at 41.3173 rupees"),
        pytest.param(21_729, 10_000, 12_345, 26_825, id="12.345 dinars at 21.7290 yuan a dinar, fils to fen"),
        pytest.param(25, 967, 386_800, 10_000, id="386,800 dong at 3,868 a yuan"),
        pytest.param(1, 1, 1, 1, id="one for one"),
    ],
)
def test_worked_payments(taken, given_, units, payment):
    assert payment_for(Rate(taken, given_), units) == payment


@pytest.mark.parametrize(
    ("payment", "points", "premium"), [(5_164_663, 5, 2_583), (10_000, 1, 1), (10_001, 1, 2), (7, 0, 0)]
)
def test_a_premium_is_rounded_up(payment, points, premium):
    assert premium_for(payment, points) == premium


def test_a_cheap_money_is_not_bought_one_unit_at_a_time_with_a_dear_one():
    with pytest.raises(Refused) as refused:
        payment_for(Rate(25, 967), 1)

    assert refused.value.code == Refuse.ROUNDING_TOO_LARGE


@pytest.mark.parametrize(
    ("rate", "units", "payment"),
    [
        pytest.param(Rate(100, 101), 1, 1, id="a hundredth is added"),
        pytest.param(Rate(1_000, 1_011), 1, None, id="a little more than a hundredth"),
        pytest.param(Rate(1_000, 1_011), 100, 99, id="a hundred at once"),
    ],
)
def test_rounding_may_add_a_hundredth_and_no_more(rate, units, payment):
    if payment is None:
        with pytest.raises(Refused):
            payment_for(rate, units)
    else:
        assert payment_for(rate, units) == payment


def test_a_payment_that_cannot_exist_is_refused():
    with pytest.raises(Refused) as refused:
        payment_for(Rate(2**53, 1), 2**53)

    assert refused.value.code == Refuse.PAYMENT_TOO_LARGE


@given(PARTS, PARTS, UNITS)
def test_a_provider_never_gets_less_than_its_rate_nor_a_unit_more(taken, given_, units):
    divisor = gcd(taken, given_)
    rate = Rate(taken // divisor, given_ // divisor)
    try:
        payment = payment_for(rate, units)
    except Refused:
        return
    exact = Fraction(units * rate.taken, rate.given)

    assert exact <= payment < exact + 1
    assert payment <= exact * Fraction(101, 100)


@pytest.mark.parametrize(("units", "taken"), [(100, 3), (999, 3), (1_000, 2), (5_000, 2)])
def test_the_rate_is_that_of_the_highest_tier_reached(units, taken):
    terms = RateTerms(tiers=(Tier(100, Rate(3, 1)), Tier(1_000, Rate(2, 1))), most=5_000, premiums=(), valid_until=0)

    assert rate_for(terms, units).taken == taken


@pytest.mark.parametrize(
    ("payment", "units"),
    [(0, 0), (299, 0), (300, 100), (301, 100), (1_999, 666), (2_000, 1_000), (10_000, 5_000), (99_999, 5_000)],
)
def test_what_a_payment_suffices_for(payment, units):
    terms = RateTerms(tiers=(Tier(100, Rate(3, 1)), Tier(1_000, Rate(2, 1))), most=5_000, premiums=(), valid_until=0)

    found = units_for(terms, payment)

    assert found == units
    assert not found or payment_for(rate_for(terms, found), found) <= payment


@pytest.mark.parametrize(("seconds", "points"), [(0, 5), (60, 5), (61, 9), (3_600, 9), (3_601, None)])
def test_a_premium_is_that_of_the_shortest_time_that_suffices(seconds, points):
    assert premium_points((Premium(60, 5), Premium(3_600, 9)), seconds) == points


def test_forty_of_a_hundred_go_back_and_the_rest_is_exact():
    payment = 5_164_663

    back = part_back(payment, 125_000, 0, 50_000)

    assert back == 2_065_865
    assert payment - back == 3_098_798
    assert Fraction(3_098_798, 75_000) >= Fraction(413_173, 10_000)


@given(UNITS, some.lists(some.integers(1, 1_000), min_size=1, max_size=20), some.randoms(use_true_random=False))
def test_parts_in_any_order_and_fraction_are_the_whole(payment, steps, chance):
    chance.shuffle(steps)
    units, undone, paid = sum(steps), 0, 0
    for step in steps:
        paid += part_back(payment, units, undone, step)
        undone += step
        assert paid == share(payment, undone, units)

    assert paid == payment


SMALL_RATES = some.tuples(some.integers(1, 999), some.integers(1, 999))


@given(some.integers(1, 10**6), some.lists(SMALL_RATES, min_size=3, max_size=3))
def test_no_more_units_are_had_for_a_payment_than_it_pays_for_and_one_more_would_be_too_many(payment, rates):
    """Also where a later tier is dearer than the one before it."""
    tiers = tuple(Tier(units, Rate(*rate)) for units, rate in zip((1, 50, 500), rates, strict=True))
    terms = RateTerms(tiers=tiers, most=2_000, premiums=(), valid_until=1)

    def price(units: int) -> Fraction:
        rate = rate_for(terms, units)
        return Fraction(units * rate.taken, rate.given)

    units = units_for(terms, payment)

    assert units == max((each for each in range(1, 2_001) if price(each) <= payment), default=0)
