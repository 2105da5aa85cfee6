"""An order's life from accepted to settled, and the ways in which it is called off: who ends with what, to the unit."""

from __future__ import annotations

import pytest

from sogdia.modules.identity import Role
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.market.listings import AddVariant, CloseListing
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    DeclineOrder,
    OrderLine,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.queries import OrderLinesQuery
from sogdia.modules.market.records import LINES, Offer, OrderState, Outcome, Parts
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import RefundLines
from sogdia.testing.ledger import Ledger
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BUYER,
    BUYERS_MONEY,
    DAY,
    MERCHANT,
    PAID,
    STOCK,
    available,
    bring,
    brought_to,
    closed_order,
    events_of,
    held,
    line,
    listing,
    money,
    open_order,
    open_shop,
    order,
    order_name,
    place,
    quantities,
    settled,
    state_of,
    stock,
    terms,
)
from tests.refused import Row, assert_refused

STATES = tuple(state for state in OrderState if state <= OrderState.CONTESTED)
"""The states into which operations bring an order."""

# ------------------------------------------------------------------------------------------------------- stories


def test_a_settled_order_pays_everybody_to_the_unit(ledger):
    name = place(ledger)

    accepted = ledger.must(MERCHANT, AcceptOrder(order=name))
    assert (state_of(ledger, name), open_order(ledger, name).deadline) == (OrderState.ACCEPTED, ledger.time + 7 * DAY)
    shipped = ledger.must(MERCHANT, ShipOrder(order=name, commitment=b"\x11" * 32))
    assert (state_of(ledger, name), open_order(ledger, name).deadline) == (OrderState.SHIPPED, ledger.time + 45 * DAY)
    delivered = ledger.must("carrier", ConfirmDelivery(order=name))
    found = open_order(ledger, name)
    assert (found.state, found.deadline) == (OrderState.DELIVERED, ledger.time + 14 * DAY)
    assert (found.return_until, found.delivery_confirmed) == (found.deadline, True)
    assert held(ledger) == PAID
    receipt = ledger.must(BUYER, SettleOrder(order=name))

    assert money(ledger) == {
        BUYER: BUYERS_MONEY - PAID,
        MERCHANT: 6_637,
        "platform": 170,
        "carrier": 1_150,
        "treasury": 1_202,
    }
    assert held(ledger) == 0
    closed = closed_order(ledger, name)
    assert (closed.outcome, closed.paid, closed.refunded) == (
        Outcome.SETTLED,
        Parts(6_807, 1_150, 1_202),
        Parts(0, 0, 0),
    )
    assert (closed.lines, closed.closed_at) == (2, ledger.time)
    assert [events_of(each) for each in (accepted, shipped, delivered, receipt)] == [
        ["OrderAccepted"],
        ["OrderShipped"],
        ["OrderDelivered"],
        ["OrderClosed", "OrderDigested"],
    ]
    assert shipped.events[0].commitment == b"\x11" * 32
    assert delivered.events[0].confirmed_by == ledger.account("carrier")
    assert {each.account: each.units for each in receipt.events[0].payouts} == {
        ledger.account(who): units
        for who, units in ((MERCHANT, 6_637), ("platform", 170), ("carrier", 1_150), ("treasury", 1_202))
    }


def test_the_lines_leave_the_state_when_an_order_is_closed(ledger):
    name = settled(ledger)

    assert state_of(ledger, name) is None
    assert [LINES.find(ledger.state, (name, number)) for number in (1, 2)] == [None, None]
    assert OrderLinesQuery(name=name).answer(ledger.state) == []


def test_sold_goods_do_not_come_back_into_stock(ledger):
    settled(ledger)

    assert (stock(ledger, "silk"), stock(ledger, "bowl")) == (STOCK - 3, STOCK - 2)


def test_the_buyer_may_confirm_delivery_itself(ledger):
    name = bring(ledger, OrderState.SHIPPED)

    receipt = ledger.must(BUYER, ConfirmDelivery(order=name))

    assert receipt.events[0].confirmed_by == ledger.account(BUYER)
    assert open_order(ledger, name).delivery_confirmed


def test_without_a_carrier_the_merchant_has_the_freight_and_the_buyer_confirms():
    ledger = open_shop(Ledger(), carrier=None, platform=None, tax_collector=None)
    name = bring(ledger, OrderState.SHIPPED)

    ledger.must(BUYER, ConfirmDelivery(order=name), SettleOrder(order=name))

    assert money(ledger) == {BUYER: BUYERS_MONEY - PAID, MERCHANT: PAID, "platform": 0, "carrier": 0, "treasury": 0}


