"""A shop on a test ledger: Bukhara sells silk and bowls, Nairobi buys, others are paid beside the merchant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.values import UNITS_MAX, name_of
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, PlaceOrder, SettleOrder, ShipOrder
from sogdia.modules.market.records import (
    CLOSED_ORDERS,
    LINES,
    ORDERS,
    VARIANTS,
    ClosedOrder,
    Line,
    LineQuantity,
    Offer,
    Order,
    OrderState,
)
from sogdia.modules.market.returns import RefuseReturn, RequestReturn
from sogdia.modules.money import balance
from sogdia.testing.ledger import START, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sogdia.kernel.receipt import Receipt

DAY = 86_400
MERCHANT = "bukhara"
BUYER = "nairobi"
BUYERS_MONEY = 1_000_000

SILK = Offer(price=1_999, freight_per_unit=150, tax=1_600)
BOWL = Offer(price=450, tax=800, promotion=1_000, promotion_until=START + 30 * DAY)
STOCK = 100
SILK_3 = OrderLine("silk", 1, 3)
BOWLS_2 = OrderLine("bowl", 1, 2)
BASKET = (SILK_3, BOWLS_2)
"""Three silks and two bowls. By hand:

            goods   promotion   price   freight          tax            paid
    silk     5997           0    5997   450 + 616 = 1066  1130 (1130.08)  8193
    bowls     900          90     810          84           72 (71.52)     966
    order                        6807        1150         1202           9159

Settled: the platform's 2.5 % of 6807 is 170 (170.175), so the merchant gets 6637.
"""

PAID = 9_159


def terms(ledger: Ledger, reference: str = "t1", **changes: Any) -> PublishTerms:  # noqa: ANN401 - any field
    """Terms under which a carrier, a platform and a tax collector are paid."""
    fields: dict[str, Any] = {
        "asset": ledger.asset(),
        "carrier": ledger.account("carrier"),
        "freight_per_order": 700,
        "tax_collector": ledger.account("treasury"),
        "platform": ledger.account("platform"),
        "platform_fee": 250,
    }
    return PublishTerms(reference=reference, **(fields | changes))


def listing(reference: str, of_terms: str = "t1", **changes: Any) -> OpenListing:  # noqa: ANN401 - any field
    """A listing of goods from Uzbekistan."""
    fields: dict[str, Any] = {
        "title": f"Handmade {reference}",
        "language": "en",
        "unit": "C62",
        "hs_code": "500720",
        "origin": "UZ",
    }
    return OpenListing(reference=reference, terms=of_terms, **(fields | changes))


def sell(ledger: Ledger, reference: str, offer: Offer, *, stock: int = STOCK, of_terms: str = "t1") -> None:
    """Let the merchant list goods of one variant, number 1."""
    ledger.must(
        MERCHANT,
        listing(reference, of_terms),
        AddVariant(listing=reference, variant=1, offer=offer, stock=stock),
    )


def open_shop(ledger: Ledger, **changes: Any) -> Ledger:  # noqa: ANN401 - any field of the terms
    """Let the merchant publish terms and list silk and bowls, and give the buyer money."""
    ledger.must(MERCHANT, terms(ledger, **changes))
    sell(ledger, "silk", SILK)
    sell(ledger, "bowl", BOWL)
    ledger.fund(BUYER, BUYERS_MONEY)
    return ledger


def order_name(ledger: Ledger, reference: str = "o1", buyer: str = BUYER) -> bytes:
    """The name of a buyer's order."""
    return name_of(ledger.account(buyer), reference)


def listing_name(ledger: Ledger, reference: str, merchant: str = MERCHANT) -> bytes:
    """The name of a merchant's listing."""
    return name_of(ledger.account(merchant), reference)


def order(
    ledger: Ledger,
    lines: Sequence[OrderLine] = BASKET,
    reference: str = "o1",
    *,
    merchant: str = MERCHANT,
    pay_at_most: int = UNITS_MAX,
) -> PlaceOrder:
    """An order with the shop."""
    return PlaceOrder(
        reference=reference, merchant=ledger.account(merchant), lines=tuple(lines), pay_at_most=pay_at_most
    )


