"""Orders in two monies: the buyer pays dinars, the merchant gets dollars, and neither loses by the rate."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from sogdia.kernel.refusal import Broken
from sogdia.modules.exchange.cards import CloseCard
from sogdia.modules.exchange.events import LockUndone, MoneySwapped, RateLocked
from sogdia.modules.exchange.records import LOCKS, Premium
from sogdia.modules.exchange.refusals import ExchangeRefusal as Exchange
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.events import OrderClosed
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    DeclineOrder,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import ORDERS, OrderState
from sogdia.modules.market.refusals import MarketRefusal as Market
from sogdia.modules.market.returns import RefundLines
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.modules.money.currencies import FreezeHolder
from tests.modules.exchange.bureau import (
    CAPACITY,
    CUSTOMERS_DINARS,
    DEALER,
    DEALERS_DOLLARS,
    card,
    card_name,
    convert,
    digest,
    is_locked,
    lock_of,
    money_of,
    open_bureau,
    posting,
    rate_terms,
)
from tests.modules.market.at_a_rate import PAYMENT, PREMIUM, TOTAL, at_rate
from tests.modules.market.backed import sent_back
from tests.modules.market.shop import (
    BUYER,
    BUYERS_MONEY,
    DAY,
    MERCHANT,
    PAID,
    available,
    events_of,
    open_order,
    order,
    order_name,
    quantities,
    stock,
    stored,
)
from tests.refused import poke

if TYPE_CHECKING:
    from sogdia.testing.ledger import Ledger

DEALERS_REST = DEALERS_DOLLARS - CAPACITY


@pytest.fixture
def ledger(ledger):
    """The shop, and a bureau that gives the merchant's dollars for the buyer's dinars."""
    return open_bureau(ledger)


def placed(ledger: Ledger, **changes: Any) -> bytes:  # noqa: ANN401 - any field
    """Place the usual order at the card's rate; give its name."""
    ledger.must(BUYER, at_rate(ledger, **changes))
    return order_name(ledger)


def brought(ledger, state: OrderState) -> bytes:
    """Bring the usual order into a state."""
    name = placed(ledger)
    if state >= OrderState.ACCEPTED:
        ledger.must(MERCHANT, AcceptOrder(order=name))
    if state >= OrderState.SHIPPED:
        ledger.must(MERCHANT, ShipOrder(order=name))
    if state >= OrderState.DELIVERED:
        ledger.must("carrier", ConfirmDelivery(order=name))
    return name


def everybody(ledger) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What buyer and dealer have: dinars available and held, dollars available and held."""
    return money_of(ledger, BUYER), money_of(ledger, DEALER)


AS_BEFORE = ((CUSTOMERS_DINARS, 0, BUYERS_MONEY, 0), (0, 0, DEALERS_REST + PAID, CAPACITY - PAID))
"""Both sides went home; what the card gave for the order is the dealer's to spend."""

SWAPPED = (CUSTOMERS_DINARS - TOTAL, 0), (TOTAL, 0, DEALERS_REST, CAPACITY - PAID)


# ------------------------------------------------------------------------------------------------ to the settlement


def test_placing_sets_both_sides_aside(ledger):
    receipt = ledger.must(BUYER, at_rate(ledger))

    assert everybody(ledger) == (
        (CUSTOMERS_DINARS - TOTAL, TOTAL, BUYERS_MONEY, 0),
        (0, 0, DEALERS_REST, CAPACITY),
    )
    assert card(ledger).left == CAPACITY - PAID
    assert events_of(receipt) == ["RateLocked", "OrderPlaced"]
    fact = receipt.events[0]
    assert isinstance(fact, RateLocked)
    assert (fact.payment, fact.premium, fact.units) == (PAYMENT, PREMIUM, PAID)


