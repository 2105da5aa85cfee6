"""What can be asked about the market, and what the answer is when there is nothing."""

from __future__ import annotations

import pytest

from sogdia.modules.market.queries import ListingQuery, OrderLinesQuery, OrderQuery, TermsQuery
from sogdia.modules.market.records import OrderState, Outcome
from tests.modules.market.shop import SILK, SILK_3, STOCK, bring, listing_name, order_name, place, settled

NOTHING = b"\x01" * 22


def test_of_what_is_not_there_nothing_is_told(ledger):
    assert TermsQuery(name=NOTHING).answer(ledger.state) is None
    assert ListingQuery(name=NOTHING).answer(ledger.state) is None
    assert OrderLinesQuery(name=NOTHING).answer(ledger.state) == []
    answer = OrderQuery(name=NOTHING).answer(ledger.state)
    assert (answer.open, answer.closed) == (None, None)


def test_a_listing_is_told_with_its_variants(ledger):
    answer = ListingQuery(name=listing_name(ledger, "silk")).answer(ledger.state)

    assert answer is not None
    assert answer.listing.open
    assert [(each.number, each.variant.offer, each.variant.stock) for each in answer.variants] == [(1, SILK, STOCK)]


def test_an_order_is_told_open_or_closed(ledger):
    bring(ledger, OrderState.SHIPPED, reference="o1")
    settled(ledger, reference="o2")

    first = OrderQuery(name=order_name(ledger, "o1")).answer(ledger.state)
    second = OrderQuery(name=order_name(ledger, "o2")).answer(ledger.state)

    assert first.open is not None
    assert (first.open.state, first.closed) == (OrderState.SHIPPED, None)
    assert second.closed is not None
    assert (second.open, second.closed.outcome) == (None, Outcome.SETTLED)


@pytest.mark.parametrize(
    ("first", "limit", "numbers"),
    [
        (1, 200, [1, 2, 3, 4, 5]),
        (1, 5, [1, 2, 3, 4, 5]),
        (1, 4, [1, 2, 3, 4]),
        (2, 3, [2, 3, 4]),
        (5, 9, [5]),
        (6, 1, []),
    ],
)
def test_the_lines_of_an_open_order_are_told_page_by_page(ledger, first, limit, numbers):
    name = place(ledger, [SILK_3] * 5)

    page = OrderLinesQuery(name=name, first=first, limit=limit).answer(ledger.state)

    assert [each.number for each in page] == numbers
    assert all(each.line.quantity == 3 for each in page)
