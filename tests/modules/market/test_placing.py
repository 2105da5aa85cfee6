"""Placing an order: what it costs to the unit, what is set aside, and what keeps an order from being placed."""

from __future__ import annotations

import pytest

from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal as Identity
from sogdia.modules.market.listings import AddVariant, ChangeOffer, ChangeStock, CloseListing
from sogdia.modules.market.orders import CancelOrder, OrderLine, PlaceOrder, SettleOrder
from sogdia.modules.market.records import LINES_MAX, Offer, OrderState, Outcome, Parts, Tier
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.money.currencies import AuthoriseHolder, FreezeHolder, OpenCurrency, SetCaps
from sogdia.modules.money.refusals import MoneyRefusal as Money
from sogdia.testing.ledger import START, Ledger
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BASKET,
    BUYER,
    BUYERS_MONEY,
    DAY,
    MERCHANT,
    PAID,
    SILK_3,
    STOCK,
    available,
    bring,
    closed_order,
    events_of,
    held,
    line,
    open_order,
    open_shop,
    order,
    order_name,
    place,
    sell,
    settled,
    stock,
    terms,
)
from tests.modules.money.issuing import at_most, impose, in_order
from tests.refused import Row, assert_refused

NOBODY = bytes(20)
DEAR = 2**53


def paid_for(ledger, offer, quantity, *, freight=0):
    """Sell goods under terms with so much freight an order, and give what a line of so many costs, by its parts."""
    ledger.must(MERCHANT, terms(ledger, "odd", freight_per_order=freight))
    sell(ledger, "goods", offer, stock=2**31 - 1, of_terms="odd")
    name = place(ledger, [OrderLine("goods", 1, quantity)])
    return line(ledger, name, 1)


# ------------------------------------------------------------------------------------------------------- stories


def test_an_order_sets_its_price_aside_and_takes_the_goods_out_of_stock(ledger):
    receipt = ledger.must(BUYER, order(ledger))

    found = open_order(ledger, order_name(ledger))
    assert (available(ledger, BUYER), held(ledger)) == (BUYERS_MONEY - PAID, PAID)
    assert (found.state, found.paid, found.lines) == (OrderState.PLACED, Parts(6_807, 1_150, 1_202), 2)
    assert found.deadline == ledger.time + 2 * DAY
    assert (stock(ledger, "silk"), stock(ledger, "bowl")) == (STOCK - 3, STOCK - 2)
    assert events_of(receipt) == ["OrderPlaced"]
    facts = receipt.events[0].lines
    assert [(each.number, each.quantity, each.parts, each.promotion) for each in facts] == [
        (1, 3, Parts(5_997, 1_066, 1_130), 0),
        (2, 2, Parts(810, 84, 72), 90),
    ]


def test_the_same_goods_may_stand_on_several_lines_and_share_the_stock(ledger):
    name = place(ledger, [OrderLine("silk", 1, 60), OrderLine("silk", 1, 40)])

    assert stock(ledger, "silk") == 0
    assert [line(ledger, name, number).quantity for number in (1, 2)] == [60, 40]


def test_an_order_may_have_as_many_lines_as_are_allowed():
    ledger = open_shop(Ledger())
    ledger.must(MERCHANT, ChangeStock(listing="silk", variant=1, by=LINES_MAX))
    ledger.fund(BUYER, 10**8)

    name = place(ledger, [OrderLine("silk", 1, 1)] * LINES_MAX)

    assert open_order(ledger, name).lines == LINES_MAX


def test_a_buyer_pays_exactly_the_most_it_is_willing_to_pay(ledger):
    ledger.must(BUYER, order(ledger, pay_at_most=PAID))

    assert held(ledger) == PAID


def test_a_buyer_may_spend_all_it_has(ledger):
    ledger.register("momo")
    ledger.fund("momo", PAID)

    place(ledger, buyer="momo")

    assert (available(ledger, "momo"), held(ledger, "momo")) == (0, PAID)


