"""Every state of an order ends by itself: one second too early nothing happens, one second too late it has happened.

No traffic is needed for it. Whoever touches an overdue order first finds it where its deadline has put it.
"""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel.calendar import DUE_NODES, DUE_PAGES
from sogdia.modules.market import MODULE
from sogdia.modules.market.listings import CloseListing
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    DeclineOrder,
    OrderOperation,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import ORDERS, VARIANTS, OrderState, Outcome, Parts
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RefuseReturn, RequestReturn
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.modules.money.currencies import FreezeHolder
from sogdia.testing.ledger import Ledger
from tests.modules.market.shop import (
    BUYER,
    BUYERS_MONEY,
    DAY,
    MERCHANT,
    PAID,
    STOCK,
    available,
    bring,
    closed_order,
    events_of,
    held,
    line,
    listing_name,
    money,
    open_order,
    open_shop,
    place,
    quantities,
    state_of,
    stock,
)

WINDOWS = {
    OrderState.PLACED: 2 * DAY,
    OrderState.ACCEPTED: 7 * DAY,
    OrderState.SHIPPED: 45 * DAY,
    OrderState.DELIVERED: 14 * DAY,
    OrderState.RETURNING: 7 * DAY,
    OrderState.CONTESTED: 14 * DAY,
}
AFTERWARDS = {
    OrderState.PLACED: (None, ["OrderClosed", "OrderDigested"]),
    OrderState.ACCEPTED: (None, ["OrderClosed", "OrderDigested"]),
    OrderState.SHIPPED: (OrderState.DELIVERED, ["OrderDelivered"]),
    OrderState.DELIVERED: (None, ["OrderClosed", "OrderDigested"]),
    OrderState.RETURNING: (OrderState.DELIVERED, ["LinesRefunded"]),
    OrderState.CONTESTED: (OrderState.DELIVERED, ["ReturnDropped"]),
}
IN_TIME = {
    OrderState.PLACED: (MERCHANT, lambda name: AcceptOrder(order=name), OrderState.ACCEPTED),
    OrderState.ACCEPTED: (MERCHANT, lambda name: ShipOrder(order=name), OrderState.SHIPPED),
    OrderState.SHIPPED: ("carrier", lambda name: ConfirmDelivery(order=name), OrderState.DELIVERED),
    OrderState.DELIVERED: (
        BUYER,
        lambda name: RequestReturn(order=name, lines=quantities((1, 1))),
        OrderState.RETURNING,
    ),
    OrderState.RETURNING: (MERCHANT, lambda name: RefuseReturn(order=name), OrderState.CONTESTED),
    OrderState.CONTESTED: (MERCHANT, lambda name: ApproveReturn(order=name), OrderState.DELIVERED),
}
TOO_LATE = {
    OrderState.PLACED: Refuse.ORDER_UNKNOWN,
    OrderState.ACCEPTED: Refuse.ORDER_UNKNOWN,
    OrderState.SHIPPED: Refuse.ORDER_STATE_WRONG,
    OrderState.DELIVERED: Refuse.ORDER_UNKNOWN,
    OrderState.RETURNING: Refuse.ORDER_STATE_WRONG,
    OrderState.CONTESTED: Refuse.ORDER_STATE_WRONG,
}
EVERY_STATE = pytest.mark.parametrize("state", list(WINDOWS), ids=lambda state: state.name)


def apart_from_places(ledger):
    """All records but the calendar's, and the orders that know where they stand in it."""
    calendars = (ORDERS.number, DUE_NODES.number, DUE_PAGES.number)
    return {key: value for key, value in ledger.snapshot().items() if key[0] not in calendars}


@EVERY_STATE
def test_a_state_lasts_as_long_as_the_rules_say(ledger, state):
    name = bring(ledger, state)

    assert open_order(ledger, name).deadline == ledger.time + WINDOWS[state]


@EVERY_STATE
@pytest.mark.parametrize("early", [1, 0])
def test_until_its_deadline_an_order_stays_where_it_is(ledger, state, early):
    name = bring(ledger, state)
    before, order_before = apart_from_places(ledger), open_order(ledger, name)

    assert ledger.wait(WINDOWS[state] - early) == []

    assert structs.replace(open_order(ledger, name), due=order_before.due) == order_before
    assert apart_from_places(ledger) == before


@EVERY_STATE
@pytest.mark.parametrize("early", [1, 0])
def test_until_its_deadline_an_order_can_be_moved_on(ledger, state, early):
    name = bring(ledger, state)
    who, step, then = IN_TIME[state]

    ledger.must(who, step(name), at=ledger.time + WINDOWS[state] - early)

    assert state_of(ledger, name) == then


@EVERY_STATE
@pytest.mark.parametrize("late", [1, 2, 1_000_000])
def test_after_its_deadline_an_order_leaves_by_itself(ledger, state, late):
    name = bring(ledger, state)

    receipts = ledger.wait(WINDOWS[state] + late)

    assert [events_of(receipt) for receipt in receipts] == [AFTERWARDS[state][1]]
    assert state_of(ledger, name) == AFTERWARDS[state][0]


