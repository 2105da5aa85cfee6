"""An order's file: addresses, messages, evidence and papers of the trade hang on it, off the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.refusal import require
from sogdia.kernel.values import owner_of
from sogdia.modules.documents import Part, Participant, open_file
from sogdia.modules.market.orders import OrderOperation
from sogdia.modules.market.records import CLOSED_ORDERS, ORDERS
from sogdia.modules.market.refusals import MarketRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context


class OpenOrderFile(OrderOperation, tag=430):
    """Open the file of an order, open or closed, so that documents can be committed about it.

    The order's parties have a part in it, and keep it when the order is closed. A closed order no longer says who
    carried it, so a file that is opened late has no carrier.
    """

    def apply(self, ctx: Context) -> None:
        """Name who is who, and open the file."""
        known = ORDERS.find(ctx.state, self.order)
        carrier = None if known is None else known.carrier
        order = known or CLOSED_ORDERS.get(ctx.state, self.order, Refuse.ORDER_NEVER_PLACED, order=self.order)
        participants = [Participant(Part.BUYER, owner_of(self.order)), Participant(Part.MERCHANT, order.merchant)]
        if carrier is not None:
            participants.append(Participant(Part.CARRIER, carrier))
        accounts = [each.account for each in participants]
        require(ctx.sender in accounts, Refuse.SENDER_NOT_IN_ORDER, order=self.order)
        open_file(ctx, ORDERS.full_key(self.order), tuple(participants))
