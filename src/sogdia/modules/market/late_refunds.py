"""Refunds after an order is settled: the merchant pays from what it has, and the line's limit still holds.

The line itself has left the state; the merchant shows it together with its path to the root that stayed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, structs

from sogdia.kernel.codec import encode
from sogdia.kernel.merkle import root_from_path
from sogdia.kernel.operation import UNKNOWN_MONEY
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Hash, Quantity, owner_of
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.events import LineFact, LinesRefunded
from sogdia.modules.market.orders import OrderOperation
from sogdia.modules.market.pricing import refund_parts, refund_promotion
from sogdia.modules.market.records import CLOSED_ORDERS, FinalLine, Outcome
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.money import asset_key, move

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader

PATH_MAX = 11


class RefundLate(OrderOperation, tag=426):
    """Refund a quantity of a line of a settled order, from the merchant's own money."""

    line: FinalLine
    path: Annotated[tuple[Hash, ...], Meta(max_length=PATH_MAX)]
    quantity: Quantity

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:
        """Give what is refunded: unlike a refund before settlement it comes out of the merchant's own money.

        More than is left of the line is refused when it is applied; here it counts as the whole line. In which money an
        order was paid is not told to others, by their own limits and caps neither.
        """
        closed = CLOSED_ORDERS.find(state, self.order)
        line = self.line
        within = line.returned + self.quantity <= line.quantity
        parts = refund_parts(line.paid, line.quantity, line.returned, self.quantity) if within else line.paid
        own = closed is not None and closed.merchant == sender
        return asset_key(closed.asset) if closed is not None and own else UNKNOWN_MONEY, parts.total()

    def apply(self, ctx: Context) -> None:
        """Pay the buyer and replace the root, so that no unit is refunded twice."""
        closed = CLOSED_ORDERS.get(ctx.state, self.order, Refuse.CLOSED_ORDER_UNKNOWN, order=self.order)
        require(ctx.sender == closed.merchant, Refuse.SENDER_NOT_MERCHANT, order=self.order)
        require(closed.outcome == Outcome.SETTLED, Refuse.NOT_SETTLED_BY_LINE, outcome=Outcome(closed.outcome).name)
        line = self.line
        index = line.number - 1
        shown = root_from_path(encode(line), index, closed.lines, self.path)
        require(shown == closed.lines_root, Refuse.LINE_NOT_PROVEN, line=line.number)
        left = line.quantity - line.returned
        require(self.quantity <= left, Refuse.RETURN_TOO_LARGE, line=line.number, left=left, asked=self.quantity)
        parts = refund_parts(line.paid, line.quantity, line.returned, self.quantity)
        buyer = owner_of(self.order)
        if parts.total():
            move(ctx.state, closed.asset, parts.total(), ctx.sender, buyer, refund=True)

        after = structs.replace(line, returned=line.returned + self.quantity)
        root = root_from_path(encode(after), index, closed.lines, self.path)
        changed = structs.replace(closed, refunded=closed.refunded.plus(parts), lines_root=root)
        CLOSED_ORDERS.put(ctx.state, self.order, changed)

        promotion = refund_promotion(line.promotion, line.quantity, line.returned, self.quantity)
        fact = LineFact(line.number, line.listing, line.variant, self.quantity, parts, promotion)
        ctx.emit(
            LinesRefunded(
                order=self.order, late=True, return_cause=Cause.REMORSE, to_buyer=parts.total(), lines=(fact,)
            )
        )