def test_shipping_swaps_them(ledger):
    name = brought(ledger, OrderState.ACCEPTED)

    receipt = ledger.must(MERCHANT, ShipOrder(order=name))

    (buyer, dealer) = everybody(ledger)
    assert buyer == (*SWAPPED[0], BUYERS_MONEY, PAID)
    assert dealer == SWAPPED[1]
    assert not is_locked(ledger, name)
    assert receipt.events[0] == MoneySwapped(
        order=name,
        card=card_name(ledger),
        takes=ledger.asset("KWD"),
        payment=PAYMENT,
        premium=PREMIUM,
        cover_premium=0,
        cover=0,
        gives=ledger.asset(),
        units=PAID,
    )


def test_everybody_gets_exactly_what_was_agreed(ledger):
    name = brought(ledger, OrderState.DELIVERED)

    ledger.must(BUYER, SettleOrder(order=name))

    (buyer, dealer) = everybody(ledger)
    assert buyer == (*SWAPPED[0], BUYERS_MONEY, 0)
    assert dealer == SWAPPED[1]
    paid = {who: available(ledger, who) for who in (MERCHANT, "platform", "carrier", "treasury")}
    assert paid == {MERCHANT: 6_637, "platform": 170, "carrier": 1_150, "treasury": 1_202}


def test_an_order_that_nobody_looks_after_is_paid_by_its_deadlines_alone(ledger):
    brought(ledger, OrderState.SHIPPED)

    for _deadline in ("delivery", "returns"):
        ledger.wait(46 * DAY)

    assert available(ledger, MERCHANT) == 6_637
    assert everybody(ledger)[1] == SWAPPED[1]


def test_returns_after_the_goods_have_left_are_in_the_merchants_money(ledger):
    name = brought(ledger, OrderState.DELIVERED)

    sent_back(ledger, name, (1, 3), cause=Cause.REMORSE)

    assert everybody(ledger)[0] == (*SWAPPED[0], BUYERS_MONEY + 8_193, PAID - 8_193)


def test_a_split_is_of_the_merchants_money(ledger):
    name = brought(ledger, OrderState.DELIVERED)

    ledger.must(BUYER, ProposeSplit(order=name, to_buyer=1_000))
    ledger.must(MERCHANT, AcceptSplit(order=name, to_buyer=1_000))

    assert everybody(ledger)[0] == (*SWAPPED[0], BUYERS_MONEY + 1_000, 0)


def test_converting_and_ordering_at_once_is_one_step(ledger):
    """The swap now: what the buyer converts is the order's escrow in the same envelope, or nothing happens."""
    refused = ledger.send(BUYER, convert(ledger, PAID), order(ledger, pay_at_most=PAID - 1))
    assert money_of(ledger, BUYER) == (CUSTOMERS_DINARS, 0, BUYERS_MONEY, 0)

    ledger.must(BUYER, convert(ledger, PAID), order(ledger, pay_at_most=PAID))

    assert refused.code == Market.PRICE_ABOVE_MAXIMUM
    assert money_of(ledger, BUYER) == (CUSTOMERS_DINARS - PAYMENT, 0, BUYERS_MONEY, PAID)
    ledger.must(BUYER, CancelOrder(order=order_name(ledger)))
    assert money_of(ledger, BUYER) == (CUSTOMERS_DINARS - PAYMENT, 0, BUYERS_MONEY + PAID, 0)


# --------------------------------------------------------------------------------------------- back before the goods


@pytest.mark.parametrize(
    ("state", "end"),
    [
        (OrderState.PLACED, lambda it, name: it.must(MERCHANT, DeclineOrder(order=name))),
        (OrderState.ACCEPTED, lambda it, name: it.must(MERCHANT, DeclineOrder(order=name))),
        (OrderState.PLACED, lambda it, _name: it.wait(2 * DAY + 1)),
        (OrderState.ACCEPTED, lambda it, _name: it.wait(7 * DAY + 1)),
        (
            OrderState.ACCEPTED,
            lambda it, name: (
                it.must(MERCHANT, RefundLines(order=name, lines=quantities((1, 3), (2, 2)))),
                it.must(MERCHANT, DeclineOrder(order=name)),
            ),
        ),
    ],
    ids=["declined", "declined-once-accepted", "not-accepted", "not-shipped", "refunded-whole"],
)
def test_whatever_else_ends_it_costs_the_buyer_nothing(ledger, state, end):
    before = stored(ledger)
    name = brought(ledger, state)

    end(ledger, name)

    assert everybody(ledger) == AS_BEFORE
    assert not is_locked(ledger, name)
    assert (stock(ledger, "silk"), stock(ledger, "bowl")) == (100, 100)
    assert stored(ledger) == before + 500