def test_orders_are_placed_in_the_money_of_the_terms(ledger):
    ledger.must(MERCHANT, terms(ledger, "kwd", asset=ledger.asset("KWD")))
    sell(ledger, "felt", Offer(price=1_001), of_terms="kwd")
    ledger.fund(BUYER, 5_000, "KWD")

    place(ledger, [OrderLine("felt", 1, 1)])

    assert (held(ledger, currency="KWD"), held(ledger, currency="USD")) == (1_701, 0)


# -------------------------------------------------------------------------------------------------------- prices


@pytest.mark.parametrize(
    ("price", "tax", "expected"),
    [
        (5, 1_000, 1),  # 0.5 is rounded up
        (4, 1_000, 0),  # 0.4 is rounded down
        (15, 1_000, 2),  # 1.5 is rounded up, not to even
        (25, 1_000, 3),  # 2.5 is rounded up, not to even
        (24, 1_000, 2),
        (10_000, 1, 1),
        (4_999, 1, 0),
        (5_000, 1, 1),
        (123, 0, 0),
        (123, 10_000, 123),
    ],
)
def test_tax_is_rounded_half_up(ledger, price, tax, expected):
    assert paid_for(ledger, Offer(price=price, tax=tax), 1).paid == Parts(price, 0, expected)


def test_tax_is_due_on_the_freight_too(ledger):
    assert paid_for(ledger, Offer(price=100, freight_per_unit=7, tax=1_000), 3, freight=9).paid == Parts(300, 30, 33)


@pytest.mark.parametrize(
    ("quantity", "price"),
    [(5, 500), (9, 900), (10, 900), (11, 990), (99, 8_910), (100, 7_000), (101, 7_070)],
)
def test_a_tier_begins_at_its_quantity(ledger, quantity, price):
    offer = Offer(price=100, minimum=5, tiers=(Tier(10, 90), Tier(100, 70)))

    assert paid_for(ledger, offer, quantity).paid == Parts(price, 0, 0)


@pytest.mark.parametrize(
    ("price", "decimals", "quantity", "expected"),
    [
        (335, 3, 1, 0),  # a third of a penny a piece
        (335, 3, 3, 1),  # 1.005
        (500, 3, 1, 1),  # 0.5 is rounded up
        (499, 3, 1, 0),
        (1_255, 1, 1, 126),  # 125.5 is rounded up
        (1_255, 1, 2, 251),  # the total is rounded, not the piece
        (1, 12, 10**9, 0),
        (1, 12, 2 * 10**9, 0),
        (250, 12, 2 * 10**9, 1),  # 0.5 is rounded up
    ],
)
def test_a_price_finer_than_a_minor_unit_is_rounded_half_up_on_the_line(ledger, price, decimals, quantity, expected):
    offer = Offer(price=price, decimals=decimals, freight_per_unit=1)
    ledger.fund(BUYER, 10**12)

    assert paid_for(ledger, offer, quantity).paid == Parts(expected, quantity, 0)


@pytest.mark.parametrize(("after", "price"), [(-1, 900), (0, 900), (1, 1_000)])
def test_a_promotion_ends_after_its_last_second(ledger, after, price):
    until = START + DAY
    ledger.must(MERCHANT, terms(ledger, "odd", freight_per_order=0))
    sell(ledger, "goods", Offer(price=500, promotion=1_000, promotion_until=until), of_terms="odd")

    ledger.must(BUYER, order(ledger, [OrderLine("goods", 1, 2)]), at=until + after)

    found = line(ledger, order_name(ledger), 1)
    assert (found.paid.price, found.promotion) == (price, 1_000 - price)


@pytest.mark.parametrize(
    ("price", "promotion", "off"),
    [(999, 1_000, 99), (1_000, 1_000, 100), (1_009, 1_000, 100), (1, 9_999, 0), (7, 3_333, 2)],
)
def test_a_promotion_is_rounded_down(ledger, price, promotion, off):
    offer = Offer(price=price, promotion=promotion, promotion_until=START + DAY)

    found = paid_for(ledger, offer, 1, freight=1)

    assert (found.paid.price, found.promotion) == (price - off, off)


def test_freight_is_shared_by_price_and_adds_up_to_the_unit(ledger):
    ledger.must(MERCHANT, terms(ledger, "odd", freight_per_order=100))
    for reference, price in (("a", 1), ("b", 1), ("c", 1)):
        sell(ledger, reference, Offer(price=price), of_terms="odd")

    name = place(ledger, [OrderLine("a", 1, 1), OrderLine("b", 1, 1), OrderLine("c", 1, 1)])

    assert [line(ledger, name, number).paid.freight for number in (1, 2, 3)] == [33, 33, 34]


