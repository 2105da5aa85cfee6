"""The lines of a closed order, rebuilt from the receipts of its life, lead to the root that the ledger keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sogdia.client.final_lines import LinesDifferError, final_lines, shown_line
from sogdia.modules.market.events import LinesRefunded
from sogdia.modules.market.late_refunds import RefundLate
from sogdia.modules.market.orders import AcceptOrder, CancelOrder, ConfirmDelivery, SettleOrder, ShipOrder
from sogdia.modules.market.records import OrderState
from sogdia.modules.market.returns import RefundLines, RequestReturn
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.testing.ledger import Ledger
from tests.modules.market.shop import (
    BUYER,
    DAY,
    MERCHANT,
    bring,
    closed_order,
    open_shop,
    order_name,
    place,
    quantities,
)

if TYPE_CHECKING:
    from sogdia.client.envelopes import Signed
    from sogdia.kernel.codec import Event
    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.refusal import Refused


class Shop(Ledger):
    """A shop that remembers every fact, those of deadlines included."""

    def __init__(self) -> None:
        """Open the shop."""
        super().__init__()
        self.facts: list[Event] = []
        open_shop(self)

    def block(self, *signed: Signed | bytes, at: int | None = None) -> list[Receipt | Refused]:
        """Make a block and remember its facts."""
        answers = super().block(*signed, at=at)
        for each in (*answers, *self.exit_receipts()):
            self.facts += getattr(each, "events", ())
        return answers


@pytest.fixture
def shop():
    """Give a shop in which another order was placed, too."""
    made = Shop()
    place(made, reference="other")
    return made


def rebuilt(shop):
    """The returned quantities of the order's lines, from its facts."""
    name = order_name(shop)
    return [each.returned for each in final_lines(name, closed_order(shop, name), shop.facts)]


def test_an_order_of_which_nothing_came_back(shop):
    shop.must(BUYER, SettleOrder(order=bring(shop, OrderState.DELIVERED)))

    assert rebuilt(shop) == [0, 0]


def test_a_declined_line_an_unanswered_return_and_a_late_refund(shop):
    name = place(shop)
    shop.must(MERCHANT, AcceptOrder(order=name, declined=(2,)))
    shop.must(MERCHANT, ShipOrder(order=name))
    shop.must("carrier", ConfirmDelivery(order=name))
    shop.must(BUYER, RequestReturn(order=name, lines=quantities((1, 1))))
    shop.wait(8 * DAY)
    shop.must(BUYER, SettleOrder(order=name))
    shop.fund(MERCHANT, 100_000)
    for _time in range(2):
        lines = final_lines(name, closed_order(shop, name), shop.facts)
        line, path = shown_line(lines, 1)
        shop.must(MERCHANT, RefundLate(order=name, line=line, path=path, quantity=1))

    assert rebuilt(shop) == [3, 2]


def test_a_cancelled_order_has_given_everything_back(shop):
    shop.must(BUYER, CancelOrder(order=place(shop)))

    assert rebuilt(shop) == [3, 2]


def test_an_order_that_was_split_keeps_what_was_returned_by_line(shop):
    name = bring(shop, OrderState.DELIVERED)
    shop.must(BUYER, ProposeSplit(order=name, to_buyer=10))
    shop.must(MERCHANT, AcceptSplit(order=name, to_buyer=10))

    assert rebuilt(shop) == [0, 0]


def test_facts_that_are_missing_are_noticed(shop):
    name = bring(shop, OrderState.SHIPPED)
    shop.must(MERCHANT, RefundLines(order=name, lines=quantities((1, 1))))
    shop.must("carrier", ConfirmDelivery(order=name))
    shop.must(BUYER, SettleOrder(order=name))
    closed = closed_order(shop, name)

    assert rebuilt(shop) == [1, 0]
    with pytest.raises(LinesDifferError, match="0 lines"):
        final_lines(name, closed, [])
    with pytest.raises(LinesDifferError, match="2 lines"):
        final_lines(name, closed, [each for each in shop.facts if not isinstance(each, LinesRefunded)])