@pytest.mark.parametrize(
    ("after", "owed"),
    [(0, 15), (DAY, 15), (DAY + 1, PREMIUM), (2 * DAY, PREMIUM)],
    ids=["at-once", "a-day", "more", "most"],
)
def test_a_buyer_who_takes_it_back_pays_for_the_time(ledger, after, owed):
    name = placed(ledger)

    receipt = ledger.must(BUYER, CancelOrder(order=name), at=ledger.time + after)

    assert everybody(ledger) == (
        (CUSTOMERS_DINARS - owed, 0, BUYERS_MONEY, 0),
        (owed, 0, DEALERS_REST + PAID, CAPACITY - PAID),
    )
    undone, closed = receipt.events[:2]
    assert undone == LockUndone(
        order=name,
        card=card_name(ledger),
        takes=ledger.asset("KWD"),
        payment_back=TOTAL - owed,
        owed=owed,
        gives=ledger.asset(),
        units=PAID,
        merchant=ledger.account(MERCHANT),
        from_bond=0,
    )
    assert isinstance(closed, OrderClosed)
    assert closed.payouts == ()


def test_no_premium_is_owed_where_none_was_asked(ledger):
    free = rate_terms(ledger, premiums=(Premium(10 * DAY, 0),))
    ledger.must(DEALER, posting(ledger, "free", rates=free))
    name = placed(ledger, card=card_name(ledger, "free"), digest=digest(ledger, "free"), pay_at_most=PAYMENT)

    ledger.must(BUYER, CancelOrder(order=name))

    assert money_of(ledger, BUYER)[:2] == (CUSTOMERS_DINARS, 0)


def test_declined_lines_go_back_in_the_money_that_was_paid(ledger):
    name = placed(ledger)

    ledger.must(MERCHANT, AcceptOrder(order=name, declined=(2,)))

    back = 2_972 + 11
    assert everybody(ledger) == (
        (CUSTOMERS_DINARS - TOTAL + back, TOTAL - back, BUYERS_MONEY, 0),
        (0, 0, DEALERS_REST + 966, CAPACITY - 966),
    )
    assert lock_of(ledger, name).undone == 966