def test_the_first_line_bears_the_freight_of_goods_that_are_given_away(ledger):
    ledger.must(MERCHANT, terms(ledger, "odd", freight_per_order=100))
    sell(ledger, "gift", Offer(price=5, promotion=10_000, promotion_until=START + DAY), of_terms="odd")

    name = place(ledger, [OrderLine("gift", 1, 1), OrderLine("gift", 1, 2)])

    assert [line(ledger, name, number).paid for number in (1, 2)] == [Parts(0, 100, 0), Parts(0, 0, 0)]
    assert [line(ledger, name, number).promotion for number in (1, 2)] == [5, 10]


# ------------------------------------------------------------------------------------------------------ refusals


def suspend_merchant(ledger):
    """Register a merchant that is suspended afterwards; only registered parties can be."""
    ledger.register("osh")
    ledger.must("registrar", SuspendParty(account=ledger.account("osh"), reason="Papers are missing"))


def close_bowls(ledger):
    ledger.must(MERCHANT, CloseListing(listing="bowl"))


def second_terms(ledger):
    ledger.must(MERCHANT, terms(ledger, "t2"))
    sell(ledger, "felt", Offer(price=100, minimum=5), of_terms="t2")
    sell(ledger, "rug", Offer(price=100, minimum=5))


def dear_goods(ledger):
    """Goods whose total cannot be paid, and goods whose price is beyond all bounds before the promotion."""
    for reference, offer in (
        ("gem", Offer(price=DEAR)),
        ("gift", Offer(price=DEAR, promotion=10_000, promotion_until=START + DAY)),
    ):
        sell(ledger, reference, offer, stock=2**31 - 1)


def listed_money(ledger, *holders: str):
    """Terms in money that only holders on the bank's list may have; the platform and the treasury are on it."""
    poor(ledger)
    ledger.must("bank", OpenCurrency(currency="CNY", supply_max=10**9, holder_max=10**9, by_authorisation=True))
    for who in ("momo", "platform", "treasury", *holders):
        ledger.must("bank", AuthoriseHolder(currency="CNY", account=ledger.account(who)))
    ledger.fund("momo", 800, "CNY")
    ledger.must(MERCHANT, terms(ledger, "cny", asset=ledger.asset("CNY")))
    sell(ledger, "tea", Offer(price=100), of_terms="cny")


def cap_holders(ledger, units):
    """Let nobody have more from now on; the buyer keeps what it has."""
    ledger.must("bank", SetCaps(currency="USD", supply_max=UNITS_MAX, holder_max=units))


def free_goods(ledger):
    ledger.must(MERCHANT, terms(ledger, "free", freight_per_order=0))
    sell(ledger, "gift", Offer(price=5, promotion=10_000, promotion_until=START + DAY), of_terms="free")


def freeze_buyer(ledger):
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account(BUYER), reason="Court order 17"))


def poor(ledger):
    ledger.register("momo")
    ledger.fund("momo", PAID - 1)


def foreign_money(ledger):
    """Terms in money that the buyer has none of."""
    ledger.must("bank", OpenCurrency(currency="CNY", supply_max=10**9, holder_max=10**9, by_authorisation=False))
    ledger.must(MERCHANT, terms(ledger, "cny", asset=ledger.asset("CNY")))
    sell(ledger, "tea", Offer(price=100), of_terms="cny")


def cheap(ledger, *lines: OrderLine, reference="o1", merchant=MERCHANT):
    """An order that is willing to pay nothing, so that it breaks the later rules as well."""
    return PlaceOrder(reference=reference, merchant=ledger.account(merchant), lines=lines or (SILK_3,), pay_at_most=0)


def paid_today(ledger):
    """The buyer has ordered already, and may only once a day."""
    impose(limits=at_most(PAID, 2 * PAID - 1))(ledger)
    ledger.must(BUYER, order(ledger, reference="o8"))
    cap_holders(ledger, 1)


