"""Refunds that wait: how tests bring one about, and how they let somebody exchange it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.modules.exchange.events import RefundedAtRate
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.records import OrderState
from tests.modules.market.backed import ALL, delivered, sells_back, sent_back
from tests.modules.market.shop import open_order, state_of

if TYPE_CHECKING:
    from sogdia.kernel.receipt import Receipt
    from sogdia.testing.ledger import Ledger


def waiting(ledger: Ledger, cause: Cause = Cause.MERCHANT) -> bytes:
    """Send all of an order back for a cause, on a day on which nobody exchanges."""
    name = delivered(ledger)
    sent_back(ledger, name, *ALL, cause=cause)
    assert state_of(ledger, name) == OrderState.REFUNDING
    return name


def try_again(ledger: Ledger, name: bytes, **card: Any) -> list[Receipt]:  # noqa: ANN401 - what `sells_back` takes
    """Let somebody exchange just before an order's next try, and the try happen."""
    ledger.wait(max(1, open_order(ledger, name).tries_at - ledger.time - 60))
    sells_back(ledger, **card)
    return ledger.wait(open_order(ledger, name).tries_at - ledger.time + 1)


def told(receipts: list[Receipt]) -> list[RefundedAtRate]:
    """What is told of refunds."""
    return [event for receipt in receipts for event in receipt.events if isinstance(event, RefundedAtRate)]
