"""Returns: the buyer asks, the merchant answers, and silence has a meaning.

    delivered ──request, by the buyer──▶ returning ──approve, by the merchant──▶ refunded, delivered again
                                           │  └──refuse, by the merchant──▶ contested ──▶ (split, or goodwill)
                                           │ time runs out: refunded          │ time runs out: the sale stands if
                                           ▼                                  ▼ delivery was confirmed, else refunded
                                        delivered                          delivered

Who is silent gives way, so no return can keep the money in escrow for ever.

Of an order at a kept rate a refund that nobody exchanges now, for what there is, waits for somebody who does, whoever
has answered or been silent: a merchant could choose a day without a rate else, and a buyer's friend name one that
nobody pays. It is tried again and again, by itself; when the time for it is over the buyer has what stands behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, structs

from sogdia.kernel.refusal import require
from sogdia.kernel.values import Hash  # noqa: TC001 - the type of a field is read while the program runs
from sogdia.modules.market.causes import Cause, CauseNumber
from sogdia.modules.market.escrow import waits_for_a_rate, was_at_rate
from sogdia.modules.market.events import RefundWaits, ReturnDropped, ReturnRefused, ReturnRequested
from sogdia.modules.market.orders import OrderOperation, advance, buyer_order, merchant_order
from sogdia.modules.market.records import LINES_MAX, RULES, LineQuantity, Order, OrderState
from sogdia.modules.market.refunds import check_wanted, refund_lines, require_returnable, worth_of
from sogdia.modules.market.refusals import MarketRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context

RATE_TRIES = 168
"""How often a refund is tried while it waits for a rate: of fourteen days, every two hours."""

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
        """Refund the lines, or let them wait for a rate; the rest of the time for returns goes on."""
        order = merchant_order(ctx, self.order, OrderState.RETURNING, OrderState.CONTESTED)

        answer_for_the_merchant(ctx, self.order, order, LINES_MAX)


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


class TakeUnexchanged(OrderOperation, tag=444):
    """Take a refund that waits for a rate now: in the merchant's money alone, unless it can be exchanged after all."""

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Refund what waits; the rest of the time for returns goes on."""
        order = buyer_order(ctx, self.order, OrderState.REFUNDING)
        require(order.tries_at > 0, Refuse.NOTHING_WAITS, order=self.order)

        refunded = refund_lines(ctx, self.order, order, order.requested, order.return_cause, as_it_is=True)
        advance(ctx, self.order, order, delivered_again(refunded, ctx.time))


class RefundLines(OrderOperation, tag=423):
    """Refund quantities of lines out of escrow without being asked, for the cause that the merchant states.

    Of an order at a kept rate whose goods have left that is its own: else a merchant could be first with another one,
    and leave to the buyer what its bond stands for.
    """

    lines: Wanted
    return_cause: CauseNumber = Cause.MERCHANT

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
        if order.state != OrderState.ACCEPTED and was_at_rate(ctx, self.order):
            require(self.return_cause == Cause.MERCHANT, Refuse.CAUSE_IS_THE_BUYERS)
            worth = worth_of(ctx, self.order, self.lines)
            require(not waits_for_a_rate(ctx, self.order, worth, Cause.MERCHANT), Refuse.NOBODY_EXCHANGES)

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
        order, state=OrderState.DELIVERED, deadline=deadline, requested=(), return_cause=0, tries_at=0, split=None
    )


def answer_for_the_merchant(ctx: Context, name: bytes, order: Order, lines_max: int) -> None:
    """Refund what was asked, as many lines as one block allows; the order stays closed until the last."""
    now, later = order.requested[:lines_max], order.requested[lines_max:]
    in_time = order.tries_at == 0 or ctx.time <= order.deadline
    if in_time and waits_for_a_rate(ctx, name, worth_of(ctx, name, now), order.return_cause):
        wait_for_a_rate(ctx, name, order)
        return
    refunded = refund_lines(ctx, name, order, now, order.return_cause)
    if later:
        waited = order.tries_at > 0
        deadline = order.deadline if waited and in_time else order.deadline + 1
        left = structs.replace(
            refunded,
            state=OrderState.REFUNDING,
            requested=later,
            deadline=deadline,
            tries_at=min(ctx.time, deadline) if waited else 0,
        )
        advance(ctx, name, order, left)
        return
    advance(ctx, name, order, delivered_again(refunded, ctx.time))


def wait_for_a_rate(ctx: Context, name: bytes, order: Order) -> None:
    """Try again later, as long as a refund may wait for somebody who exchanges back."""
    window = RULES.must(ctx.state, None).windows.rate
    until = order.deadline if order.tries_at else ctx.time + window
    again = min(until, ctx.time + max(1, window // RATE_TRIES))
    waiting = structs.replace(order, state=OrderState.REFUNDING, deadline=until, tries_at=again)
    advance(ctx, name, order, waiting)
    if not order.tries_at:
        ctx.emit(RefundWaits(order=name, return_cause=order.return_cause, until=until))


def end_the_contest(ctx: Context, name: bytes, order: Order, lines_max: int) -> None:
    """End a contested return whose time has run out by what is known: whether delivery was confirmed."""
    if not order.delivery_confirmed:
        answer_for_the_merchant(ctx, name, order, lines_max)
        return
    advance(ctx, name, order, delivered_again(order, ctx.time))
    ctx.emit(ReturnDropped(order=name, lines=order.requested))
