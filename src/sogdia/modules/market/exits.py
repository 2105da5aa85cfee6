"""What happens to an order when its time runs out: one way out of every state, so that nothing is ever stuck.

    placed      not accepted in time      cancelled: everything back to the buyer
    accepted    not shipped in time       cancelled: everything back to the buyer
                the rest not paid in time forfeited: the deposit to the merchant; a freeze of the buyer puts it off
    shipped     nobody confirmed          taken as delivered, unconfirmed; the time for returns begins
                not paid at the door      not delivered: the deposit back to the buyer
    collected   cash not handed over      all of it staked: delivered, paid out of the stake
                                          else closed: all are paid as far as the stake goes; a freeze of the carrier
                                          puts it off
    delivered   no return asked           settled: everybody is paid
    returning   merchant did not answer   the asked lines are refunded
    contested   no agreement              delivery confirmed: the sale stands; else the asked lines are refunded
    refunding   more lines than a block   the next lines are refunded
                nobody exchanged them     the asked lines are refunded with what stands behind them
    closing     more lines than a block   the next lines are digested

The last two are closed to operations, so that nobody can step between two halves of one exit; but a buyer may take what
waits for a rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel.operation import Exit
from sogdia.kernel.refusal import Broken
from sogdia.modules.market import settlement
from sogdia.modules.market.cash import keep_cash
from sogdia.modules.market.deposits import forfeit
from sogdia.modules.market.orders import deliver, waits_for_balance
from sogdia.modules.market.records import ORDERS, Order, OrderState, Outcome
from sogdia.modules.market.returns import answer_for_the_merchant, end_the_contest

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context


def deadline_of(order: Order) -> int:
    """Give when something happens by itself: at the deadline, or, while a refund waits for a rate, at the next try."""
    return order.tries_at or order.deadline


def moved(order: Order, place: int) -> Order:
    """Give an order that stands elsewhere in the calendar."""
    return structs.replace(order, due=place)


def run_out(ctx: Context, name: bytes, order: Order, writes_max: int) -> None:
    """Take an order out of a state whose time has run out."""
    lines_max = max(1, writes_max - settlement.WRITES_APART_FROM_LINES)
    match order.state:
        case OrderState.ACCEPTED if waits_for_balance(order):
            forfeit(ctx, name, order, writes_max)
        case OrderState.PLACED | OrderState.ACCEPTED:
            settlement.close(ctx, name, order, Outcome.CANCELLED, writes_max=writes_max)
        case OrderState.SHIPPED if order.balance_due > 0:
            settlement.close(ctx, name, order, Outcome.NOT_DELIVERED, writes_max=writes_max)
        case OrderState.COLLECTED if order.carrier is not None:
            keep_cash(ctx, name, order, order.carrier, writes_max)
        case OrderState.SHIPPED:
            deliver(ctx, name, order, confirmed_by=None)
        case OrderState.DELIVERED:
            settlement.close(ctx, name, order, Outcome.SETTLED, writes_max=writes_max)
        case OrderState.RETURNING | OrderState.REFUNDING:
            answer_for_the_merchant(ctx, name, order, lines_max)
        case OrderState.CONTESTED:
            end_the_contest(ctx, name, order, lines_max)
        case OrderState.CLOSING if order.closing is not None:
            settlement.digest(ctx, name, order, order.closing, writes_max)
        case _:
            message = f"an order in state {order.state} has no way out"
            raise Broken(message)


ORDER_EXIT = Exit(ORDERS, deadline_of=deadline_of, apply=run_out, moved=moved)