def place(ledger: Ledger, lines: Sequence[OrderLine] = BASKET, reference: str = "o1", buyer: str = BUYER) -> bytes:
    """Place an order; give its name."""
    ledger.must(buyer, order(ledger, lines, reference))
    return order_name(ledger, reference, buyer)


def quantities(*pairs: tuple[int, int]) -> tuple[LineQuantity, ...]:
    """Quantities of lines, from (line, quantity)."""
    return tuple(LineQuantity(line, quantity) for line, quantity in pairs)


def bring(  # noqa: PLR0913 - the choices that a test makes about an order
    ledger: Ledger,
    state: OrderState,
    lines: Sequence[OrderLine] = BASKET,
    reference: str = "o1",
    *,
    confirmed: bool = True,
    wanted: Sequence[tuple[int, int]] = ((1, 1),),
) -> bytes:
    """Place an order and bring it into a state; `wanted` is what a return asks for."""
    name = place(ledger, lines, reference)
    if state >= OrderState.ACCEPTED:
        ledger.must(MERCHANT, AcceptOrder(order=name))
    if state >= OrderState.SHIPPED:
        ledger.must(MERCHANT, ShipOrder(order=name))
    if state >= OrderState.DELIVERED and confirmed:
        ledger.must("carrier", ConfirmDelivery(order=name))
    elif state >= OrderState.DELIVERED:
        ledger.wait(open_order(ledger, name).deadline - ledger.time + 1)
    if state >= OrderState.RETURNING:
        ledger.must(BUYER, RequestReturn(order=name, lines=quantities(*wanted)))
    if state >= OrderState.CONTESTED:
        ledger.must(MERCHANT, RefuseReturn(order=name))
    return name


def settled(ledger: Ledger, lines: Sequence[OrderLine] = BASKET, reference: str = "o1") -> bytes:
    """Bring an order to its settlement."""
    name = bring(ledger, OrderState.DELIVERED, lines, reference)
    ledger.must(BUYER, SettleOrder(order=name))
    return name


def brought_to(state: OrderState | None) -> Callable[[Ledger], bytes]:
    """What brings the usual order into a state, or to its settlement, for tables of refusals."""
    return settled if state is None else (lambda ledger: bring(ledger, state))


def open_order(ledger: Ledger, name: bytes) -> Order:
    """The record of an order under way."""
    found = ORDERS.find(ledger.state, name)
    assert found is not None, "the order is not open"
    return found


def closed_order(ledger: Ledger, name: bytes) -> ClosedOrder:
    """What stays of an order."""
    found = CLOSED_ORDERS.find(ledger.state, name)
    assert found is not None, "the order is not closed"
    return found


def line(ledger: Ledger, name: bytes, number: int) -> Line:
    """A line of an order under way."""
    return LINES.must(ledger.state, (name, number))


def state_of(ledger: Ledger, name: bytes) -> OrderState | None:
    """The state of an order, or nothing when it is not under way."""
    found = ORDERS.find(ledger.state, name)
    return None if found is None else OrderState(found.state)


def available(ledger: Ledger, who: str, currency: str = "USD") -> int:
    """What a party can spend."""
    return balance(ledger.state, ledger.account(who), ledger.asset(currency)).available


def held(ledger: Ledger, who: str = BUYER, currency: str = "USD") -> int:
    """What is set aside of a party's money."""
    return balance(ledger.state, ledger.account(who), ledger.asset(currency)).held


def stock(ledger: Ledger, reference: str, variant: int = 1) -> int:
    """How many are in stock."""
    return VARIANTS.must(ledger.state, (listing_name(ledger, reference), variant)).stock


def stored(ledger: Ledger, sponsor: str = "registrar") -> int:
    """How much storage a sponsor has used up."""
    return QUOTAS.must(ledger.state, ledger.account(sponsor)).stored_bytes


def money(ledger: Ledger) -> dict[str, int]:
    """What everybody who is paid for an order has available."""
    return {who: available(ledger, who) for who in (BUYER, MERCHANT, "platform", "carrier", "treasury")}


def events_of(receipt: Receipt) -> list[str]:
    """The names of a receipt's facts, in order."""
    return [type(event).__name__ for event in receipt.events]
