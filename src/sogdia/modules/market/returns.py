"""Returns: the buyer asks, the merchant answers, and silence has a meaning.

    delivered ──request, by the buyer──▶ returning ──approve, by the merchant──▶ refunded, delivered again
                                           │  └──refuse, by the merchant──▶ contested ──▶ (split, or goodwill)
                                           │ time runs out: refunded          │ time runs out: the sale stands if
                                           ▼                                  ▼ delivery was confirmed, else refunded
                                        delivered                          delivered

Who is silent gives way, so no return can keep the money in escrow for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, structs

from sogdia.kernel.refusal import require
from sogdia.kernel.values import Hash  # noqa: TC001 - the type of a field is read while the program runs
from sogdia.modules.market.causes import Cause, CauseNumber
from sogdia.modules.market.events import ReturnDropped, ReturnRefused, ReturnRequested
from sogdia.modules.market.orders import OrderOperation, advance, buyer_order, merchant_order
from sogdia.modules.market.records import LINES_MAX, RULES, LineQuantity, Order, OrderState
from sogdia.modules.market.refunds import check_wanted, refund_lines, require_returnable
from sogdia.modules.market.refusals import MarketRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context

Wanted = Annotated[tuple[LineQuantity, ...], Meta(min_length=1, max_length=LINES_MAX)]


class RequestReturn(OrderOperation, tag=420):
    """Ask to return quantities of lines within the time for returns, and say why."""

    lines: Wanted
    return_cause: CauseNumber = Cause.REMORSE

    reserved: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse lines out of order."""
        check_wanted(self.lines)

    def apply(self, ctx: Context) -> None:
        """Start the merchant's time to answer."""
        order = buyer_order(ctx, self.order, OrderState.DELIVERED)
        require(ctx.time <= order.return_until, Refuse.RETURN_TIME_OVER, until=order.return_until, time=ctx.time)
        require_returnable(ctx, self.order, self.lines)

        deadline = ctx.time + RULES.must(ctx.state, None).windows.answer
        after = structs.replace(
            order, state=OrderState.RETURNING, deadline=deadline, requested=self.lines, return_cause=self.return_cause
        )
        advance(ctx, self.order, order, after)

        ctx.emit(ReturnRequested(order=self.order, lines=self.lines, return_cause=self.return_cause, deadline=deadline))


class ApproveReturn(OrderOperation, tag=421):
    """Refund what the buyer asks to return, for the cause that the buyer states."""

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Refund the lines; the rest of the time for returns goes on."""
        order = merchant_order(ctx, self.order, OrderState.RETURNING, OrderState.CONTESTED)

        refunded = refund_lines(ctx, self.order, order, order.requested, order.return_cause)
        advance(ctx, self.order, order, delivered_again(refunded, ctx.time))


class RefuseReturn(OrderOperation, tag=422):
    """Refuse a return, with the hash of the reasons; the two have time to agree."""

    reason: Hash | None = None

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Start the time to agree."""
        order = merchant_order(ctx, self.order, OrderState.RETURNING)

        deadline = ctx.time + RULES.must(ctx.state, None).windows.agree
        advance(ctx, self.order, order, structs.replace(order, state=OrderState.CONTESTED, deadline=deadline))

        ctx.emit(ReturnRefused(order=self.order, deadline=deadline, reason=self.reason))


class RefundLines(OrderOperation, tag=423):
    """Refund quantities of lines out of escrow without being asked, for the cause that the merchant states."""

    lines: Wanted
    return_cause: CauseNumber = Cause.REMORSE

    def check(self) -> None:
        """Refuse lines out of order."""
        check_wanted(self.lines)

    def apply(self, ctx: Context) -> None:
        """Refund the lines; it counts towards a return that asks for the same lines."""
        order = merchant_order(
            ctx,
            self.order,
            OrderState.ACCEPTED,
            OrderState.SHIPPED,
            OrderState.DELIVERED,
            OrderState.RETURNING,
            OrderState.CONTESTED,
        )
        require_returnable(ctx, self.order, self.lines)

        refunded = refund_lines(ctx, self.order, order, self.lines, self.return_cause)
        given = {each.line: each.quantity for each in self.lines}
        requested = tuple(
            LineQuantity(each.line, each.quantity - given.get(each.line, 0))
            for each in order.requested
            if each.quantity > given.get(each.line, 0)
        )
        after = structs.replace(refunded, requested=requested)
        if order.requested and not requested:
            after = delivered_again(after, ctx.time)
        advance(ctx, self.order, order, after)


def delivered_again(order: Order, time: int) -> Order:
    """Give an order whose return is over: it is delivered, and the rest of the time for returns goes on."""
    deadline = max(order.return_until, time)
    return structs.replace(
        order, state=OrderState.DELIVERED, deadline=deadline, requested=(), return_cause=0, split=None
    )


def answer_for_the_merchant(ctx: Context, name: bytes, order: Order, lines_max: int) -> None:
    """Refund an unanswered return, as many lines as one block allows; the order stays closed until the last."""
    now, later = order.requested[:lines_max], order.requested[lines_max:]
    refunded = refund_lines(ctx, name, order, now, order.return_cause)
    if later:
        left = structs.replace(refunded, state=OrderState.REFUNDING, requested=later, deadline=order.deadline + 1)
        advance(ctx, name, order, left)
        return
    advance(ctx, name, order, delivered_again(refunded, ctx.time))


def end_the_contest(ctx: Context, name: bytes, order: Order, lines_max: int) -> None:
    """End a contested return whose time has run out by what is known: whether delivery was confirmed."""
    if not order.delivery_confirmed:
        answer_for_the_merchant(ctx, name, order, lines_max)
        return
    advance(ctx, name, order, delivered_again(order, ctx.time))
    ctx.emit(ReturnDropped(order=name, lines=order.requested))