@EVERY_STATE
def test_a_step_that_comes_too_late_finds_the_order_where_its_deadline_has_put_it(ledger, state):
    name = bring(ledger, state)
    quiet = open_shop(Ledger())
    bring(quiet, state)
    who, step, _ = IN_TIME[state]

    receipt = ledger.send(who, step(name), at=ledger.time + WINDOWS[state] + 1)
    quiet.wait(WINDOWS[state] + 1)

    assert receipt.code == TOO_LATE[state]
    assert [events_of(each) for each in ledger.exit_receipts()] == [AFTERWARDS[state][1]]
    assert ledger.snapshot() == quiet.snapshot()


@EVERY_STATE
def test_a_stranger_who_touches_an_overdue_order_only_brings_its_exit_forward(ledger, state):
    name = bring(ledger, state)
    quiet = open_shop(Ledger())
    bring(quiet, state)

    receipt = ledger.send("lanzhou", SettleOrder(order=name), at=ledger.time + WINDOWS[state] + 1)
    quiet.wait(WINDOWS[state] + 1)

    assert receipt.code != 0
    assert ledger.snapshot() == quiet.snapshot()


def test_every_operation_about_an_order_lets_it_exit_first():
    about_an_order = [each for each in MODULE.operations if "order" in each.__struct_fields__]

    assert len(about_an_order) == 22
    assert all(issubclass(each, OrderOperation) for each in about_an_order)


# ----------------------------------------------------------------------------------------- who ends with what


@pytest.mark.parametrize("state", [OrderState.PLACED, OrderState.ACCEPTED])
def test_an_order_that_nobody_takes_care_of_is_cancelled(ledger, state):
    name = bring(ledger, state)

    ledger.wait(WINDOWS[state] + 1)

    assert money(ledger) == {BUYER: BUYERS_MONEY, MERCHANT: 0, "platform": 0, "carrier": 0, "treasury": 0}
    assert (held(ledger), stock(ledger, "silk"), stock(ledger, "bowl")) == (0, STOCK, STOCK)
    assert closed_order(ledger, name).outcome == Outcome.CANCELLED


def test_goods_of_a_listing_closed_meanwhile_do_not_come_back(ledger):
    place(ledger)
    ledger.must(MERCHANT, CloseListing(listing="silk"))

    ledger.wait(2 * DAY + 1)

    assert VARIANTS.find(ledger.state, (listing_name(ledger, "silk"), 1)) is None
    assert (stock(ledger, "bowl"), available(ledger, BUYER)) == (STOCK, BUYERS_MONEY)


def test_an_order_shipped_and_never_confirmed_is_settled_in_the_end(ledger):
    name = bring(ledger, OrderState.SHIPPED)

    ledger.wait(45 * DAY + 1)
    found = open_order(ledger, name)
    assert (found.delivery_confirmed, found.return_until) == (False, ledger.time + 14 * DAY)
    ledger.wait(14 * DAY + 1)

    assert closed_order(ledger, name).outcome == Outcome.SETTLED
    assert available(ledger, MERCHANT) == 6_637


def test_an_unanswered_return_is_refunded(ledger):
    name = bring(ledger, OrderState.RETURNING, wanted=((1, 1), (2, 2)))

    (receipt,) = ledger.wait(7 * DAY + 1)

    # A third of the silk, rounded down part by part, and all of the bowls.
    assert [each.parts for each in receipt.events[0].lines] == [Parts(1_999, 355, 376), Parts(810, 84, 72)]
    assert available(ledger, BUYER) == BUYERS_MONEY - PAID + 2_730 + 966
    assert open_order(ledger, name).refunded == Parts(2_809, 439, 448)
    assert line(ledger, name, 1).returned == 1


def test_a_contest_about_goods_that_arrived_ends_with_the_sale(ledger):
    name = bring(ledger, OrderState.CONTESTED)

    (receipt,) = ledger.wait(14 * DAY + 1)

    assert receipt.events[0].lines == quantities((1, 1))
    assert open_order(ledger, name).refunded.total() == 0
    ledger.wait(1)
    assert available(ledger, MERCHANT) == 6_637


def test_a_contest_about_goods_that_nobody_saw_arrive_ends_with_a_refund(ledger):
    name = bring(ledger, OrderState.CONTESTED, confirmed=False)

    (receipt,) = ledger.wait(14 * DAY + 1)

    assert events_of(receipt) == ["LinesRefunded"]
    assert open_order(ledger, name).refunded == Parts(1_999, 355, 376)


# ---------------------------------------------------------------------------------------- after a return is over


def test_the_rest_of_the_time_for_returns_goes_on_after_a_return(ledger):
    name = bring(ledger, OrderState.RETURNING)
    until = open_order(ledger, name).return_until

    ledger.must(MERCHANT, ApproveReturn(order=name), at=ledger.time + DAY)

    found = open_order(ledger, name)
    assert (found.state, found.deadline, found.requested) == (OrderState.DELIVERED, until, ())
    ledger.must(BUYER, RequestReturn(order=name, lines=quantities((1, 2))), at=until)


