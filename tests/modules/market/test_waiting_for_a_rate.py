"""Refunds on a day on which nobody exchanges back: they wait for one on which somebody does, whoever answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sogdia.modules.exchange.cards import CloseCard
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.events import LinesRefunded, RefundWaits
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, SettleOrder, ShipOrder
from sogdia.modules.market.records import OrderState
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import (
    RATE_TRIES,
    RefundLines,
    RefuseReturn,
    RequestReturn,
    TakeUnexchanged,
)
from sogdia.modules.market.settlement import WRITES_APART_FROM_LINES
from tests.modules.exchange.bureau import DEALER
from tests.modules.market.at_a_rate import at_rate
from tests.modules.market.backed import (
    ALL,
    BACK,
    BOND,
    COVER,
    COVER_POINTS,
    FALLEN_FURTHER,
    RISEN,
    WHOLE,
    Changes,
    backed_shop,
    bond_of,
    changed,
    delivered,
    owned,
    placed,
    refund,
    sells_back,
    sent_back,
)
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BUYER,
    DAY,
    MERCHANT,
    PAID,
    bring,
    brought_to,
    open_order,
    order,
    order_name,
    quantities,
    settled,
    state_of,
)
from tests.modules.market.waits import told, try_again, waiting
from tests.refused import Row, assert_refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.testing.ledger import Ledger

WINDOW = 14 * DAY
TRY = WINDOW // RATE_TRIES
NO_ORDER = b"\x01" * 22
STRANGER = "lanzhou"


@pytest.fixture
def ledger():
    """A shop with a bond, and a bureau that asks for one and sells covers; nobody sells dinars."""
    return backed_shop()


# --------------------------------------------------------------------------------------------------- whoever answers


def approved(ledger: Ledger) -> bytes:
    return waiting(ledger)


def silent(ledger: Ledger) -> bytes:
    """The merchant leaves it to the deadline."""
    name = delivered(ledger)
    ledger.must(BUYER, RequestReturn(order=name, lines=quantities(*ALL), return_cause=Cause.MERCHANT))
    ledger.wait(7 * DAY + 1)
    return name


def contested(ledger: Ledger) -> bytes:
    """The merchant refuses what nobody has confirmed as delivered, and the two do not agree."""
    name = placed(ledger)
    ledger.must(MERCHANT, AcceptOrder(order=name))
    ledger.must(MERCHANT, ShipOrder(order=name))
    ledger.wait(45 * DAY + 1)
    ledger.must(BUYER, RequestReturn(order=name, lines=quantities(*ALL), return_cause=Cause.MERCHANT))
    ledger.must(MERCHANT, RefuseReturn(order=name))
    ledger.wait(14 * DAY + 1)
    return name


ANSWERS = pytest.mark.parametrize("answered", [approved, silent, contested])


@ANSWERS
def test_a_refund_that_nobody_exchanges_waits_and_nothing_moves(ledger, answered):
    before = {who: owned(ledger, who) for who in (BUYER, MERCHANT, DEALER)}
    name = answered(ledger)

    found = open_order(ledger, name)

    assert (found.state, found.deadline, found.tries_at) == (
        OrderState.REFUNDING,
        ledger.time + WINDOW,
        ledger.time + TRY,
    )
    assert changed(ledger, BUYER, before[BUYER]).dollars == PAID
    assert changed(ledger, MERCHANT, before[MERCHANT]) == (0, 0)
    assert bond_of(ledger).bound == BOND


@ANSWERS
def test_it_is_paid_by_itself_once_somebody_exchanges(ledger, answered):
    name = answered(ledger)
    before = {who: owned(ledger, who) for who in (BUYER, MERCHANT, DEALER)}
    ledger.wait(5 * DAY)

    try_again(ledger, name, rate=FALLEN_FURTHER)

    assert changed(ledger, BUYER, before[BUYER]) == (WHOLE, -PAID)
    assert changed(ledger, MERCHANT, before[MERCHANT]).dollars == -BOND
    assert changed(ledger, DEALER, before[DEALER]).dinars == -1_454
    assert state_of(ledger, name) in (OrderState.DELIVERED, None)


@ANSWERS
def test_when_its_time_is_over_the_buyer_has_what_stands_behind_it(ledger, answered):
    answered(ledger)
    before = owned(ledger, BUYER)

    ledger.wait(WINDOW - 1)
    assert changed(ledger, BUYER, before) == (0, 0)
    paid = told(ledger.wait(2))

    (only,) = paid
    assert (only.exchanged, only.from_bond, only.from_cover) == (0, BOND, COVER)
    assert changed(ledger, BUYER, before) == Changes(COVER, BOND)


@pytest.mark.parametrize("cause", [Cause.MERCHANT, Cause.CARRIER])
def test_that_it_waits_is_told_once(ledger, cause):
    name = delivered(ledger)
    receipt = sent_back(ledger, name, *ALL, cause=cause)

    events = [*receipt.events, *(event for each in ledger.wait(3 * DAY) for event in each.events)]

    until = open_order(ledger, name).deadline
    assert events == [RefundWaits(order=name, return_cause=cause, until=until)]


def test_tries_go_on_at_their_pace_whatever_else_happens(ledger):
    """Blocks come when they come: the next try is so long after the one before, and the last at the end."""
    name = waiting(ledger)
    until = open_order(ledger, name).deadline

    ledger.wait(TRY + 1_000)
    assert open_order(ledger, name).tries_at == ledger.time + TRY
    ledger.wait(until - ledger.time - 10)
    assert open_order(ledger, name).tries_at == until


def test_what_comes_after_a_wait_may_wait_as_long_again(ledger):
    name = delivered(ledger)
    sent_back(ledger, name, (2, 1))
    ledger.must(BUYER, TakeUnexchanged(order=name))

    sent_back(ledger, name, (2, 1))

    assert open_order(ledger, name).deadline == ledger.time + WINDOW


def test_the_rest_of_an_order_goes_on_after_a_wait(ledger):
    name = delivered(ledger)
    sent_back(ledger, name, (2, 2))
    ledger.wait(3 * DAY)
    try_again(ledger, name)

    ledger.must(BUYER, SettleOrder(order=name))

    assert state_of(ledger, name) is None
    assert bond_of(ledger).bound == 0


# ------------------------------------------------------------------------------------------------- not willing to wait


@pytest.mark.parametrize("cause", [Cause.MERCHANT, Cause.CARRIER])
def test_a_buyer_need_not_wait_and_has_the_merchants_money_alone(ledger, cause):
    name = waiting(ledger, cause)
    before = {who: owned(ledger, who) for who in (BUYER, MERCHANT, DEALER)}

    receipt = ledger.must(BUYER, TakeUnexchanged(order=name))

    (only,) = told([receipt])
    assert (only.owed, only.escrow, only.exchanged) == (WHOLE, PAID, 0)
    assert (only.to_merchant, only.from_bond, only.from_cover) == (0, 0, 0)
    assert [each.return_cause for each in receipt.events if isinstance(each, LinesRefunded)] == [cause]
    assert {who: changed(ledger, who, before[who]) for who in before} == dict.fromkeys(before, Changes(0, 0))
    found = open_order(ledger, name)
    assert (found.state, found.tries_at, found.refunded.total()) == (OrderState.DELIVERED, 0, PAID)
    ledger.must(BUYER, SettleOrder(order=name))
    assert bond_of(ledger).bound == 0


def test_a_buyer_who_does_not_wait_has_its_own_money_if_somebody_exchanges_by_then(ledger):
    """Else it could look at the rate first, and take what the merchant would have gained."""
    name = waiting(ledger)
    sells_back(ledger, RISEN)
    before = owned(ledger, BUYER)

    (only,) = told([ledger.must(BUYER, TakeUnexchanged(order=name))])

    assert (only.exchanged, only.to_merchant) == (WHOLE, PAID - 8_870)
    assert changed(ledger, BUYER, before) == (WHOLE, -PAID)


def test_thirty_lines_wait_part_by_part():
    """Twelve writes a block; the card that is there for the first parts is emptied, and filled again days later."""
    small = backed_shop(10**5, exit_writes_max=WRITES_APART_FROM_LINES + 12)
    lines = (OrderLine("silk", 1, 1),) * 30
    small.must(BUYER, at_rate(small, order(small, lines), cover=COVER_POINTS, pay_at_most=10**6))
    name, before = order_name(small), owned(small, BUYER)
    for who, step in ((MERCHANT, AcceptOrder), (MERCHANT, ShipOrder), ("carrier", ConfirmDelivery)):
        small.must(who, step(order=name))
    wanted = quantities(*((number, 1) for number in range(1, 31)))
    small.must(BUYER, RequestReturn(order=name, lines=wanted, return_cause=Cause.MERCHANT))
    small.wait(7 * DAY - 1_000)
    sells_back(small, capacity=200_000)
    small.wait(1_001)
    small.wait(1)
    assert state_of(small, name) == OrderState.REFUNDING
    left = len(open_order(small, name).requested)

    small.must(BACK, CloseCard(card="back"))
    small.wait(1)
    assert open_order(small, name).tries_at > 0
    assert len(open_order(small, name).requested) <= left
    small.wait(2 * DAY)
    try_again(small, name, reference="again", capacity=300_000)
    for _ in range(4):
        small.wait(1)

    found = open_order(small, name)
    assert (found.state, found.requested, found.tries_at) == (OrderState.DELIVERED, (), 0)
    assert found.refunded == found.paid
    assert changed(small, BUYER, before) == (0, 0)


# ------------------------------------------------------------------------------------------- who may say what, and when


@pytest.mark.parametrize("rate_there", [False, True], ids=["nobody-exchanges", "somebody-exchanges"])
@pytest.mark.parametrize("cause", [Cause.REMORSE, Cause.CARRIER])
def test_a_merchant_cannot_be_first_with_a_cause_that_is_not_its_own(ledger, cause, rate_there):
    """Else it would leave to the buyer, or to the provider, what its bond stands for."""
    name = delivered(ledger)
    if rate_there:
        sells_back(ledger)
    before = ledger.snapshot()

    receipt = ledger.send(MERCHANT, RefundLines(order=name, lines=quantities(*ALL), return_cause=cause))

    assert receipt.code == Refuse.CAUSE_IS_THE_BUYERS
    assert ledger.snapshot() == before


def test_nor_while_the_buyer_asks(ledger):
    name = delivered(ledger)
    sells_back(ledger)
    ledger.must(BUYER, RequestReturn(order=name, lines=quantities(*ALL), return_cause=Cause.MERCHANT))

    receipt = ledger.send(MERCHANT, RefundLines(order=name, lines=quantities(*ALL), return_cause=Cause.REMORSE))

    assert receipt.code == Refuse.CAUSE_IS_THE_BUYERS
    assert refund(ledger, name, *ALL).exchanged == WHOLE


def test_what_is_refunded_unasked_is_refunded_on_a_day_with_a_rate(ledger):
    name = delivered(ledger)

    refused = ledger.send(MERCHANT, RefundLines(order=name, lines=quantities(*ALL), return_cause=Cause.MERCHANT))
    sells_back(ledger)

    assert refused.code == Refuse.NOBODY_EXCHANGES
    assert refund(ledger, name, *ALL).exchanged == WHOLE


# ------------------------------------------------------------------------------------------------------------ refusals


def took(name: bytes) -> TakeUnexchanged:
    return TakeUnexchanged(order=name)


def waits(ledger: Ledger) -> None:
    """Let an order at a rate wait."""
    waiting(ledger)


def refunded_for(cause: Cause) -> Callable[[Ledger], RefundLines]:
    return lambda it: RefundLines(order=order_name(it), lines=quantities((1, 1)), return_cause=cause)


def half_refunded(ledger: Ledger) -> None:
    """An order whose second line goes back with the next block, when a block refunds one."""
    bring(ledger, OrderState.RETURNING, wanted=ALL)
    ledger.wait(7 * DAY + 1)


def at_rate_and_delivered(ledger: Ledger) -> None:
    delivered(ledger)


STATES = tuple(state for state in OrderState if state <= OrderState.CONTESTED)
REFUSALS = [
    Row(Refuse.ORDER_UNKNOWN, STRANGER, lambda _: took(NO_ORDER), note="TakeUnexchanged"),
    Row(Refuse.ORDER_UNKNOWN, BUYER, lambda it: took(order_name(it)), before=settled, note="TakeUnexchanged-settled"),
    *(
        Row(
            Refuse.ORDER_STATE_WRONG,
            sender,
            lambda it: took(order_name(it)),
            before=brought_to(state),
            note=f"TakeUnexchanged-{state.name}-by-{sender}",
        )
        for state in STATES
        for sender in (STRANGER, BUYER)
    ),
    *(
        Row(
            Refuse.SENDER_NOT_BUYER,
            sender,
            lambda it: took(order_name(it)),
            before=waits,
            note=f"TakeUnexchanged-by-{sender}",
        )
        for sender in (STRANGER, MERCHANT, "carrier")
    ),
    Row(Refuse.NOTHING_WAITS, BUYER, lambda it: took(order_name(it)), before=half_refunded),
    *(
        Row(
            Refuse.CAUSE_IS_THE_BUYERS,
            MERCHANT,
            refunded_for(cause),
            before=at_rate_and_delivered,
            note=cause.name.lower(),
        )
        for cause in (Cause.REMORSE, Cause.CARRIER)
    ),
    Row(
        Refuse.NOBODY_EXCHANGES,
        MERCHANT,
        lambda it: RefundLines(order=order_name(it), lines=quantities((1, 1))),
        before=at_rate_and_delivered,
    ),
]


@table(REFUSALS)
def test_a_step_about_what_waits_is_refused(row):
    assert_refused(backed_shop(exit_writes_max=WRITES_APART_FROM_LINES + 1), row)