@pytest.mark.parametrize(("fee", "platform"), [(0, 0), (1, 0), (250, 170), (10_000, 6_807)])
def test_the_platform_has_its_share_of_the_price_rounded_down(fee, platform):
    ledger = open_shop(Ledger(), platform_fee=fee)

    settled(ledger)

    assert (available(ledger, "platform"), available(ledger, MERCHANT)) == (platform, 6_807 - platform)


def test_one_party_may_be_paid_for_several_things():
    ledger = Ledger()
    ledger.register("osh", roles=Role.CARRIER | Role.PLATFORM)
    open_shop(ledger, carrier=ledger.account("osh"), platform=ledger.account("osh"))
    name = bring(ledger, OrderState.SHIPPED)

    receipt = ledger.must(BUYER, ConfirmDelivery(order=name), SettleOrder(order=name))

    assert available(ledger, "osh") == 170 + 1_150
    assert len(receipt.events[1].payouts) == 3


def test_a_buyer_that_is_its_own_carrier_gets_the_freight_back():
    ledger = Ledger()
    ledger.register("osh", roles=Role.CARRIER)
    open_shop(ledger, carrier=ledger.account("osh"))
    ledger.fund("osh", PAID)
    name = place(ledger, buyer="osh")
    ledger.must(MERCHANT, AcceptOrder(order=name), ShipOrder(order=name))

    ledger.must("osh", ConfirmDelivery(order=name), SettleOrder(order=name))

    assert (available(ledger, "osh"), held(ledger, "osh")) == (1_150, 0)


def test_a_cancelled_order_gives_money_and_goods_back(ledger):
    name = place(ledger)

    receipt = ledger.must(BUYER, CancelOrder(order=name))

    assert money(ledger) == {BUYER: BUYERS_MONEY, MERCHANT: 0, "platform": 0, "carrier": 0, "treasury": 0}
    assert (stock(ledger, "silk"), stock(ledger, "bowl"), held(ledger)) == (STOCK, STOCK, 0)
    closed = closed_order(ledger, name)
    assert (closed.outcome, closed.refunded) == (Outcome.CANCELLED, closed.paid)
    assert [(each.account, each.units) for each in receipt.events[0].payouts] == [(ledger.account(BUYER), PAID)]


@pytest.mark.parametrize("state", [OrderState.PLACED, OrderState.ACCEPTED])
def test_a_declined_order_gives_money_and_goods_back(ledger, state):
    name = bring(ledger, state)

    ledger.must(MERCHANT, DeclineOrder(order=name))

    assert (available(ledger, BUYER), held(ledger), closed_order(ledger, name).outcome) == (
        BUYERS_MONEY,
        0,
        Outcome.CANCELLED,
    )
    assert (stock(ledger, "silk"), stock(ledger, "bowl")) == (STOCK, STOCK)


def test_lines_that_are_not_accepted_are_refunded_at_once(ledger):
    name = place(ledger)

    receipt = ledger.must(MERCHANT, AcceptOrder(order=name, declined=(1,)))

    found = open_order(ledger, name)
    assert events_of(receipt) == ["LinesRefunded", "OrderAccepted"]
    assert (receipt.events[0].late, receipt.events[0].lines[0].parts) == (False, Parts(5_997, 1_066, 1_130))
    assert (found.state, found.refunded.total()) == (OrderState.ACCEPTED, 8_193)
    assert (available(ledger, BUYER), held(ledger)) == (BUYERS_MONEY - 966, 966)
    assert (line(ledger, name, 1).returned, line(ledger, name, 2).returned) == (3, 0)
    assert (stock(ledger, "silk"), stock(ledger, "bowl")) == (STOCK, STOCK - 2)


def test_an_order_accepted_in_part_is_settled_by_what_is_left(ledger):
    name = place(ledger)
    ledger.must(MERCHANT, AcceptOrder(order=name, declined=(1,)), ShipOrder(order=name))

    ledger.must(BUYER, ConfirmDelivery(order=name), SettleOrder(order=name))

    assert money(ledger) == {
        BUYER: BUYERS_MONEY - 966,
        MERCHANT: 790,  # 810 less 2.5 %, 20.25 rounded down
        "platform": 20,
        "carrier": 84,
        "treasury": 72,
    }
    assert closed_order(ledger, name).refunded == Parts(5_997, 1_066, 1_130)