def test_the_time_for_returns_is_over_once_it_is_over_even_before_the_order_is_settled(ledger):
    name = bring(ledger, OrderState.DELIVERED)
    until = open_order(ledger, name).return_until
    ledger.must(BUYER, RequestReturn(order=name, lines=quantities((1, 1))), at=until)
    ledger.must(MERCHANT, ApproveReturn(order=name), at=until + 1)

    again = ledger.send(BUYER, RequestReturn(order=name, lines=quantities((1, 1))))

    assert again.code == Refuse.RETURN_TIME_OVER
    assert ledger.wait(1) != []
    assert closed_order(ledger, name).outcome == Outcome.SETTLED


def test_a_buyer_cannot_keep_the_money_in_escrow_by_asking_again_and_again(ledger):
    name = bring(ledger, OrderState.CONTESTED)
    after = open_order(ledger, name).deadline + 1

    receipt = ledger.send(BUYER, RequestReturn(order=name, lines=quantities((1, 1))), at=after)

    assert receipt.code == Refuse.RETURN_TIME_OVER
    assert state_of(ledger, name) == OrderState.DELIVERED
    ledger.wait(1)
    assert available(ledger, MERCHANT) == 6_637


def test_a_waiver_in_the_second_in_which_the_time_for_returns_ends_settles_once(ledger):
    name = bring(ledger, OrderState.DELIVERED)

    ledger.must(BUYER, SettleOrder(order=name), at=ledger.time + 14 * DAY)

    assert ledger.wait(1) == []
    assert sum(money(ledger).values()) == BUYERS_MONEY


def test_a_freeze_does_not_stop_a_deadline(ledger):
    name = bring(ledger, OrderState.DELIVERED)
    for who in (BUYER, MERCHANT):
        ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account(who), reason="Court order 17"))

    ledger.wait(14 * DAY + 1)

    assert closed_order(ledger, name).outcome == Outcome.SETTLED
    assert (available(ledger, MERCHANT), held(ledger)) == (6_637, 0)


def test_an_exit_has_its_own_place_in_the_history(ledger):
    name = bring(ledger, OrderState.SHIPPED)
    before = open_order(ledger, name).history

    ledger.wait(45 * DAY + 1)

    assert ledger.last_block is not None
    (step,) = ledger.last_block.steps
    (result,) = ledger.last_block.exits
    assert (step.id, step.operation) == (result.id, 0)
    assert open_order(ledger, name).history != before


def test_orders_that_are_due_leave_in_the_order_of_their_deadlines(ledger):
    names = []
    for number in range(4):
        names.append(place(ledger, reference=f"o{number}"))
        ledger.wait(1)

    receipts = ledger.wait(2 * DAY + 10)

    assert [receipt.events[0].order for receipt in receipts] == names


def test_a_long_sleep_brings_an_order_only_one_state_further(ledger):
    name = bring(ledger, OrderState.SHIPPED)

    ledger.wait(1_000 * DAY)
    assert state_of(ledger, name) == OrderState.DELIVERED
    ledger.wait(14 * DAY)
    assert state_of(ledger, name) == OrderState.DELIVERED
    ledger.wait(1)

    assert state_of(ledger, name) is None


LATE_STEPS = [
    (BUYER, lambda name: CancelOrder(order=name), OrderState.PLACED),
    (MERCHANT, lambda name: DeclineOrder(order=name), OrderState.ACCEPTED),
    (BUYER, lambda name: ConfirmDelivery(order=name), OrderState.SHIPPED),
    (BUYER, lambda name: SettleOrder(order=name), OrderState.DELIVERED),
    (MERCHANT, lambda name: ApproveReturn(order=name), OrderState.RETURNING),
    (MERCHANT, lambda name: RefuseReturn(order=name), OrderState.RETURNING),
]


@pytest.mark.parametrize(("who", "step", "state"), LATE_STEPS)
def test_a_step_is_refused_one_second_after_the_deadline(ledger, who, step, state):
    name = bring(ledger, state)

    receipt = ledger.send(who, step(name), at=open_order(ledger, name).deadline + 1)

    assert receipt.code in (Refuse.ORDER_UNKNOWN, Refuse.ORDER_STATE_WRONG)
    assert len(ledger.exit_receipts()) == 1


def test_what_is_still_allowed_in_the_state_after_the_exit_is_done(ledger):
    name = bring(ledger, OrderState.SHIPPED)

    ledger.must(MERCHANT, RefundLines(order=name, lines=quantities((2, 1))), at=ledger.time + 45 * DAY + 1)

    assert (state_of(ledger, name), line(ledger, name, 2).returned) == (OrderState.DELIVERED, 1)


def test_an_agreement_after_the_time_to_agree_is_too_late(ledger):
    name = bring(ledger, OrderState.CONTESTED)
    ledger.must(BUYER, ProposeSplit(order=name, to_buyer=1_000))

    receipt = ledger.send(MERCHANT, AcceptSplit(order=name, to_buyer=1_000), at=ledger.time + 14 * DAY + 1)

    assert receipt.code == Refuse.NOTHING_PROPOSED
    assert available(ledger, BUYER) == BUYERS_MONEY - PAID
