"""The money of an order under way: where it lies, and how it goes back.

It is held on the buyer's balance in the merchant's money. Of an order at a kept rate that is so from the moment the
goods leave; until then a lock holds it, on the buyer's balance in the money that it pays in and on the provider's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.values import owner_of
from sogdia.modules.exchange import LOCKS, swap, undo
from sogdia.modules.market.records import Order, OrderState
from sogdia.modules.money import keep_promise

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context

NOT_SHIPPED = (OrderState.PLACED, OrderState.ACCEPTED)


def pay_back(ctx: Context, name: bytes, order: Order, units: int, *, by_buyer: bool = False) -> bool:
    """Pay a part of the escrow back to the buyer, or all of it; tells whether that was in the merchant's money.

    What goes back before the goods have left goes back in the money in which it was paid.
    """
    lock = LOCKS.find(ctx.state, name) if order.state in NOT_SHIPPED and units else None
    if lock is not None:
        undo(ctx, name, lock, units, by_buyer=by_buyer)
        return False
    buyer = owner_of(name)
    keep_promise(ctx.state, order.asset, units, buyer, ((buyer, units),))
    return True


def goods_leave(ctx: Context, name: bytes) -> None:
    """Let the two sides of a kept rate change hands, if there is one."""
    lock = LOCKS.find(ctx.state, name)
    if lock is not None:
        swap(ctx, name, lock)
