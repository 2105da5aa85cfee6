"""Refunds out of escrow: line by line, part by part, exact to the unit. Goods that have not left go back into stock.

Every refund of an order under way passes here, whatever causes it: a declined line, a return, a merchant's goodwill.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel.refusal import require
from sogdia.modules.market.escrow import NOT_SHIPPED, pay_back
from sogdia.modules.market.events import LineFact, LinesRefunded
from sogdia.modules.market.listings import restock
from sogdia.modules.market.payees import released_of
from sogdia.modules.market.pricing import refund_parts, refund_promotion
from sogdia.modules.market.records import LINES, NOTHING, LineQuantity, Order, Parts
from sogdia.modules.market.refusals import MarketRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context


def require_returnable(ctx: Context, name: bytes, wanted: tuple[LineQuantity, ...]) -> None:
    """Refuse quantities that are not left of their lines."""
    for each in wanted:
        line = LINES.get(ctx.state, (name, each.line), Refuse.LINE_UNKNOWN, line=each.line)
        left = line.quantity - line.returned
        require(each.quantity <= left, Refuse.RETURN_TOO_LARGE, line=each.line, left=left, asked=each.quantity)


def check_wanted(wanted: tuple[LineQuantity, ...]) -> None:
    """Refuse lines out of order or named twice."""
    in_order = all(a.line < b.line for a, b in pairwise(wanted))
    require(wanted and in_order, Refuse.LINES_NOT_IN_ORDER)


def worth_of(ctx: Context, name: bytes, wanted: tuple[LineQuantity, ...]) -> int:
    """Give what quantities of lines are worth that go back next, in the merchant's money. Writes nothing."""
    worth = 0
    for each in wanted:
        line = LINES.must(ctx.state, (name, each.line))
        worth += refund_parts(line.paid, line.quantity, line.returned, each.quantity).total()
    return worth


def refund_lines(  # noqa: PLR0913 - what goes back, why, and in which of its ways
    ctx: Context, name: bytes, order: Order, wanted: tuple[LineQuantity, ...], cause: int, *, as_it_is: bool = False
) -> Order:
    """Pay quantities of lines back to the buyer; give the order with its new totals, which the caller writes.

    `as_it_is` says that the buyer does not want to wait for somebody who exchanges what goes back.
    """
    facts = []
    refunded = NOTHING
    for each in wanted:
        line = LINES.must(ctx.state, (name, each.line))
        parts = refund_parts(line.paid, line.quantity, line.returned, each.quantity)
        promotion = refund_promotion(line.promotion, line.quantity, line.returned, each.quantity)
        refunded = refunded.plus(parts)
        LINES.put(ctx.state, (name, each.line), structs.replace(line, returned=line.returned + each.quantity))
        if order.state in NOT_SHIPPED:
            restock(ctx.state, line.listing, line.variant, each.quantity)
        facts.append(LineFact(each.line, line.listing, line.variant, each.quantity, parts, promotion))
    after, to_buyer = _without(order, refunded)
    pay_back(ctx, name, order, to_buyer, cause, as_it_is=as_it_is)
    ctx.emit(LinesRefunded(order=name, late=False, return_cause=cause, to_buyer=to_buyer, lines=tuple(facts)))
    return after


def _without(order: Order, refunded: Parts) -> tuple[Order, int]:
    """Give an order without some more of its parts, and how much of these has to be paid back to the buyer.

    What the buyer has not set aside yet is taken off first. What has been paid out of the price stays paid out: of a
    price that comes back the buyer gets the share that is still in escrow.
    """
    price = order.paid.minus(order.refunded).price
    kept = released_of(order, price) - released_of(order, price - refunded.price)
    not_paid = min(order.balance_due, refunded.total())
    after = structs.replace(order, refunded=order.refunded.plus(refunded), balance_due=order.balance_due - not_paid)
    return after, refunded.total() - not_paid - kept
