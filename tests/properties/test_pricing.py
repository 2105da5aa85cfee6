"""What holds for every price: shares add up, refunds in any order give back what was paid, splits lose nothing."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from sogdia.kernel.exact import half_up
from sogdia.modules.market.orders import share_freight
from sogdia.modules.market.payees import payees
from sogdia.modules.market.pricing import line_parts, price_of, refund_parts, refund_promotion
from sogdia.modules.market.records import NOTHING, Offer, Order, OrderState, Parts, Tier
from sogdia.modules.market.settlement import parts_after
from sogdia.modules.money import Asset

SMALL = st.integers(0, 100)
UNITS = SMALL | st.integers(0, 2**60)
PARTS = st.builds(Parts, UNITS, UNITS, UNITS)
BASIS_POINTS = st.sampled_from([0, 1, 333, 5_000, 9_999, 10_000]) | st.integers(0, 10_000)
ACCOUNTS = [bytes([number]) * 20 for number in range(1, 5)]


@st.composite
def offers(draw):
    """Offers whose tiers are in order."""
    price = draw(st.integers(1, 2**53) | st.integers(1, 1_000))
    minimum = draw(st.integers(1, 20))
    tiers = []
    quantity, least = minimum, price
    for _ in range(draw(st.integers(0, 8))):
        if least < 2:
            break
        quantity += draw(st.integers(1, 10))
        least = draw(st.integers(1, least - 1))
        tiers.append(Tier(quantity, least))
    return Offer(
        price=price,
        minimum=minimum,
        tiers=tuple(tiers),
        freight_per_unit=draw(SMALL),
        tax=draw(BASIS_POINTS),
        promotion=draw(BASIS_POINTS),
        promotion_until=draw(st.integers(0, 10)),
        decimals=draw(st.integers(0, 12)),
    )


@st.composite
def cut_up(draw):
    """A quantity and the pieces in which it comes back, in some order."""
    pieces = draw(st.lists(st.integers(1, 50) | st.integers(1, 2**28), min_size=1, max_size=8))
    return sum(pieces), pieces


@given(st.integers(0, 2**100), st.integers(1, 2**60))
def test_half_up_is_what_it_says(numerator, denominator):
    assert half_up(numerator, denominator) == floor(Fraction(numerator, denominator) + Fraction(1, 2))


@given(offers(), st.integers(1, 2**31 - 1) | st.integers(1, 120), st.integers(0, 20))
def test_a_price_is_the_tier_price_rounded_once_less_a_promotion_that_is_never_more_than_was_said(
    offer, quantity, time
):
    price, promotion = price_of(offer, quantity, time)

    each = [offer.price, *(tier.price for tier in offer.tiers if tier.quantity <= quantity)][-1]
    goods = Fraction(each * quantity, 10**offer.decimals)
    rounded = floor(goods + Fraction(1, 2))
    off = Fraction(rounded * offer.promotion, 10_000) if time <= offer.promotion_until else Fraction(0)
    assert (price + promotion, promotion) == (rounded, floor(off))
    assert price >= 0


@given(offers(), st.integers(1, 1_000), UNITS, UNITS)
def test_tax_is_on_price_and_freight_and_off_by_half_a_unit_at_most(offer, quantity, price, freight):
    parts = line_parts(offer, quantity, price, freight)

    assert (parts.price, parts.freight) == (price, freight + offer.freight_per_unit * quantity)
    error = parts.tax - Fraction((parts.price + parts.freight) * offer.tax, 10_000)
    assert Fraction(-1, 2) < error <= Fraction(1, 2)


@given(PARTS, UNITS, cut_up())
def test_refunds_in_any_order_sum_exactly_and_are_never_negative(paid, promotion, cut):
    quantity, pieces = cut
    total, given_up, before = NOTHING, 0, 0

    for piece in pieces:
        parts = refund_parts(paid, quantity, before, piece)
        assert min(parts.price, parts.freight, parts.tax) >= 0
        # Never more than its share, and less by one unit at most.
        for part, whole in ((parts.price, paid.price), (parts.freight, paid.freight), (parts.tax, paid.tax)):
            assert abs(part - Fraction(whole * piece, quantity)) < 1
        total = total.plus(parts)
        given_up += refund_promotion(promotion, quantity, before, piece)
        before += piece
        assert total.price <= Fraction(paid.price * before, quantity)

    assert (total, given_up) == (paid, promotion)


@given(PARTS, st.data())
def test_a_split_leaves_exactly_the_rest_and_no_part_grows(escrow, data):
    to_buyer = data.draw(st.integers(0, escrow.total()))

    left = parts_after(escrow, to_buyer)

    assert left.total() == escrow.total() - to_buyer
    assert 0 <= left.price <= escrow.price
    assert 0 <= left.freight <= escrow.freight
    assert 0 <= left.tax <= escrow.tax


@given(PARTS, st.data())
def test_a_split_takes_from_every_part_by_its_share(escrow, data):
    to_buyer = data.draw(st.integers(0, escrow.total()))

    left = parts_after(escrow, to_buyer)

    for part, whole in ((left.price, escrow.price), (left.freight, escrow.freight), (left.tax, escrow.tax)):
        fair = Fraction(whole * left.total(), max(escrow.total(), 1))
        assert abs(part - fair) <= 2


@given(st.lists(UNITS, min_size=1, max_size=20), UNITS)
def test_shares_of_the_freight_add_up_and_follow_the_prices(prices, freight):
    offer = Offer(price=1)
    lines = share_freight([((b"", number), offer, 1, price, 0) for number, price in enumerate(prices)], freight)

    assert sum(line.paid.freight for line in lines) == freight
    assert [line.paid.price for line in lines] == prices
    if sum(prices):
        for line, price in zip(lines, prices, strict=True):
            assert abs(line.paid.freight - Fraction(freight * price, sum(prices))) < 1


@given(PARTS, st.lists(st.none() | st.sampled_from(ACCOUNTS), min_size=3, max_size=3), BASIS_POINTS)
def test_payees_are_paid_all_there_is(rest, others, fee):
    carrier, tax_collector, platform = others
    order = Order(
        merchant=ACCOUNTS[0],
        asset=Asset("USD", ACCOUNTS[0]),
        carrier=carrier,
        tax_collector=tax_collector,
        platform=platform,
        platform_fee=fee,
        shares=(),
        payment=None,
        balance_due=0,
        state=OrderState.DELIVERED,
        deadline=0,
        due=0,
        lines=1,
        paid=rest,
        refunded=NOTHING,
        commitment=None,
        sponsor=ACCOUNTS[0],
        history=bytes(32),
    )

    shares = payees(order, rest)

    assert sum(units for _account, units in shares) == rest.total()
    assert len({account for account, _units in shares}) == len(shares)
    assert all(units >= 0 for _account, units in shares)
    if platform is not None and platform not in (ACCOUNTS[0], carrier, tax_collector):
        assert dict(shares)[platform] == rest.price * fee // 10_000
