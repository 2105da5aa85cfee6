"""Orders: from placed to delivered. What comes of them afterwards stands in `returns`, `splits` and `settlement`.

    placed ──accept──▶ accepted ──ship──▶ shipped ──deliver──▶ delivered ──▶ (returns, splits) ──▶ settled
      │ cancel, decline    │ decline         │ time runs out: taken
      │ time runs out      │ time runs out   │ as delivered, unconfirmed
      ▼                    ▼                 ▼
    cancelled           cancelled         delivered

Until the order is settled its money is held on the buyer's own balance: nobody can take it, and every state has a
deadline. What is not paid with the order, but before shipping or at the door, stands in `deposits` and `cash`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import msgspec
from msgspec import Meta, structs

from sogdia.kernel import calendar, quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.exact import share
from sogdia.kernel.operation import UNKNOWN_MONEY, Operation
from sogdia.kernel.receipt import NO_HISTORY
from sogdia.kernel.refusal import require
from sogdia.kernel.values import (
    UNITS_MAX,
    Account,
    BasisPoints,
    Hash,
    Name,
    PositiveUnits,
    Quantity,
    Reference,
    Units,
    name_of,
    owner_of,
)
from sogdia.modules.exchange import CARDS, Wanted, open_lock
from sogdia.modules.identity import active_party
from sogdia.modules.market import escrow, pricing, settlement
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.door_records import begin_record, door_record
from sogdia.modules.market.events import LineFact, OrderAccepted, OrderDelivered, OrderPlaced, OrderShipped
from sogdia.modules.market.listings import SHARE_BYTES
from sogdia.modules.market.payees import payees, release
from sogdia.modules.market.records import (
    CLOSED_ORDERS,
    LINES,
    LINES_MAX,
    LISTINGS,
    NOTHING,
    ORDERS,
    RULES,
    TERMS,
    VARIANTS,
    Line,
    LineNumber,
    LineQuantity,
    Order,
    OrderState,
    Outcome,
    Parts,
    RestPaid,
    Terms,
    Variant,
    VariantNumber,
)
from sogdia.modules.market.refunds import refund_lines
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.money import asset_key, require_may_receive, set_aside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, Table

ORDER_BYTES = 500
"""What an order, open or closed, counts for in the sponsor's storage, its share of the tree included."""


class OrderLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How many of which variant of which of the merchant's listings."""

    listing: Reference
    variant: VariantNumber
    quantity: Quantity


