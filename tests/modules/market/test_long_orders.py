"""Orders of over a thousand lines: closed in one go by an operation, over many blocks by a deadline."""

from __future__ import annotations

import pytest

from sogdia.kernel.codec import encode
from sogdia.kernel.merkle import root
from sogdia.modules.market.awards import AwardReturn, AwardSplit
from sogdia.modules.market.cash import CollectCash, RemitCash, ReportRefusal
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.deposits import PayBalance
from sogdia.modules.market.listings import AddVariant
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    DeclineOrder,
    OrderLine,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import LINES, FinalLine, Offer, OrderState, Outcome
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RefuseReturn, RequestReturn, TakeUnexchanged
from sogdia.modules.market.settlement import WRITES_APART_FROM_LINES
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.testing.ledger import Ledger
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BUYER,
    BUYERS_MONEY,
    DAY,
    MERCHANT,
    available,
    bring,
    closed_order,
    events_of,
    held,
    open_order,
    open_shop,
    order,
    order_name,
    place,
    quantities,
    state_of,
    stock,
    stored,
)
from tests.refused import Row, assert_refused

LINES_OF_AN_ORDER = 1_200
PRICE = 7
WRITES_MAX = 440
LINES_A_BLOCK = (WRITES_MAX - WRITES_APART_FROM_LINES) // 2
BLOCKS = 6
"""Blocks that 1,200 lines take at 200 a block."""

LINE = OrderLine("silk", 2, 1)


def ledger_with(writes_max: int = WRITES_MAX) -> Ledger:
    """A shop with cheap silk, on a ledger where deadlines may write so much in a block."""
    ledger = open_shop(Ledger(limits={"exit_writes_max": writes_max}), freight_per_order=0, platform=None)
    ledger.must(MERCHANT, AddVariant(listing="silk", variant=2, offer=Offer(price=PRICE), stock=2_000))
    return ledger


def long_order(ledger: Ledger, state: OrderState, *, confirmed: bool = True) -> bytes:
    """Bring an order of 1,200 lines into a state; a return asks for all of it."""
    wanted = tuple((number, 1) for number in range(1, LINES_OF_AN_ORDER + 1))
    return bring(ledger, state, [LINE] * LINES_OF_AN_ORDER, confirmed=confirmed, wanted=wanted)


def expected_root(ledger: Ledger, name: bytes, *, returned: int) -> bytes:
    """The root over the lines of an open order if so much of each has come back."""
    found = [LINES.must(ledger.state, (name, number)) for number in range(1, open_order(ledger, name).lines + 1)]
    return root(
        [
            encode(FinalLine(number, it.listing, it.variant, it.quantity, it.paid, it.promotion, returned))
            for number, it in enumerate(found, start=1)
        ]
    )


def exits_until_quiet(ledger: Ledger) -> list[list[str]]:
    """Let seconds pass until deadlines cause nothing more; give the facts of each block."""
    blocks = []
    while receipts := ledger.wait(1):
        blocks.append([name for receipt in receipts for name in events_of(receipt)])
    return blocks


def lines_left(ledger: Ledger, name: bytes) -> int:
    """How many lines of an order are still in the state."""
    return sum(LINES.find(ledger.state, (name, number)) is not None for number in range(1, LINES_OF_AN_ORDER + 1))


# ------------------------------------------------------------------------------------------------- by operations


def test_a_long_order_lives_like_a_short_one():
    ledger = ledger_with()
    name = long_order(ledger, OrderState.DELIVERED)
    expected = expected_root(ledger, name, returned=0)
    before = stored(ledger)

    receipt = ledger.must(BUYER, SettleOrder(order=name))

    assert events_of(receipt) == ["OrderClosed", "OrderDigested"]
    assert (available(ledger, MERCHANT), held(ledger)) == (LINES_OF_AN_ORDER * PRICE, 0)
    assert (closed_order(ledger, name).lines_root, closed_order(ledger, name).lines) == (expected, LINES_OF_AN_ORDER)
    assert stored(ledger) == before - 200 * LINES_OF_AN_ORDER


def test_a_long_order_is_accepted_by_line():
    ledger = ledger_with()
    name = place(ledger, [LINE] * LINES_OF_AN_ORDER)

    ledger.must(MERCHANT, AcceptOrder(order=name, declined=tuple(range(2, LINES_OF_AN_ORDER + 1))))

    assert held(ledger) == PRICE
    assert stock(ledger, "silk", 2) == 2_000 - 1


