"""The page of an order that is paid in steps says what is still to be paid and what has been paid out."""

from __future__ import annotations

import pytest

from sogdia.modules.market.orders import ConfirmDelivery, ShipOrder
from sogdia.web.explorer.pages.orders import _money_rows
from sogdia.web.explorer.parts import Amount, Words
from tests.modules.market.in_steps import BEFORE_SHIPPING, RELEASED_EARLY, accepted, shop_in_steps
from tests.modules.market.shop import MERCHANT, open_order


def rows_of(ledger, name):
    """The rows about money, by their labels."""
    return {
        label: cell.text for label, cell in _money_rows(open_order(ledger, name)) if isinstance(cell, Amount | Words)
    }


@pytest.mark.parametrize(
    ("payment", "row"),
    [
        (BEFORE_SHIPPING, ("Still to be paid", "64.11\u00a0USD")),
        (RELEASED_EARLY, ("Of the price paid out already", "70 %")),
    ],
    ids=["deposit", "released"],
)
def test_the_page_of_an_order_says_how_far_it_is_paid(payment, row):
    ledger = shop_in_steps(payment)
    name = accepted(ledger)
    if payment is RELEASED_EARLY:
        ledger.must(MERCHANT, ShipOrder(order=name))
        ledger.must("carrier", ConfirmDelivery(order=name))

    label, said = row
    assert rows_of(ledger, name)[label] == said
    assert len(rows_of(ledger, name)) == 2