PLACING_ROWS = [
    Row(Refuse.PARTIES_IDENTICAL, MERCHANT, lambda it: cheap(it, OrderLine("none", 9, 999))),
    Row(
        Identity.PARTY_UNKNOWN,
        BUYER,
        lambda _: PlaceOrder(reference="o1", merchant=NOBODY, lines=(OrderLine("none", 9, 999),), pay_at_most=0),
    ),
    Row(
        Identity.PARTY_SUSPENDED,
        BUYER,
        lambda it: cheap(it, OrderLine("none", 9, 999), merchant="osh"),
        before=suspend_merchant,
    ),
    Row(Refuse.ORDER_EXISTS, BUYER, lambda it: cheap(it, OrderLine("none", 9, 999)), before=place, note="open"),
    Row(Refuse.ORDER_EXISTS, BUYER, lambda it: cheap(it, OrderLine("none", 9, 999)), before=settled, note="settled"),
    Row(
        Refuse.ORDER_EXISTS,
        BUYER,
        lambda it: order(it, (SILK_3,)),
        before=lambda it: it.must(BUYER, CancelOrder(order=place(it))),
        note="cancelled",
    ),
    Row(Refuse.LISTING_UNKNOWN, BUYER, lambda it: cheap(it, OrderLine("none", 9, 999))),
    Row(Refuse.LISTING_UNKNOWN, BUYER, lambda it: cheap(it, SILK_3, OrderLine("none", 9, 999)), note="second-line"),
    Row(Refuse.LISTING_UNKNOWN, BUYER, lambda it: cheap(it, merchant="lanzhou"), note="of-another-merchant"),
    Row(Refuse.LISTING_CLOSED, BUYER, lambda it: cheap(it, OrderLine("bowl", 9, 999)), before=close_bowls),
    Row(Refuse.LISTING_CLOSED, BUYER, lambda it: cheap(it, *BASKET), before=close_bowls, note="second-line"),
    Row(
        Refuse.TERMS_DIFFER,
        BUYER,
        lambda it: cheap(it, SILK_3, OrderLine("felt", 9, 999)),
        before=second_terms,
    ),
    Row(Refuse.VARIANT_UNKNOWN, BUYER, lambda it: cheap(it, OrderLine("silk", 2, 999))),
    Row(
        Refuse.QUANTITY_BELOW_MINIMUM,
        BUYER,
        lambda it: cheap(it, OrderLine("rug", 1, 4)),
        before=second_terms,
    ),
    Row(Refuse.STOCK_INSUFFICIENT, BUYER, lambda it: cheap(it, OrderLine("silk", 1, STOCK + 1))),
    Row(
        Refuse.STOCK_INSUFFICIENT,
        BUYER,
        lambda it: cheap(it, OrderLine("silk", 1, 60), OrderLine("silk", 1, 41)),
        note="over-two-lines",
    ),
    Row(
        Refuse.TOTAL_TOO_LARGE,
        BUYER,
        lambda it: cheap(it, OrderLine("gift", 1, 2**31 - 1)),
        before=dear_goods,
        note="before-promotion",
    ),
    Row(
        Refuse.NOTHING_TO_PAY,
        BUYER,
        lambda it: cheap(it, OrderLine("gift", 1, 1)),
        before=free_goods,
    ),
    Row(
        Refuse.TOTAL_TOO_LARGE,
        BUYER,
        lambda it: cheap(it, *[OrderLine("gem", 1, 511)] * 2),
        before=dear_goods,
        note="over-two-lines",
    ),
    Row(Refuse.PRICE_ABOVE_MAXIMUM, "lanzhou", lambda it: order(it, pay_at_most=PAID - 1)),
    Row(Money.HOLDER_FROZEN, BUYER, lambda it: order(it, [OrderLine("silk", 1, STOCK)]), before=freeze_buyer),
    Row(Money.FUNDS_INSUFFICIENT, "momo", order, before=lambda it: (poor(it), cap_holders(it, 6_636))),
    Row(
        Money.FUNDS_INSUFFICIENT,
        BUYER,
        lambda it: order(it, [OrderLine("tea", 1, 1)]),
        before=foreign_money,
        note="of-this-money",
    ),
    Row(
        Money.PAYMENT_ABOVE_LIMIT,
        BUYER,
        order,
        before=in_order(impose(limits=at_most(PAID - 1)), lambda it: cap_holders(it, 6_636)),
    ),
    Row(Money.DAY_LIMIT_PASSED, BUYER, order, before=paid_today),
    Row(
        Money.HOLDER_NOT_AUTHORISED,
        "momo",
        lambda it: order(it, [OrderLine("tea", 1, 1)]),
        before=listed_money,
        note="merchant",
    ),
    Row(
        Money.HOLDER_NOT_AUTHORISED,
        "momo",
        lambda it: order(it, [OrderLine("tea", 1, 1)]),
        before=lambda it: listed_money(it, MERCHANT),
        note="carrier",
    ),
    Row(Money.HOLDER_CAP_PASSED, BUYER, order, before=lambda it: cap_holders(it, 6_636)),
]

