"""Awards: an arbitrator whom the terms name, and whom the buyer has seen before it ordered, decides what is contested.

    AwardSplit     a figure: the escrow is divided in the merchant's money, and the order is over
    AwardReturn    the return: the lines that were asked go back for the cause that the arbitrator finds, as if the
                   merchant had approved it; the rest of the time for returns goes on

A figure is of the escrow alone, whose parts it shortens for all who are paid out of it. A return of an order at a kept
rate reaches bond and cover, as its cause says: so no merchant keeps its bond by refusing what it should have approved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import structs

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Units, owner_of
from sogdia.modules.exchange import SWAPPED
from sogdia.modules.identity import Role
from sogdia.modules.market import settlement
from sogdia.modules.market.causes import CauseNumber  # noqa: TC001 - the type of a field is read while the program runs
from sogdia.modules.market.events import ReturnAwarded, SplitAwarded
from sogdia.modules.market.orders import OrderOperation, open_order
from sogdia.modules.market.records import LINES_MAX, Order, OrderState, Outcome
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import answer_for_the_merchant
from sogdia.modules.market.splits import require_in_escrow

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context


class AwardSplit(OrderOperation, tag=427):
    """Decide what the buyer gets back of a contested order: an arbitrator whom the terms name, and nobody else."""

    to_buyer: Units

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Settle by the figure."""
        order = arbitrated_order(ctx, self.order)
        require_in_escrow(order, self.to_buyer)

        ctx.emit(SplitAwarded(order=self.order, arbitrator=ctx.sender, to_buyer=self.to_buyer))
        settlement.close(ctx, self.order, order, Outcome.SPLIT, to_buyer=self.to_buyer)


class AwardReturn(OrderOperation, tag=445):
    """Decide that the goods go back that the buyer asks to return, and why: the arbitrator's cause counts."""

    return_cause: CauseNumber

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Refund the lines, or let them wait for a rate; the rest of the time for returns goes on."""
        order = arbitrated_order(ctx, self.order)

        ctx.emit(ReturnAwarded(order=self.order, arbitrator=ctx.sender, return_cause=self.return_cause))
        decided = structs.replace(order, return_cause=self.return_cause)
        answer_for_the_merchant(ctx, self.order, decided, LINES_MAX)


def arbitrated_order(ctx: Context, name: bytes) -> Order:
    """Give a contested order whose terms name the sender as an arbitrator, or refuse.

    Nobody judges who bears what comes of it: buyer, merchant, carrier, or who left a cover aside for the order.
    """
    order = open_order(ctx, name, OrderState.CONTESTED)
    named = any(each.account == ctx.sender for each in order.shares)
    arbitrates = named and bool(PARTIES.must(ctx.state, ctx.sender).roles & Role.ARBITRATOR)
    swapped = SWAPPED.find(ctx.state, name)
    provider = None if swapped is None else owner_of(swapped.card)
    is_a_side = ctx.sender in (owner_of(name), order.merchant, order.carrier, provider)
    require(arbitrates and not is_a_side, Refuse.SENDER_NOT_ARBITRATOR, order=name)
    return order
