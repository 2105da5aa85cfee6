"""What people do about orders under way: each action as the envelopes that somebody signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, DeclineOrder, SettleOrder, ShipOrder
from sogdia.modules.market.records import LineQuantity
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RefuseReturn, RequestReturn
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.simulate.payments.backing import Backing
from sogdia.simulate.payments.stage import Step
from sogdia.simulate.payments.trades import Action

if TYPE_CHECKING:
    from sogdia.modules.market.orders import OrderOperation
    from sogdia.simulate.payments.trades import Trade


def acts(trade: Trade, action: Action) -> list[Step]:
    """Give the envelopes of an action about an order. With something behind it a merchant has itself asked for refunds.

    What it refunds unasked needs somebody who exchanges it now; what it is asked for waits by itself.
    """
    order, about, cause = trade.name, f"{trade.reference}, {action}", trade.cause
    whole = tuple(LineQuantity(number, quantity) for number, quantity in enumerate(trade.quantities, start=1))
    part = (LineQuantity(1, max(1, trade.quantities[0] // 3)),)
    by_merchant: dict[Action, OrderOperation] = {
        Action.ACCEPT: AcceptOrder(order=order),
        Action.ACCEPT_IN_PART: AcceptOrder(order=order, declined=(2,)),
        Action.DECLINE: DeclineOrder(order=order),
        Action.SHIP: ShipOrder(order=order),
        Action.REFUND_PART: RefundLines(order=order, lines=part, return_cause=cause),
        Action.APPROVE: ApproveReturn(order=order),
        Action.REFUSE: RefuseReturn(order=order),
    }
    by_buyer: dict[Action, OrderOperation] = {
        Action.DELIVER: ConfirmDelivery(order=order),
        Action.SETTLE: SettleOrder(order=order),
        Action.REQUEST: RequestReturn(order=order, lines=whole, return_cause=cause),
    }
    if action is Action.REFUND_PART and trade.backing is not Backing.NOTHING:
        asked = RequestReturn(order=order, lines=part, return_cause=cause)
        return [
            Step((trade.buyer,), (asked,), about),
            Step((trade.merchant,), (by_merchant[Action.APPROVE],), about),
        ]
    if action is Action.PROPOSE:
        half = (trade.swapped_units - trade.refunded) // 2
        return [
            Step((trade.buyer,), (ProposeSplit(order=order, to_buyer=half),), about),
            Step((trade.merchant,), (AcceptSplit(order=order, to_buyer=half),), about),
        ]
    if action in by_merchant:
        return [Step((trade.merchant,), (by_merchant[action],), about)]
    return [Step((trade.buyer,), (by_buyer[action],), about)]
