"""What a quote says of the reference rate and of rounding: exact, parts that are the whole, nothing invented."""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.market.quoted_costs import POINTS_MAX, Ratio
from sogdia.modules.money import asset_key
from sogdia.modules.reference.records import RATES, RateState
from tests.modules.book.stand import card
from tests.modules.market.silk_shop import DAY, PREMIUMS, accept, open_shop, quotes
from tests.modules.reference.desk import DINARS, put_in_force
from tests.refused import poke


@pytest.fixture
def shop():
    """A shop with one card: 31 fils for a dollar cent's hundredth, kept for an order."""
    ledger = open_shop()
    card(ledger, ("KWD", "USD"), (31, 100), "keeps", premiums=PREMIUMS)
    return ledger


def test_the_parts_of_a_payment_are_what_the_reference_says_the_spread_and_the_rounding(shop):
    put_in_force(shop, "3.25")

    found = quotes(shop)

    # 14,280 cents are 14,280 ÷ 3.25 = 4,393.8… fils by the reference, and 14,280 × 0.31 = 4,426.8 by the card
    assert found.reference is not None
    assert found.reference.takes == shop.asset("KWD")
    assert (found.reference.rate_state, found.reference.payment) == (RateState.OK, 4_393)
    assert found.reference.rate == Ratio(taken=4, given=13)
    for quoted in found.quotes:
        assert (quoted.payment, quoted.spread, quoted.rounding) == (4_427, 33, 1)
        assert quoted.spread_points == 75, "0.31 × 3.25 is 1.0075"
        parts = (found.reference.payment, quoted.spread, quoted.rounding)
        assert sum(each for each in parts if each is not None) == quoted.payment
    assert [each.premium for each in found.quotes] == [0, 18], "what keeping the rate costs is a part of its own"


@pytest.mark.parametrize(
    ("dinar", "spread", "points"),
    [("3.2", -36, -80), ("3.2254", -1, -1), ("3.2255", -1, 0), ("3.2258", 0, 0), ("3.2262", 0, 2), ("3.227", 1, 4)],
)
def test_a_rate_that_is_better_than_the_reference_has_a_spread_below_zero_and_points_are_rounded_up(
    shop, dinar, spread, points
):
    put_in_force(shop, dinar)

    (now, _kept) = quotes(shop).quotes

    assert (now.spread, now.spread_points) == (spread, points)


@pytest.mark.parametrize(
    ("stands", "fresh_for", "opens_in", "after"),
    [
        (RateState.OK, 100, 0, 100),
        (RateState.STALE, 100, 0, 101),
        (RateState.HALT, DAY, 100, 99),
        (RateState.OK, DAY, 100, 100),
    ],
)
def test_without_a_reference_in_force_its_state_is_told_and_no_spread(shop, stands, fresh_for, opens_in, after):
    opens_at = shop.time + opens_in if opens_in else 0
    put_in_force(shop, "3.25", fresh_for=fresh_for, opens_at=opens_at)

    found = quotes(shop, at=shop.time + after)

    assert found.reference is not None
    assert found.reference.rate_state == stands
    live = stands is RateState.OK
    assert [(each is not None) for each in (found.reference.rate, found.reference.payment)] == [live, live]
    assert [(each.spread is not None, each.spread_points is not None) for each in found.quotes] == [(live, live)] * 2
    assert [each.rounding for each in found.quotes] == [1, 1], "what rounding costs has nothing to do with it"


@pytest.mark.parametrize("reported", [False, True])
def test_what_too_few_ever_reported_has_no_reference(shop, reported):
    if reported:
        put_in_force(shop, "3.25")
        too_few = structs.replace(RATES.must(shop.state, DINARS), median=None, fresh_until=0)
        poke(shop, RATES, DINARS, too_few)

    reference = quotes(shop).reference

    assert reference is not None
    assert (reference.rate_state, reference.rate, reference.payment) == (RateState.NONE, None, None)


def test_in_the_prices_own_money_there_is_nothing_to_compare(shop):
    put_in_force(shop, "3.25")

    found = quotes(shop, "USD")

    assert found.reference is None
    assert [(each.spread, each.spread_points, each.rounding) for each in found.quotes] == [(None, None, 0)]


def test_more_than_an_amount_can_be_is_not_told(shop):
    put_in_force(shop, "1/1000")
    most = UNITS_MAX // 1_000

    told = [
        quotes(shop, asks=asset_key(shop.asset("USD")), units=units).reference for units in (most, most + 1, UNITS_MAX)
    ]

    assert [each and each.payment for each in told] == [most * 1_000, None, None]


def test_a_hundred_times_the_reference_and_more_is_told_as_that(shop):
    put_in_force(shop, 10**9)

    assert [each.spread_points for each in quotes(shop).quotes] == [POINTS_MAX, POINTS_MAX]


def test_the_rounding_of_a_path_is_that_of_all_its_steps(shop):
    card(shop, ("CNY", "USD"), (7, 9), "yuan")
    card(shop, ("KWD", "CNY"), (2, 5), "dinar")

    found = quotes(shop, asks=asset_key(shop.asset("USD")), units=14_281)
    (by_yuan,) = [each for each in found.quotes if len(each.steps) > 1]

    # ⌈14,281 × 7/9⌉ = ⌈11,107.4…⌉ fen; ⌈11,108 × 2/5⌉ = ⌈4,443.2⌉ fils; without rounding 14,281 × 14/45 = 4,442.9…
    assert [(each.payment, each.roundings, each.rounding) for each in by_yuan.steps] == [(4_444, 1, 1), (11_108, 1, 1)]
    assert (by_yuan.payment, by_yuan.rounding) == (4_444, 2)


def test_what_accepts_a_quote_is_the_same_with_any_reference_or_none(shop):
    without = [each.accept for each in quotes(shop).quotes]
    put_in_force(shop, 10**6)
    found = quotes(shop)

    assert [each.accept for each in found.quotes] == without
    assert accept(shop, 1, found).code == 0