def test_a_long_order_is_cancelled_in_one_go():
    ledger = ledger_with()
    name = place(ledger, [LINE] * LINES_OF_AN_ORDER)

    ledger.must(BUYER, CancelOrder(order=name))

    assert (available(ledger, BUYER), stock(ledger, "silk", 2)) == (BUYERS_MONEY, 2_000)


# ------------------------------------------------------------------------------------------- by deadlines, slowly


def test_a_long_order_is_cancelled_over_several_blocks():
    ledger = ledger_with()
    name = place(ledger, [LINE] * LINES_OF_AN_ORDER)
    expected = expected_root(ledger, name, returned=1)
    ledger.wait(2 * DAY)

    ledger.wait(1)

    # The money is back at once; the goods come back block by block.
    assert (available(ledger, BUYER), held(ledger)) == (BUYERS_MONEY, 0)
    assert (state_of(ledger, name), lines_left(ledger, name)) == (OrderState.CLOSING, LINES_OF_AN_ORDER - LINES_A_BLOCK)
    assert stock(ledger, "silk", 2) == 2_000 - LINES_OF_AN_ORDER + LINES_A_BLOCK
    assert exits_until_quiet(ledger) == [[]] * (BLOCKS - 2) + [["OrderDigested"]]
    closed = closed_order(ledger, name)
    assert (closed.outcome, closed.lines_root, closed.refunded) == (Outcome.CANCELLED, expected, closed.paid)
    assert stock(ledger, "silk", 2) == 2_000


def test_a_long_closing_takes_as_many_blocks_as_it_needs_and_no_more():
    ledger = ledger_with()
    name = long_order(ledger, OrderState.DELIVERED)
    expected = expected_root(ledger, name, returned=0)
    before = stored(ledger)
    ledger.wait(14 * DAY)

    left = []
    while state_of(ledger, name) is not None:
        ledger.wait(1)
        left.append(lines_left(ledger, name))

    assert left == [LINES_OF_AN_ORDER - LINES_A_BLOCK * block for block in range(1, BLOCKS + 1)]
    assert closed_order(ledger, name).lines_root == expected
    assert available(ledger, MERCHANT) == LINES_OF_AN_ORDER * PRICE
    assert stored(ledger) == before - 200 * LINES_OF_AN_ORDER


def test_whoever_touches_an_order_that_is_being_closed_helps_to_close_it():
    ledger = ledger_with()
    name = place(ledger, [LINE] * LINES_OF_AN_ORDER)

    first = ledger.send(MERCHANT, AcceptOrder(order=name), at=ledger.time + 2 * DAY + 1)

    assert (first.code, state_of(ledger, name)) == (Refuse.ORDER_CLOSING, OrderState.CLOSING)
    assert lines_left(ledger, name) == LINES_OF_AN_ORDER - LINES_A_BLOCK


def test_an_unanswered_return_of_many_lines_is_refunded_over_several_blocks():
    ledger = ledger_with()
    name = long_order(ledger, OrderState.RETURNING)
    ledger.wait(7 * DAY)

    ledger.wait(1)

    refunded = WRITES_MAX - WRITES_APART_FROM_LINES
    assert available(ledger, BUYER) == BUYERS_MONEY - (LINES_OF_AN_ORDER - refunded) * PRICE
    assert state_of(ledger, name) == OrderState.REFUNDING
    assert len(open_order(ledger, name).requested) == LINES_OF_AN_ORDER - refunded
    ledger.wait(1)
    ledger.wait(1)
    assert (state_of(ledger, name), available(ledger, BUYER)) == (OrderState.DELIVERED, BUYERS_MONEY)
    assert open_order(ledger, name).refunded == open_order(ledger, name).paid


def test_nobody_steps_between_two_halves_of_a_refund():
    ledger = ledger_with()
    name = long_order(ledger, OrderState.RETURNING)

    receipt = ledger.send(MERCHANT, RefuseReturn(order=name), at=ledger.time + 7 * DAY + 1)
    again = ledger.send(MERCHANT, RefuseReturn(order=name))

    assert (receipt.code, again.code) == (Refuse.ORDER_STATE_WRONG, Refuse.ORDER_STATE_WRONG)
    assert dict(again.facts)["state"] == "REFUNDING"
    exits_until_quiet(ledger)
    assert available(ledger, BUYER) == BUYERS_MONEY


