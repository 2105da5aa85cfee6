"""Refunds that wait for a rate, as the index has them: after every block the same as the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.modules.exchange.cards import CloseCard
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, ShipOrder
from sogdia.modules.market.records import OrderState
from sogdia.modules.market.returns import RequestReturn, TakeUnexchanged
from sogdia.modules.market.settlement import WRITES_APART_FROM_LINES
from tests.index.followed import Followed
from tests.modules.market.at_a_rate import at_rate
from tests.modules.market.backed import BACK, COVER_POINTS, backed_shop, delivered, sells_back, sent_back
from tests.modules.market.shop import BUYER, DAY, MERCHANT, open_order, order, order_name, quantities

if TYPE_CHECKING:
    from pathlib import Path

LINES = 30
A_BLOCK = 12


def followed(folder: Path) -> tuple[Followed, bytes]:
    """Bring an order of many lines to where nobody has exchanged what goes back, which takes three blocks."""
    limits: dict[str, Any] = {"exit_writes_max": WRITES_APART_FROM_LINES + A_BLOCK}
    ledger = backed_shop(10**5, Followed, **limits)
    assert isinstance(ledger, Followed)
    lines = (OrderLine("silk", 1, 1),) * LINES
    ledger.must(BUYER, at_rate(ledger, order(ledger, lines), cover=COVER_POINTS, pay_at_most=10**6))
    name = order_name(ledger)
    for who, step in ((MERCHANT, AcceptOrder), (MERCHANT, ShipOrder), ("carrier", ConfirmDelivery)):
        ledger.must(who, step(order=name))
    wanted = quantities(*((number, 1) for number in range(1, LINES + 1)))
    ledger.must(BUYER, RequestReturn(order=name, lines=wanted, return_cause=Cause.MERCHANT))
    ledger.folder = folder
    ledger.wait(7 * DAY + 1)
    assert open_order(ledger, name).state == OrderState.REFUNDING
    return ledger, name


def arrived() -> tuple[Followed, bytes]:
    """Bring the usual order to its buyer."""
    ledger = backed_shop(kind=Followed)
    assert isinstance(ledger, Followed)
    return ledger, delivered(ledger)


def test_a_refund_that_waits_part_by_part(tmp_path):
    ledger, name = followed(tmp_path)
    until = open_order(ledger, name).deadline
    ledger.wait(open_order(ledger, name).tries_at - ledger.time - 60)
    sells_back(ledger, capacity=300_000)

    ledger.wait(61)
    assert len(open_order(ledger, name).requested) == LINES - A_BLOCK
    ledger.wait(1)
    assert (len(open_order(ledger, name).requested), open_order(ledger, name).deadline) == (LINES - 2 * A_BLOCK, until)
    ledger.must(BACK, CloseCard(card="back"))
    ledger.wait(1)
    ledger.wait(3 * DAY)
    assert open_order(ledger, name).state == OrderState.REFUNDING
    ledger.must(BUYER, TakeUnexchanged(order=name))

    assert open_order(ledger, name).state == OrderState.DELIVERED
    assert ledger.compared > 6


def test_a_refund_whose_time_is_over_goes_out_over_several_blocks(tmp_path):
    ledger, name = followed(tmp_path)
    ledger.wait(open_order(ledger, name).deadline - ledger.time)

    left = []
    while open_order(ledger, name).state == OrderState.REFUNDING:
        left.append(len(open_order(ledger, name).requested))
        ledger.wait(1)

    assert left == [LINES, LINES - A_BLOCK, LINES - 2 * A_BLOCK]


def test_a_short_wait_and_one_that_its_buyer_ends(tmp_path):
    ledger, name = arrived()
    ledger.folder = tmp_path

    sent_back(ledger, name, (1, 1))
    ledger.must(BUYER, TakeUnexchanged(order=name))
    sent_back(ledger, name, (1, 1))
    ledger.wait(open_order(ledger, name).tries_at - ledger.time - 60)
    sells_back(ledger)
    ledger.wait(61)

    assert (open_order(ledger, name).state, open_order(ledger, name).tries_at) == (OrderState.DELIVERED, 0)


def test_a_wait_that_begins_and_ends_in_one_block(tmp_path):
    """The merchant has been silent for too long, and the first to say anything is a buyer who does not want to wait."""
    ledger, name = arrived()
    ledger.must(BUYER, RequestReturn(order=name, lines=quantities((1, 1)), return_cause=Cause.MERCHANT))
    ledger.folder = tmp_path

    ledger.must(BUYER, TakeUnexchanged(order=name), at=open_order(ledger, name).deadline + 1)

    assert open_order(ledger, name).state == OrderState.DELIVERED