@pytest.mark.parametrize("order_of_parts", sorted(set(permutations([(1, 1), (1, 2), (2, 1), (2, 1)]))))
def test_refunds_in_any_order_before_and_after_the_goods_leave(ledger, order_of_parts):
    """Two parts go back before the goods leave, two after; the dealer never gets less than its rate."""
    name = brought(ledger, OrderState.ACCEPTED)
    early, late = order_of_parts[:2], order_of_parts[2:]

    for part in early:
        ledger.must(MERCHANT, RefundLines(order=name, lines=quantities(part)))
    kept = PAID - open_order(ledger, name).refunded.total()
    ledger.must(MERCHANT, ShipOrder(order=name))
    ledger.must(BUYER, ConfirmDelivery(order=name))
    for part in late:
        sent_back(ledger, name, part, cause=Cause.REMORSE)

    (buyer, dealer) = everybody(ledger)
    paid = CUSTOMERS_DINARS - buyer[0]
    assert buyer == (CUSTOMERS_DINARS - paid, 0, BUYERS_MONEY + kept, 0)
    assert dealer == (paid, 0, DEALERS_REST + PAID - kept, CAPACITY - PAID)
    assert paid == TOTAL - (PAYMENT * (PAID - kept) // PAID) - (PREMIUM * (PAID - kept) // PAID)
    assert paid * 1_000 >= kept * 3_077


# ------------------------------------------------------------------------------------------------- whatever happens


@pytest.mark.parametrize(("who", "currency"), [(BUYER, "KWD"), (BUYER, "USD"), (DEALER, "KWD"), (DEALER, "USD")])
@pytest.mark.parametrize("state", [OrderState.PLACED, OrderState.ACCEPTED, OrderState.SHIPPED])
def test_a_freeze_stops_no_trade_that_is_under_way(ledger, who, currency, state):
    name = brought(ledger, state)
    ledger.must("bank", FreezeHolder(currency=currency, account=ledger.account(who), reason="Court order 17"))

    if state < OrderState.ACCEPTED:
        ledger.must(MERCHANT, AcceptOrder(order=name))
    if state < OrderState.SHIPPED:
        ledger.must(MERCHANT, ShipOrder(order=name))
    ledger.must("carrier", ConfirmDelivery(order=name))
    ledger.must(BUYER, SettleOrder(order=name))

    assert available(ledger, MERCHANT) == 6_637
    assert everybody(ledger)[1] == SWAPPED[1]


def test_a_card_that_is_closed_keeps_the_rates_it_has_promised(ledger):
    name = brought(ledger, OrderState.ACCEPTED)

    ledger.must(DEALER, CloseCard(card="usd"))
    ledger.must(MERCHANT, ShipOrder(order=name))

    assert everybody(ledger) == (
        (*SWAPPED[0], BUYERS_MONEY, PAID),
        (TOTAL, 0, DEALERS_DOLLARS - PAID, 0),
    )


@pytest.mark.parametrize(
    ("longest", "code"),
    [(9 * DAY + 3_600, 0), (9 * DAY + 3_599, Exchange.LOCK_TOO_LONG)],
    ids=["just", "a-second-less"],
)
def test_a_lock_outlives_the_time_for_shipping_by_the_margin(ledger, longest, code):
    terms = rate_terms(ledger, premiums=(Premium(longest, 40),))
    ledger.must(DEALER, posting(ledger, "two", rates=terms))

    asked = at_rate(ledger, card=card_name(ledger, "two"), digest=digest(ledger, "two"))

    assert ledger.send(BUYER, asked).code == code


def test_a_buyer_without_the_merchants_money_can_order(ledger):
    ledger.register("momo")
    ledger.fund("momo", TOTAL, "KWD")

    ledger.must("momo", at_rate(ledger))

    assert money_of(ledger, "momo") == (0, TOTAL, 0, 0)


# ------------------------------------------------------------------------------------------------------- invariants


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"undone": 1}, "does not match what is set aside"),
        ({"payment": PAYMENT + 1}, "does not match what is set aside"),
        ({"premium": PREMIUM - 1}, "does not match what is set aside"),
        ({"undone": PAID}, "of which nothing is left"),
    ],
)
def test_a_lock_that_holds_another_amount_is_noticed(ledger, change, what):
    name = placed(ledger)
    poke(ledger, LOCKS, name, structs.replace(lock_of(ledger, name), **change))

    with pytest.raises(Broken, match=what):
        ledger.machine.check_invariants(ledger.state)


def test_a_lock_of_one_money_is_noticed(ledger):
    name = placed(ledger)
    poke(ledger, LOCKS, name, structs.replace(lock_of(ledger, name), takes=ledger.asset()))

    with pytest.raises(Broken, match="of one money"):
        ledger.machine.check_invariants(ledger.state)


def test_a_lock_with_oneself_is_noticed(ledger):
    name = placed(ledger)
    poke(ledger, LOCKS, name, structs.replace(lock_of(ledger, name), card=name))

    with pytest.raises(Broken, match="with oneself"):
        ledger.machine.check_invariants(ledger.state)


@pytest.mark.parametrize("state", [OrderState.SHIPPED, OrderState.DELIVERED])
def test_a_lock_that_its_order_does_not_need_is_noticed(ledger, state):
    name = placed(ledger)
    poke(ledger, ORDERS, name, structs.replace(open_order(ledger, name), state=int(state)))

    with pytest.raises(Broken):
        ledger.machine.check_invariants(ledger.state)


def test_a_lock_without_its_order_is_noticed(ledger):
    name = placed(ledger)
    poke(ledger, LOCKS, name + b"x", lock_of(ledger, name))

    with pytest.raises(Broken):
        ledger.machine.check_invariants(ledger.state)