REFUSALS = PLACING_ROWS


@table(PLACING_ROWS)
def test_an_order_is_refused(ledger, row):
    assert_refused(ledger, row)


def test_the_largest_total_that_can_be_paid_is_only_short_of_money(ledger):
    cap_holders(ledger, UNITS_MAX)
    ledger.must(MERCHANT, terms(ledger, "odd", freight_per_order=0))
    # (2^31 + 1) × (2^31 − 1) is the largest amount there can be, and one unit more is too much.
    for reference, freight in (("gem", 0), ("heavy-gem", 1)):
        sell(ledger, reference, Offer(price=2**31 + 1, freight_per_unit=freight), stock=2**31 - 1, of_terms="odd")

    within = ledger.send(BUYER, order(ledger, [OrderLine("gem", 1, 2**31 - 1)]))
    beyond = ledger.send(BUYER, order(ledger, [OrderLine("heavy-gem", 1, 2**31 - 1)]))

    assert (within.code, beyond.code) == (Money.FUNDS_INSUFFICIENT, Refuse.TOTAL_TOO_LARGE)
    assert dict(within.facts)["asked"] == UNITS_MAX


def test_payees_may_come_to_have_exactly_what_the_cap_allows(ledger):
    cap_holders(ledger, 6_637)

    name = settled(ledger)

    assert (available(ledger, MERCHANT), closed_order(ledger, name).outcome) == (6_637, Outcome.SETTLED)


def test_money_set_aside_arrives_whatever_rule_is_made_meanwhile(ledger):
    name = bring(ledger, OrderState.DELIVERED)
    cap_holders(ledger, 1)

    ledger.must(BUYER, SettleOrder(order=name))

    assert available(ledger, MERCHANT) == 6_637


def test_a_minimum_is_enough(ledger):
    second_terms(ledger)

    name = place(ledger, [OrderLine("rug", 1, 5)])

    assert line(ledger, name, 1).quantity == 5


def test_more_lines_than_are_allowed_are_no_envelope(ledger):
    too_many = order(ledger, [OrderLine("silk", 1, 1)] * (LINES_MAX + 1))

    answer = ledger.block(ledger.sign(BUYER, too_many))[0]

    assert answer.code == Kernel.ENVELOPE_MALFORMED


def test_a_price_that_changed_on_the_way_is_not_paid(ledger):
    signed = ledger.sign(BUYER, order(ledger, (SILK_3,), pay_at_most=8_900))
    ledger.must(MERCHANT, ChangeOffer(listing="silk", variant=1, offer=Offer(price=2_999)))

    receipt = ledger.block(signed)[0]

    assert receipt.code == Refuse.PRICE_ABOVE_MAXIMUM
    assert dict(receipt.facts)["at_most"] == 8_900


def test_what_one_envelope_makes_it_can_use(ledger):
    ledger.must(
        MERCHANT,
        terms(ledger, "t2"),
        AddVariant(listing="silk", variant=2, offer=Offer(price=100), stock=1),
    )

    ledger.must(BUYER, order(ledger, [OrderLine("silk", 2, 1)]), CancelOrder(order=order_name(ledger)))

    assert (available(ledger, BUYER), held(ledger)) == (BUYERS_MONEY, 0)
    assert stock(ledger, "silk", 2) == 1
