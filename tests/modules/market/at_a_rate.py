"""The shop's usual order, paid in dinars: what it costs, and how it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.modules.market.orders import PlaceOrderAtRate
from tests.modules.exchange.bureau import card_name, digest, has_card
from tests.modules.market.shop import order

if TYPE_CHECKING:
    from sogdia.modules.market.orders import PlaceOrder
    from sogdia.testing.ledger import Ledger

PAYMENT = 28_183
"""9,159 cents at 3.077 fils a cent are 28,182.243 fils."""

PREMIUM = 113
"""40 basis points of it, 112.732, for an order that may take nine days to be shipped."""

TOTAL = PAYMENT + PREMIUM


def at_rate(ledger: Ledger, asked: PlaceOrder | None = None, **changes: Any) -> PlaceOrderAtRate:  # noqa: ANN401 - any field
    """The same order, paid in dinars by the dealer's card."""
    asked = asked or order(ledger)
    fields: dict[str, Any] = {
        "reference": asked.reference,
        "merchant": asked.merchant,
        "lines": asked.lines,
        "card": card_name(ledger),
        "digest": digest(ledger) if has_card(ledger) else bytes(32),
        "pay_at_most": TOTAL,
    }
    return PlaceOrderAtRate(**(fields | changes))
