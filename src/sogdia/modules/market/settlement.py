"""How an order ends: its money goes out in one step, then its lines leave the state and their root stays.

A closing of many lines may be spread over blocks; the money has moved by then and the order is closed to operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel import calendar, quota
from sogdia.kernel.codec import encode
from sogdia.kernel.exact import share
from sogdia.kernel.merkle import extend, root_of_peaks
from sogdia.kernel.values import owner_of
from sogdia.modules.exchange import end_swap
from sogdia.modules.market.escrow import undo_escrow
from sogdia.modules.market.events import OrderClosed, OrderDigested, Payout
from sogdia.modules.market.listings import restock
from sogdia.modules.market.payees import escrow_units, in_escrow, payees, released_of
from sogdia.modules.market.records import (
    CLOSED_ORDERS,
    LINES,
    NOTHING,
    ORDERS,
    RESTOCKED,
    SOLD,
    ClosedOrder,
    Closing,
    FinalLine,
    Line,
    Order,
    OrderState,
    Outcome,
    Parts,
)
from sogdia.modules.money import keep_promise

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context

NO_LIMIT = 2**31
LINE_BYTES = 200
"""What a line of an open order counts for in the sponsor's storage, its share of the tree included."""

WRITES_A_LINE = 2
WRITES_APART_FROM_LINES = 40
"""Money to nine payees and those of a rate, calendar, quota, order and digest: what a step writes besides its lines."""

FOR_THE_BUYER = frozenset({Outcome.CANCELLED, Outcome.NOT_DELIVERED})
"""How an order ends whose whole escrow is the buyer's."""

FOR_THE_MERCHANT = frozenset({Outcome.FORFEITED, Outcome.REFUSED})
"""How an order ends whose whole escrow is the merchant's: the deposit of a buyer who did not go on."""


def close(  # noqa: PLR0913 - how an order ends, and how much of the work is done now
    ctx: Context,
    name: bytes,
    order: Order,
    outcome: Outcome,
    *,
    writes_max: int = NO_LIMIT,
    to_buyer: int = 0,
    by_buyer: bool = False,
) -> None:
    """End an order: pay everybody, then digest its lines as far as `writes_max` allows.

    `by_buyer` says that the buyer takes it back, who then pays for a rate that was kept.
    """
    escrow, units = in_escrow(order), escrow_units(order)
    if outcome in FOR_THE_MERCHANT:
        rest = parts_after(escrow, escrow.total() - units)
        payouts = _pay_out(ctx, name, order, units, ((order.merchant, units),))
    else:
        rest = NOTHING if outcome in FOR_THE_BUYER else parts_after(escrow, escrow.total() - units + to_buyer)
        payouts = _divide(ctx, name, order, units, rest, by_buyer=by_buyer)
    end_swap(ctx, name)
    refunded = order.refunded.plus(escrow.minus(rest))
    ctx.emit(OrderClosed(order=name, outcome=outcome, paid=order.paid, refunded=refunded, payouts=payouts))
    paid_out = structs.replace(
        order, state=OrderState.CLOSING, refunded=refunded, balance_due=0, requested=(), split=None
    )
    digest(ctx, name, paid_out, Closing(outcome, 1, ()), writes_max)


def _divide(  # noqa: PLR0913 - what is paid to whom, and why
    ctx: Context, name: bytes, order: Order, units: int, rest: Parts, *, by_buyer: bool
) -> tuple[Payout, ...]:
    """Pay the escrow out, `rest` of it to all who are paid; what goes back by a lock is told by that."""
    buyer = owner_of(name)
    if rest == NOTHING:
        in_its_money = undo_escrow(ctx, name, order, units, by_buyer=by_buyer)
        return (Payout(buyer, units),) if units and in_its_money else ()
    before = released_of(order, order.paid.minus(order.refunded).price)
    payouts = ((buyer, units - rest.total()), *payees(order, rest, before))
    return _pay_out(ctx, name, order, units, payouts)


def _pay_out(
    ctx: Context, name: bytes, order: Order, units: int, payouts: tuple[tuple[bytes, int], ...]
) -> tuple[Payout, ...]:
    keep_promise(ctx.state, order.asset, units, owner_of(name), payouts)
    return tuple(Payout(account, part) for account, part in payouts if part)


def digest(ctx: Context, name: bytes, order: Order, closing: Closing, writes_max: int) -> None:
    """Take final lines out of the state and into the root; after the last one the digest replaces the order."""
    state = ctx.state
    take = max(1, (writes_max - WRITES_APART_FROM_LINES) // WRITES_A_LINE)
    stop = min(order.lines + 1, closing.next_line + take)
    peaks = closing.peaks
    all_back, restocked = closing.outcome not in SOLD, closing.outcome in RESTOCKED
    for number in range(closing.next_line, stop):
        line = LINES.must(state, (name, number))
        if restocked and line.returned < line.quantity:
            restock(state, line.listing, line.variant, line.quantity - line.returned)
        final = final_line(number, line, all_back=all_back)
        peaks = extend(peaks, number - 1, encode(final))
        LINES.drop(state, (name, number))
    quota.give_back(state, order.sponsor, LINE_BYTES * (stop - closing.next_line))
    due_object = ORDERS.full_key(name)
    if stop <= order.lines:
        deadline = max(order.deadline, ctx.time - 1) + 1
        calendar.move(state, order.due, deadline, due_object)
        closing = Closing(closing.outcome, stop, peaks)
        ORDERS.put(state, name, structs.replace(order, closing=closing, deadline=deadline, due=deadline))
        return
    calendar.unschedule(state, order.due, due_object)
    root = root_of_peaks(peaks)
    ORDERS.drop(state, name)
    digested = ClosedOrder(
        merchant=order.merchant,
        asset=order.asset,
        outcome=closing.outcome,
        paid=order.paid,
        refunded=order.refunded,
        lines=order.lines,
        lines_root=root,
        closed_at=ctx.time,
        history=order.history,
    )
    CLOSED_ORDERS.put(state, name, digested)
    ctx.emit(OrderDigested(order=name, lines_root=root))


def final_line(number: int, line: Line, *, all_back: bool) -> FinalLine:
    """Give a line as it stands in the root."""
    returned = line.quantity if all_back else line.returned
    return FinalLine(number, line.listing, line.variant, line.quantity, line.paid, line.promotion, returned)


def parts_after(escrow: Parts, to_buyer: int) -> Parts:
    """Give what is left of each part when the buyer gets `to_buyer` of the whole; freight and tax round down."""
    total = escrow.total()
    if to_buyer == 0:
        return escrow
    if to_buyer == total:
        return NOTHING
    rest = total - to_buyer
    freight = share(escrow.freight, rest, total)
    tax = share(escrow.tax, rest, total)
    price = rest - freight - tax
    if price > escrow.price:
        freight += min(price - escrow.price, escrow.freight - freight)
        price = escrow.price
    return Parts(price, freight, rest - price - freight)
