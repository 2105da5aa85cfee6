"""The money of an order under way: where it lies, and how it goes back.

It is held on the buyer's balance in the merchant's money. Of an order at a kept rate that is so from the moment the
goods leave; until then a lock holds it, on the buyer's balance in the money that it pays in and on the provider's. What
goes back after that goes back by its cause: in the merchant's money, or in the buyer's as far as it reaches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.values import owner_of
from sogdia.modules.exchange import LOCKS, SWAPPED, has_to_wait, keep_given_money, repay, swap, undo
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.records import Order, OrderState
from sogdia.modules.money import keep_promise

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context

NOT_SHIPPED = (OrderState.PLACED, OrderState.ACCEPTED)


def pay_back(  # noqa: PLR0913 - what goes back, why, and in which of its ways
    ctx: Context, name: bytes, order: Order, units: int, cause: int, *, as_it_is: bool = False
) -> None:
    """Pay a part of the escrow back to the buyer, for a cause; before the goods have left as it was paid.

    `as_it_is` says that the buyer does not want to wait for somebody who exchanges it.
    """
    if units == 0:
        return
    if order.state in NOT_SHIPPED:
        undo_escrow(ctx, name, order, units)
        return
    swapped = SWAPPED.find(ctx.state, name)
    if swapped is None:
        _give_back(ctx, name, order, units)
    elif cause == Cause.REMORSE:
        keep_given_money(ctx, name, swapped, units)
    else:
        repay(ctx, name, swapped, units, merchant_bears=cause == Cause.MERCHANT, as_it_is=as_it_is)


def was_at_rate(ctx: Context, name: bytes) -> bool:
    """Say whether an order was paid in another money and its goods have left."""
    return SWAPPED.find(ctx.state, name) is not None


def waits_for_a_rate(ctx: Context, name: bytes, units: int, cause: int) -> bool:
    """Say whether so much of the escrow has to wait for somebody who exchanges it, for what stands behind it."""
    swapped = SWAPPED.find(ctx.state, name) if units and cause != Cause.REMORSE else None
    return swapped is not None and has_to_wait(ctx, name, swapped, units, merchant_bears=cause == Cause.MERCHANT)


def undo_escrow(ctx: Context, name: bytes, order: Order, units: int, *, by_buyer: bool = False) -> bool:
    """Pay a part of the escrow, or all of it, back as it was paid; tells whether that was in the merchant's money.

    `by_buyer` says that the buyer takes the order back, who then pays for a rate that was kept; else its merchant does.
    """
    lock = LOCKS.find(ctx.state, name) if units else None
    if lock is not None:
        undo(ctx, name, lock, units, by_buyer=by_buyer)
        return False
    _give_back(ctx, name, order, units)
    return True


def _give_back(ctx: Context, name: bytes, order: Order, units: int) -> None:
    buyer = owner_of(name)
    keep_promise(ctx.state, order.asset, units, buyer, ((buyer, units),))


def goods_leave(ctx: Context, name: bytes) -> None:
    """Let the two sides of a kept rate change hands, if there is one."""
    lock = LOCKS.find(ctx.state, name)
    if lock is not None:
        swap(ctx, name, lock)