class PlaceOrder(Operation, tag=410):
    """Order goods of one merchant and set the money aside; refused when they now cost more than `pay_at_most`."""

    reference: Reference
    merchant: Account
    lines: Annotated[tuple[OrderLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    pay_at_most: Units
    commitment: Hash | None = None
    """The root over the private parts (address, messages) of the order, when it has any."""

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what may be set aside, in the money of the first line's listing; all lines come under its terms."""
        listing = LISTINGS.find(state, name_of(self.merchant, self.lines[0].listing))
        if listing is None:
            return UNKNOWN_MONEY, self.pay_at_most
        terms = TERMS.must(state, name_of(self.merchant, listing.terms))
        return asset_key(terms.asset), pricing.deposit_of(self.pay_at_most, terms.payment)

    def apply(self, ctx: Context) -> None:
        """Price the lines, set the money aside, take the goods out of stock."""
        priced = price_order(ctx, self.reference, self.merchant, self.lines, self.commitment)
        total = priced.total
        require(total <= self.pay_at_most, Refuse.PRICE_ABOVE_MAXIMUM, total=total, at_most=self.pay_at_most)

        set_deposit_aside(ctx, priced)
        write_order(ctx, priced)


class PlaceOrderAtRate(Operation, tag=417):
    """Order goods of one merchant and pay in another money, at the rate of a card that is kept until they leave.

    `pay_at_most` is in the money that the card takes, with the premiums for keeping the rate and for a cover.
    """

    reference: Reference
    merchant: Account
    lines: Annotated[tuple[OrderLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    card: Name
    digest: Hash
    pay_at_most: PositiveUnits
    cover: BasisPoints = 0
    """The share of the payment that stays aside for refunds, by one of the card's covers."""
    commitment: Hash | None = None
    """The root over the private parts (address, messages) of the order, when it has any."""

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - the same for all senders
        """Give what may be set aside, in the money that the card takes."""
        card = CARDS.find(state, self.card)
        return UNKNOWN_MONEY if card is None else asset_key(card.takes), self.pay_at_most

    def apply(self, ctx: Context) -> None:
        """Price the lines, set both monies aside, take the goods out of stock."""
        priced = price_order(ctx, self.reference, self.merchant, self.lines, self.commitment)
        order = priced.order
        card = CARDS.find(ctx.state, self.card)
        gives = order.asset if card is None else card.gives
        require(gives == order.asset, Refuse.CARD_GIVES_OTHER_MONEY, currency=order.asset.currency)
        require(order.payment is None, Refuse.WHOLE_PAYMENT_NEEDED)

        windows = RULES.must(ctx.state, None).windows
        wanted = Wanted(
            card=self.card,
            digest=self.digest,
            units=priced.total,
            seconds=windows.accept + windows.ship,
            cover=self.cover,
            merchant=order.merchant,
            bond=priced.bond,
            pay_at_most=self.pay_at_most,
        )
        open_lock(ctx, priced.name, wanted, payees(order, order.paid))
        write_order(ctx, priced)


class Priced(NamedTuple):
    """An order that can be placed: what it costs, and what becomes of the stock."""

    name: bytes
    order: Order
    total: int
    bond: int
    """For which share of it the merchant's bond stands, when it is paid in another money."""
    lines: list[Line]
    stocks: dict[tuple[bytes, int], Variant]


def price_order(
    ctx: Context, reference: str, merchant: bytes, asked: tuple[OrderLine, ...], commitment: bytes | None
) -> Priced:
    """Give the sender's order as it would be placed now, or refuse what cannot be had. Writes nothing."""
    state = ctx.state
    name = name_of(ctx.sender, reference)
    require(merchant != ctx.sender, Refuse.PARTIES_IDENTICAL)
    active_party(state, merchant)
    used = ORDERS.find(state, name) is not None or CLOSED_ORDERS.find(state, name) is not None
    require(not used, Refuse.ORDER_EXISTS, order=name)
    terms = order_terms(ctx, merchant, asked)
    lines, stocks = price_lines(ctx, merchant, asked, terms)
    paid = NOTHING
    for line in lines:
        paid = paid.plus(line.paid)
    total = paid.total()
    require(total > 0, Refuse.NOTHING_TO_PAY)
    require(total <= UNITS_MAX, Refuse.TOTAL_TOO_LARGE, most=UNITS_MAX)
    deadline = ctx.time + RULES.must(state, None).windows.accept
    order = Order(
        merchant=merchant,
        asset=terms.asset,
        carrier=terms.carrier,
        tax_collector=terms.tax_collector,
        platform=terms.platform,
        platform_fee=terms.platform_fee,
        shares=terms.shares,
        payment=terms.payment,
        balance_due=total - pricing.deposit_of(total, terms.payment),
        door_record=door_record(state, ctx.sender, terms.payment),
        state=OrderState.PLACED,
        deadline=deadline,
        due=deadline,
        lines=len(lines),
        paid=paid,
        refunded=NOTHING,
        commitment=commitment,
        sponsor=PARTIES.must(state, ctx.sender).sponsor,
        history=NO_HISTORY,
    )
    return Priced(name, order, total, terms.bond, lines, stocks)


def set_deposit_aside(ctx: Context, priced: Priced) -> None:
    """Set aside what the buyer pays with its order; everybody who is paid later has to be able to receive it now."""
    order, deposit = priced.order, priced.total - priced.order.balance_due
    rest = order.balance_due if waits_for_balance(order) else 0
    for_whom = payees(order, order.paid)
    set_aside(ctx.state, order.asset, deposit, ctx.sender, for_whom, reference=priced.name, to_follow=rest)
    if order.payment is not None:
        # A deposit that is forfeited is the merchant's alone; what is paid at the door is the buyer's if goods go back.
        for who, units in ((order.merchant, deposit), (ctx.sender, order.balance_due - rest)):
            if units:
                require_may_receive(ctx.state, order.asset, who, units)


def write_order(ctx: Context, priced: Priced) -> None:
    """Write down an order whose money has been set aside."""
    state = ctx.state
    name, order, _total, _bond, lines, stocks = priced
    taken = ORDER_BYTES + SHARE_BYTES * len(order.shares) + settlement.LINE_BYTES * len(lines)
    quota.occupy(state, order.sponsor, taken)
    if order.door_record is not None:
        begin_record(ctx, ctx.sender)
    for key, variant in stocks.items():
        VARIANTS.put(state, key, variant)
    for number, line in enumerate(lines, start=1):
        LINES.put(state, (name, number), line)
    ORDERS.put(state, name, order)
    calendar.schedule(state, order.deadline, ORDERS.full_key(name))

    ctx.emit(
        OrderPlaced(
            order=name,
            merchant=order.merchant,
            asset=order.asset,
            paid=order.paid,
            balance_due=order.balance_due,
            deadline=order.deadline,
            lines=tuple(
                LineFact(number, line.listing, line.variant, line.quantity, line.paid, line.promotion)
                for number, line in enumerate(lines, start=1)
            ),
        )
    )


class OrderOperation(Operation):
    """An operation about one order: if the order is overdue, its exit comes first."""

    order: Name

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the same for all senders
        """Name the order."""
        return ((ORDERS, self.order),)


class CancelOrder(OrderOperation, tag=411):
    """Take an order back that the merchant has not accepted yet. The buyer gets everything back.

    For a rate that was kept until then the buyer pays the premium of the time.
    """

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Cancel the order."""
        order = buyer_order(ctx, self.order, OrderState.PLACED)

        settlement.close(ctx, self.order, order, Outcome.CANCELLED, by_buyer=True)


class DeclineOrder(OrderOperation, tag=412):
    """Decline an order that has not been shipped. The buyer gets everything back."""

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Cancel the order."""
        order = merchant_order(ctx, self.order, OrderState.PLACED, OrderState.ACCEPTED)

        settlement.close(ctx, self.order, order, Outcome.CANCELLED)


class AcceptOrder(OrderOperation, tag=413):
    """Promise to ship an order, whole or without the declined lines, which are refunded at once."""

    declined: Annotated[tuple[LineNumber, ...], Meta(max_length=LINES_MAX)] = ()

    def check(self) -> None:
        """Refuse lines out of order."""
        require(all(a < b for a, b in pairwise(self.declined)), Refuse.LINES_NOT_IN_ORDER)

    def apply(self, ctx: Context) -> None:
        """Refund what is declined and start the time for shipping."""
        order = merchant_order(ctx, self.order, OrderState.PLACED)
        require(len(self.declined) < order.lines, Refuse.EVERY_LINE_DECLINED, lines=order.lines)

        if self.declined:
            order = decline_lines(ctx, self.order, order, self.declined)
        windows = RULES.must(ctx.state, None).windows
        deadline = ctx.time + (windows.pay if waits_for_balance(order) else windows.ship)
        advance(ctx, self.order, order, structs.replace(order, state=OrderState.ACCEPTED, deadline=deadline))

        ctx.emit(OrderAccepted(order=self.order, deadline=deadline))


class ShipOrder(OrderOperation, tag=414):
    """Say that the goods have left."""

    commitment: Hash | None = None
    """The hash of the shipping papers, when they are kept with the parties."""

    def apply(self, ctx: Context) -> None:
        """Start the time for delivery."""
        order = merchant_order(ctx, self.order, OrderState.ACCEPTED)
        require(not waits_for_balance(order), Refuse.BALANCE_DUE, due=order.balance_due)

        escrow.goods_leave(ctx, self.order)
        shipped = order if order.payment is None else release(ctx, self.order, order, order.payment.on_shipment)
        deadline = ctx.time + RULES.must(ctx.state, None).windows.deliver
        advance(ctx, self.order, order, structs.replace(shipped, state=OrderState.SHIPPED, deadline=deadline))

        ctx.emit(OrderShipped(order=self.order, deadline=deadline, commitment=self.commitment))


class ConfirmDelivery(OrderOperation, tag=415):
    """Say that the goods have arrived: the carrier or the buyer."""

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Start the time for returns."""
        order = open_order(ctx, self.order, OrderState.SHIPPED)
        require(ctx.sender in (order.carrier, owner_of(self.order)), Refuse.SENDER_NOT_RECEIVER)
        require(order.balance_due == 0, Refuse.BALANCE_DUE, due=order.balance_due)

        deliver(ctx, self.order, order, confirmed_by=ctx.sender)


class SettleOrder(OrderOperation, tag=416):
    """Waive the rest of the time for returns: everybody is paid now."""

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Settle the order."""
        order = buyer_order(ctx, self.order, OrderState.DELIVERED)

        settlement.close(ctx, self.order, order, Outcome.SETTLED)


def order_terms(ctx: Context, merchant: bytes, lines: tuple[OrderLine, ...]) -> Terms:
    """Give the terms that all lines come under, or refuse."""
    terms = ""
    for line in lines:
        listing = LISTINGS.get(ctx.state, name_of(merchant, line.listing), Refuse.LISTING_UNKNOWN, listing=line.listing)
        require(listing.open, Refuse.LISTING_CLOSED, listing=line.listing)
        terms = terms or listing.terms
        require(listing.terms == terms, Refuse.TERMS_DIFFER, listing=line.listing, terms=listing.terms)
    return TERMS.must(ctx.state, name_of(merchant, terms))


def price_lines(
    ctx: Context, merchant: bytes, asked: tuple[OrderLine, ...], terms: Terms
) -> tuple[list[Line], dict[tuple[bytes, int], Variant]]:
    """Give the priced lines, and the variants with what is left in stock; refuse what cannot be had."""
    stocks: dict[tuple[bytes, int], Variant] = {}
    prices = []
    for line in asked:
        key = (name_of(merchant, line.listing), line.variant)
        variant = stocks.get(key) or VARIANTS.get(
            ctx.state, key, Refuse.VARIANT_UNKNOWN, listing=line.listing, variant=line.variant
        )
        offer = variant.offer
        require(
            line.quantity >= offer.minimum,
            Refuse.QUANTITY_BELOW_MINIMUM,
            listing=line.listing,
            minimum=offer.minimum,
            asked=line.quantity,
        )
        require(
            line.quantity <= variant.stock,
            Refuse.STOCK_INSUFFICIENT,
            listing=line.listing,
            stock=variant.stock,
            asked=line.quantity,
        )
        price, promotion = pricing.price_of(offer, line.quantity, ctx.time)
        require(price + promotion <= UNITS_MAX, Refuse.TOTAL_TOO_LARGE, most=UNITS_MAX)
        stocks[key] = Variant(offer=offer, stock=variant.stock - line.quantity)
        prices.append((key, offer, line.quantity, price, promotion))
    return share_freight(prices, terms.freight_per_order), stocks


def share_freight(prices: list[tuple[tuple[bytes, int], Any, int, int, int]], freight: int) -> list[Line]:
    """Divide the freight of the order among the lines by their prices, so that the shares add up to it."""
    total = sum(price for _key, _offer, _quantity, price, _promotion in prices)
    lines: list[Line] = []
    behind = 0
    for (listing, number), offer, quantity, price, promotion in prices:
        if total:
            own = share(freight, behind + price, total) - share(freight, behind, total)
        else:
            own = 0 if lines else freight
        behind += price
        paid: Parts = pricing.line_parts(offer, quantity, price, own)
        lines.append(
            Line(listing=listing, variant=number, quantity=quantity, paid=paid, promotion=promotion, returned=0)
        )
    return lines


def decline_lines(ctx: Context, name: bytes, order: Order, declined: tuple[int, ...]) -> Order:
    """Refund the lines that the merchant does not accept."""
    wanted = []
    for number in declined:
        line = LINES.get(ctx.state, (name, number), Refuse.LINE_UNKNOWN, line=number)
        wanted.append(LineQuantity(number, line.quantity))
    return refund_lines(ctx, name, order, tuple(wanted), Cause.MERCHANT)


def open_order(ctx: Context, name: bytes, *states: OrderState) -> Order:
    """Give an open order in one of the states, or refuse."""
    order = ORDERS.get(ctx.state, name, Refuse.ORDER_UNKNOWN, order=name)
    if order.state not in states:
        require(order.state != OrderState.CLOSING, Refuse.ORDER_CLOSING, order=name)
        require(condition=False, code=Refuse.ORDER_STATE_WRONG, state=OrderState(order.state).name, order=name)
    return order


def buyer_order(ctx: Context, name: bytes, *states: OrderState) -> Order:
    """Give an order of the sender's in one of the states, or refuse."""
    order = open_order(ctx, name, *states)
    require(ctx.sender == owner_of(name), Refuse.SENDER_NOT_BUYER, order=name)
    return order


def merchant_order(ctx: Context, name: bytes, *states: OrderState) -> Order:
    """Give an order that was placed with the sender in one of the states, or refuse."""
    order = open_order(ctx, name, *states)
    require(ctx.sender == order.merchant, Refuse.SENDER_NOT_MERCHANT, order=name)
    return order


def waits_for_balance(order: Order) -> bool:
    """Tell whether the buyer has to pay the rest before the goods leave."""
    before = order.payment is not None and order.payment.rest_paid == RestPaid.BEFORE_SHIPPING
    return before and order.balance_due > 0


def advance(ctx: Context, name: bytes, before: Order, after: Order) -> None:
    """Write an order that has moved on. It stays where it stands in the calendar unless it is due before that.

    Most orders move on several times before they are due first, and each move would write four records.
    """
    next_at = after.tries_at or after.deadline
    if next_at < before.due:
        calendar.move(ctx.state, before.due, next_at, ORDERS.full_key(name))
        after = structs.replace(after, due=next_at)
    ORDERS.put(ctx.state, name, after)


def deliver(ctx: Context, name: bytes, order: Order, *, confirmed_by: bytes | None) -> None:
    """Start the time for returns; an exit takes an order that nobody confirmed as delivered."""
    until = ctx.time + RULES.must(ctx.state, None).windows.returns
    early = 0 if order.payment is None or confirmed_by is None else order.payment.on_delivery
    after = structs.replace(
        release(ctx, name, order, early) if early else order,
        state=OrderState.DELIVERED,
        deadline=until,
        return_until=until,
        delivery_confirmed=confirmed_by is not None,
    )
    advance(ctx, name, order, after)
    ctx.emit(OrderDelivered(order=name, confirmed_by=confirmed_by, return_until=until))