def test_a_lost_contest_about_many_lines_is_refunded_over_several_blocks():
    ledger = ledger_with()
    name = long_order(ledger, OrderState.CONTESTED, confirmed=False)
    ledger.wait(14 * DAY)

    for _ in range(3):
        ledger.wait(1)

    assert (state_of(ledger, name), available(ledger, BUYER)) == (OrderState.DELIVERED, BUYERS_MONEY)


@pytest.mark.parametrize("writes_max", [1, 25, 27])
def test_even_the_smallest_allowance_brings_an_order_to_its_end(writes_max):
    ledger = ledger_with(writes_max)
    name = place(ledger, [LINE] * 5)
    expected = expected_root(ledger, name, returned=1)
    ledger.wait(2 * DAY + 1)

    ledger.wait(1)
    assert state_of(ledger, name) == OrderState.CLOSING
    for _ in range(4):
        ledger.wait(1)

    assert closed_order(ledger, name).lines_root == expected
    assert (available(ledger, BUYER), stock(ledger, "silk", 2)) == (BUYERS_MONEY, 2_000)


def test_many_more_orders_than_a_block_may_close_are_due_in_one_second():
    writes_max = 100
    ledger = ledger_with(writes_max)
    names = [order_name(ledger, f"o{number}") for number in range(80)]
    for first in range(0, 80, 16):
        ledger.must(BUYER, *(order(ledger, [LINE], f"o{number}") for number in range(first, first + 16)))
    ledger.wait(2 * DAY)
    ledger.check_invariants = False

    closed = 0
    blocks = 0
    while closed < len(names):
        receipts = ledger.wait(1)
        assert ledger.last_block is not None
        writes = ledger.last_block.state.writes
        closed += len(receipts)
        blocks += 1
        assert receipts, "deadlines are due and nothing happens"
        assert writes <= writes_max + WRITES_APART_FROM_LINES + 20  # the spent ids' sweep included

    assert blocks > 5
    assert [state_of(ledger, name) for name in names] == [None] * 80
    assert available(ledger, BUYER) == BUYERS_MONEY
    ledger.machine.check_invariants(ledger.state)


# ------------------------------------------------------------------------------------------------------ refusals


REFUSALS = [
    Row(Refuse.ORDER_CLOSING, who, ask, note=who)
    for who, ask in (
        (BUYER, lambda it: CancelOrder(order=order_name(it))),
        (MERCHANT, lambda it: DeclineOrder(order=order_name(it))),
        (MERCHANT, lambda it: AcceptOrder(order=order_name(it))),
        (MERCHANT, lambda it: ShipOrder(order=order_name(it))),
        ("lanzhou", lambda it: ConfirmDelivery(order=order_name(it))),
        (BUYER, lambda it: SettleOrder(order=order_name(it))),
        (BUYER, lambda it: RequestReturn(order=order_name(it), lines=quantities((1, 1)))),
        (MERCHANT, lambda it: ApproveReturn(order=order_name(it))),
        (MERCHANT, lambda it: RefuseReturn(order=order_name(it))),
        (MERCHANT, lambda it: RefundLines(order=order_name(it), lines=quantities((1, 1)))),
        (BUYER, lambda it: ProposeSplit(order=order_name(it), to_buyer=0)),
        (MERCHANT, lambda it: AcceptSplit(order=order_name(it), to_buyer=0)),
        ("lanzhou", lambda it: AwardSplit(order=order_name(it), to_buyer=0)),
        ("lanzhou", lambda it: AwardReturn(order=order_name(it), return_cause=Cause.MERCHANT)),
        (BUYER, lambda it: TakeUnexchanged(order=order_name(it))),
        (BUYER, lambda it: PayBalance(order=order_name(it), units=1)),
        ("carrier", lambda it: CollectCash(order=order_name(it), units=1)),
        ("carrier", lambda it: RemitCash(order=order_name(it), units=1)),
        ("carrier", lambda it: ReportRefusal(order=order_name(it))),
    )
]


@table(REFUSALS)
def test_nothing_can_be_done_with_an_order_that_is_being_closed(row):
    ledger = ledger_with(50)
    place(ledger, [LINE] * 100)
    ledger.wait(2 * DAY + 1)
    assert state_of(ledger, order_name(ledger)) == OrderState.CLOSING

    assert_refused(ledger, row)
