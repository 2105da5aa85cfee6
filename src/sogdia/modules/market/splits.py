"""Splits: one side names what the buyer gets back, the other names the same figure, and the order is settled.

No arbitrator is needed for what two people agree on. A proposal binds nobody until the other side accepts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import structs

from sogdia.kernel.refusal import require
from sogdia.kernel.values import Units, owner_of
from sogdia.modules.market import settlement
from sogdia.modules.market.events import SplitProposed
from sogdia.modules.market.orders import OrderOperation, advance, open_order
from sogdia.modules.market.payees import escrow_units
from sogdia.modules.market.records import Order, OrderState, Outcome, Split
from sogdia.modules.market.refusals import MarketRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context

STATES = (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.RETURNING, OrderState.CONTESTED)


class ProposeSplit(OrderOperation, tag=424):
    """Propose that the buyer gets `to_buyer` of the escrow and the others the rest. Replaces an earlier proposal."""

    to_buyer: Units

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Write the proposal down."""
        order = party_order(ctx, self.order)
        require_in_escrow(order, self.to_buyer)

        advance(ctx, self.order, order, structs.replace(order, split=Split(ctx.sender, self.to_buyer)))

        ctx.emit(SplitProposed(order=self.order, proposer=ctx.sender, to_buyer=self.to_buyer))


class AcceptSplit(OrderOperation, tag=425):
    """Accept the other side's proposal, naming its figure; the order is settled by it."""

    to_buyer: Units

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Settle by the agreed figure."""
        order = party_order(ctx, self.order)
        split = order.split
        require(split is not None and split.to_buyer == self.to_buyer, Refuse.NOTHING_PROPOSED, to_buyer=self.to_buyer)
        require(split is not None and split.proposer != ctx.sender, Refuse.SPLIT_IS_OWN)
        require_in_escrow(order, self.to_buyer)

        settlement.close(ctx, self.order, order, Outcome.SPLIT, to_buyer=self.to_buyer)


def require_in_escrow(order: Order, units: int) -> None:
    """Refuse to give more than lies aside for an order."""
    escrow = escrow_units(order)
    require(units <= escrow, Refuse.SPLIT_TOO_LARGE, escrow=escrow, asked=units)


def party_order(ctx: Context, name: bytes) -> Order:
    """Give an order that can be split, of which the sender is a side, or refuse."""
    order = open_order(ctx, name, *STATES)
    require(ctx.sender in (owner_of(name), order.merchant), Refuse.SENDER_NOT_PARTY)
    return order
