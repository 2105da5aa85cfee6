"""Who is paid what out of an order's escrow, to the unit, and how much has been paid out before the end.

An order's escrow is what was paid without what came back, was paid out already, or has not been set aside yet. The
share of the price that was paid out before the end follows from the price that is left and from `Order.released` alone:
nothing has to be kept for it, and whatever comes back does so in its own proportion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel.exact import share
from sogdia.kernel.values import owner_of
from sogdia.modules.market.events import PartReleased, Payout
from sogdia.modules.market.pricing import BASIS
from sogdia.modules.market.records import Order, Parts
from sogdia.modules.money import keep_promise

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context


def released_of(order: Order, price: int) -> int:
    """Give what of a price has been paid out."""
    return share(price, order.released, BASIS)


def in_escrow(order: Order) -> Parts:
    """Give what of an order's parts can still be paid out or back, without regard to what has not been set aside."""
    left = order.paid.minus(order.refunded)
    return Parts(left.price - released_of(order, left.price), left.freight, left.tax)


def escrow_units(order: Order) -> int:
    """Give how much lies aside for an order."""
    return in_escrow(order).total() - order.balance_due


def payees(order: Order, escrow: Parts, before: int = 0) -> list[tuple[bytes, int]]:
    """Divide an escrow among all who are paid, when `before` of the price has been paid out already.

    Fees are shares of the whole price, each rounded down, and the merchant gets what is left of it: over all steps
    together exactly what it would have got in one.
    """
    shares: dict[bytes, int] = {}

    def pay(account: bytes | None, units: int) -> None:
        payee = order.merchant if account is None else account
        shares[payee] = shares.get(payee, 0) + units

    left, price = escrow.price, before + escrow.price
    for account, points in _takers(order):
        fee = min(left, share(price, points, BASIS) - share(before, points, BASIS))
        left -= fee
        pay(account, fee)
    pay(order.carrier, escrow.freight)
    pay(order.tax_collector, escrow.tax)
    pay(order.merchant, left)
    return list(shares.items())


def _takers(order: Order) -> list[tuple[bytes | None, int]]:
    fee = order.platform_fee if order.platform is not None else 0
    return [(order.platform, fee), *((each.account, each.points) for each in order.shares)]


def release(ctx: Context, name: bytes, order: Order, points: int) -> Order:
    """Pay a further share of the price out, as the terms say; give the order, which the caller writes."""
    after = structs.replace(order, released=order.released + points)
    price = order.paid.minus(order.refunded).price
    before = released_of(order, price)
    units = released_of(after, price) - before
    if units == 0:
        return after
    payouts = payees(order, Parts(units, 0, 0), before)
    keep_promise(ctx.state, order.asset, units, owner_of(name), tuple(payouts))
    told = tuple(Payout(account, part) for account, part in payouts if part)
    ctx.emit(PartReleased(order=name, released=after.released, payouts=told))
    return after