def test_goods_declined_by_line_come_back_into_stock_only_once(ledger):
    name = place(ledger)
    ledger.must(MERCHANT, AcceptOrder(order=name, declined=(1,)))

    ledger.must(MERCHANT, DeclineOrder(order=name))

    assert (stock(ledger, "silk"), stock(ledger, "bowl")) == (STOCK, STOCK)
    assert available(ledger, BUYER) == BUYERS_MONEY


def test_goods_refunded_in_part_before_shipping_come_back_whole_when_the_order_is_declined(ledger):
    name = bring(ledger, OrderState.ACCEPTED)
    ledger.must(MERCHANT, RefundLines(order=name, lines=quantities((1, 1))))
    assert stock(ledger, "silk") == STOCK - 2

    ledger.must(MERCHANT, DeclineOrder(order=name))

    assert (stock(ledger, "silk"), stock(ledger, "bowl")) == (STOCK, STOCK)
    assert available(ledger, BUYER) == BUYERS_MONEY


def test_all_lines_but_one_may_be_declined(ledger):
    name = place(ledger, [OrderLine("silk", 1, 1)] * 3)

    ledger.must(MERCHANT, AcceptOrder(order=name, declined=(1, 3)))

    assert [line(ledger, name, number).returned for number in (1, 2, 3)] == [1, 0, 1]


def test_stock_of_a_listing_closed_meanwhile_is_gone(ledger):
    name = place(ledger)
    ledger.must(MERCHANT, CloseListing(listing="silk"))

    ledger.must(BUYER, CancelOrder(order=name))

    assert (stock(ledger, "bowl"), available(ledger, BUYER)) == (STOCK, BUYERS_MONEY)


def test_a_step_and_the_next_may_come_in_one_envelope(ledger):
    name = place(ledger)

    ledger.must(MERCHANT, AcceptOrder(order=name), ShipOrder(order=name))
    ledger.must((BUYER, "carrier"), ConfirmDelivery(order=name, signer=1), SettleOrder(order=name, signer=0))

    assert closed_order(ledger, name).outcome == Outcome.SETTLED


def test_one_envelope_is_all_or_nothing(ledger):
    name = place(ledger)
    before = ledger.snapshot()

    receipt = ledger.send(MERCHANT, AcceptOrder(order=name), ShipOrder(order=name), AcceptOrder(order=name))

    assert (receipt.code, receipt.operation) == (Refuse.ORDER_STATE_WRONG, 2)
    assert ledger.snapshot() == before


def test_the_history_of_an_order_goes_on_after_it_is_closed(ledger):
    name = place(ledger)
    seen = [open_order(ledger, name).history]
    for who, step in (
        (MERCHANT, AcceptOrder(order=name)),
        (MERCHANT, ShipOrder(order=name)),
        (BUYER, ConfirmDelivery(order=name)),
    ):
        ledger.must(who, step)
        seen.append(open_order(ledger, name).history)
    ledger.must(BUYER, SettleOrder(order=name))
    seen.append(closed_order(ledger, name).history)

    assert len(set(seen)) == 5
    assert bytes(32) not in seen


def test_orders_do_not_touch_each_other(ledger):
    first, second = place(ledger, reference="o1"), place(ledger, reference="o2")

    ledger.must(BUYER, CancelOrder(order=first))
    ledger.must(MERCHANT, AcceptOrder(order=second))

    assert (held(ledger), available(ledger, BUYER)) == (PAID, BUYERS_MONEY - PAID)
    assert stock(ledger, "silk") == STOCK - 3


def test_a_suspended_merchant_can_still_decline_and_its_buyer_cancel(ledger):
    ledger.register("osh")
    ledger.must("osh", terms(ledger), *shop_of_osh())
    for reference in ("o1", "o2"):
        ledger.must(BUYER, order(ledger, [OrderLine("felt", 1, 1)], reference, merchant="osh"))
    ledger.must("registrar", SuspendParty(account=ledger.account("osh"), reason="Papers are missing"))

    ledger.must("osh", DeclineOrder(order=order_name(ledger, "o1")))
    ledger.must(BUYER, CancelOrder(order=order_name(ledger, "o2")))

    assert available(ledger, BUYER) == BUYERS_MONEY


def shop_of_osh():
    return (listing("felt"), AddVariant(listing="felt", variant=1, offer=Offer(price=100), stock=9))


# ------------------------------------------------------------------------------------------------------ refusals

NO_ORDER = b"\x01" * 22
STRANGER = "lanzhou"


def row(rule, who, ask, state, note):
    """A row about the order `o1`, which is brought into a state first."""
    return Row(rule, who, lambda it: ask(order_name(it)), before=brought_to(state), note=note)


def rows_of_a_step(ask, who, allowed, not_the_right_one):
    """The rows that every step of an order has: no such order, closed, a wrong state, a wrong sender."""
    name = ask(NO_ORDER).__class__.__name__
    yield Row(Refuse.ORDER_UNKNOWN, STRANGER, lambda _: ask(NO_ORDER), note=name)
    yield row(Refuse.ORDER_UNKNOWN, who, ask, None, f"{name}-settled")
    for state in STATES:
        if state not in allowed:
            yield row(Refuse.ORDER_STATE_WRONG, STRANGER, ask, state, f"{name}-{state.name}")
            yield row(Refuse.ORDER_STATE_WRONG, who, ask, state, f"{name}-{state.name}-by-the-right-one")
    for wrong in (STRANGER, BUYER, MERCHANT, "carrier"):
        for state in allowed:
            if wrong != who and not (ask(NO_ORDER).__class__ is ConfirmDelivery and wrong == BUYER):
                yield row(not_the_right_one, wrong, ask, state, f"{name}-by-{wrong}-{state.name}")


PLACED, ACCEPTED, SHIPPED, DELIVERED = (
    (OrderState.PLACED,),
    (OrderState.ACCEPTED,),
    (OrderState.SHIPPED,),
    (OrderState.DELIVERED,),
)

STEP_ROWS = [
    *rows_of_a_step(lambda name: CancelOrder(order=name), BUYER, PLACED, Refuse.SENDER_NOT_BUYER),
    *rows_of_a_step(lambda name: DeclineOrder(order=name), MERCHANT, PLACED + ACCEPTED, Refuse.SENDER_NOT_MERCHANT),
    *rows_of_a_step(lambda name: AcceptOrder(order=name), MERCHANT, PLACED, Refuse.SENDER_NOT_MERCHANT),
    *rows_of_a_step(lambda name: ShipOrder(order=name), MERCHANT, ACCEPTED, Refuse.SENDER_NOT_MERCHANT),
    *rows_of_a_step(lambda name: ConfirmDelivery(order=name), "carrier", SHIPPED, Refuse.SENDER_NOT_RECEIVER),
    *rows_of_a_step(lambda name: SettleOrder(order=name), BUYER, DELIVERED, Refuse.SENDER_NOT_BUYER),
]

FORM_ROWS = [
    Row(
        Refuse.LINES_NOT_IN_ORDER,
        STRANGER,
        lambda _: AcceptOrder(order=NO_ORDER, declined=(2, 1)),
        at_the_door=True,
        note="falling",
    ),
    Row(
        Refuse.LINES_NOT_IN_ORDER,
        STRANGER,
        lambda _: AcceptOrder(order=NO_ORDER, declined=(1, 1)),
        at_the_door=True,
        note="twice",
    ),
]

AMOUNT_ROWS = [
    Row(
        Refuse.EVERY_LINE_DECLINED,
        MERCHANT,
        lambda it: AcceptOrder(order=order_name(it), declined=(1, 3)),
        before=place,
    ),
    Row(
        Refuse.LINE_UNKNOWN,
        MERCHANT,
        lambda it: AcceptOrder(order=order_name(it), declined=(3,)),
        before=place,
    ),
]

REFUSALS = [*FORM_ROWS, *STEP_ROWS, *AMOUNT_ROWS]


@table(REFUSALS)
def test_a_step_is_refused(ledger, row):
    assert_refused(ledger, row)


STEPS = [
    (OrderState.PLACED, MERCHANT, AcceptOrder),
    (OrderState.ACCEPTED, MERCHANT, ShipOrder),
    (OrderState.SHIPPED, "carrier", ConfirmDelivery),
    (OrderState.DELIVERED, BUYER, SettleOrder),
    (OrderState.PLACED, BUYER, CancelOrder),
    (OrderState.ACCEPTED, MERCHANT, DeclineOrder),
]


@pytest.mark.parametrize(("state", "who", "step"), STEPS, ids=[f"{step.__name__}" for _, _, step in STEPS])
def test_no_step_is_taken_twice_even_in_one_block(ledger, state, who, step):
    name = bring(ledger, state)
    first, second = ledger.sign(who, step(order=name)), ledger.sign(who, step(order=name))

    answers = ledger.block(first, second)

    assert answers[0].code == 0
    assert answers[1].code in (Refuse.ORDER_STATE_WRONG, Refuse.ORDER_UNKNOWN)
    assert sum(money(ledger).values()) + held(ledger) == BUYERS_MONEY
