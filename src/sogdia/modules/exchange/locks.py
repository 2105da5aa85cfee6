"""Locks: an order in two monies. The buyer's money and the provider's are set aside in one step, at a rate that holds.

    locked ──undo, whole or in part──▶ both sides go home, nobody has lost anything by the rate
      └────swap, when the goods leave──▶ the provider has the buyer's money, the order's escrow the merchant's

Nobody's solvency is needed, and no oracle: what is promised lies there. A lock lives as long as its order has not been
shipped, and no longer; the market calls here and nobody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.refusal import require
from sogdia.kernel.values import UNITS_MAX, owner_of
from sogdia.modules.exchange.cards import accept, take
from sogdia.modules.exchange.events import LockUndone, MoneySwapped, RateLocked
from sogdia.modules.exchange.rates import part_back, premium_for, premium_points
from sogdia.modules.exchange.records import LOCKS, RULES, Lock
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse
from sogdia.modules.money import keep_promise, pass_on, require_may_receive, set_aside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader

LOCK_BYTES = 500
"""What a lock counts for in the sponsor's storage, its share of the tree included."""


def open_lock(  # noqa: PLR0913 - what is locked, for whom and how long
    ctx: Context,
    order: bytes,
    *,
    card: bytes,
    digest: bytes,
    units: int,
    seconds: int,
    pay_at_most: int,
    payees: Iterable[tuple[bytes, int]],
) -> None:
    """Keep a rate for an order of the sender's: set its payment aside, and `units` of the card's money for it.

    `seconds` is how long the order may take to be shipped; the lock has to last longer, by the network's margin. The
    buyer and everybody who may be paid from the escrow has to be able to receive the card's money now.
    """
    accepted = accept(ctx, card, digest, units)
    found, payment = accepted.card, accepted.payment
    needed = kept_for(ctx.state, seconds)
    points = premium_points(found.rates.premiums, needed)
    require(points is not None, Refuse.LOCK_TOO_LONG, seconds=needed)
    premium = premium_for(payment, points or 0)
    total = payment + premium
    require(total <= UNITS_MAX, Refuse.PAYMENT_TOO_LARGE, most=UNITS_MAX)
    require(total <= pay_at_most, Refuse.PAYMENT_ABOVE_MAXIMUM, payment=total, at_most=pay_at_most)

    set_aside(ctx.state, found.takes, total, ctx.sender, ((accepted.provider, total),), reference=order)
    for payee, share in ((ctx.sender, units), *payees):
        if share:
            require_may_receive(ctx.state, found.gives, payee, share)
    sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
    quota.occupy(ctx.state, sponsor, LOCK_BYTES)
    take(ctx, card, found, units)
    opened = Lock(
        card=card,
        takes=found.takes,
        gives=found.gives,
        payment=payment,
        premium=premium,
        units=units,
        undone=0,
        opened_at=ctx.time,
        premiums=found.rates.premiums,
        sponsor=sponsor,
    )
    LOCKS.put(ctx.state, order, opened)

    ctx.emit(
        RateLocked(
            order=order,
            card=card,
            takes=found.takes,
            payment=payment,
            premium=premium,
            gives=found.gives,
            units=units,
        )
    )


def kept_for(state: Reader, seconds: int) -> int:
    """Give how long a rate has to be kept for an order that may take so long to be shipped."""
    return seconds + RULES.must(state, None).lock_margin


def undo(ctx: Context, order: bytes, lock: Lock, units: int, *, by_buyer: bool = False) -> None:
    """Let a part of a lock go back, or all of it: the payment to the buyer with as much of the premium.

    A buyer who takes the order back pays the provider for the time until now: what could be cancelled for nothing would
    be an option on the rate, which somebody has to bear. Whatever else ends the lock costs the buyer nothing.
    """
    buyer, provider = owner_of(order), owner_of(lock.card)
    payment, premium = part_back(lock.payment, lock, units), part_back(lock.premium, lock, units)
    owed = min(premium, _owed(ctx, lock)) if by_buyer else 0
    back = payment + premium - owed
    keep_promise(ctx.state, lock.takes, payment + premium, buyer, ((buyer, back), (provider, owed)))
    keep_promise(ctx.state, lock.gives, units, provider, ((provider, units),))
    undone = lock.undone + units
    if undone == lock.units:
        _end(ctx, order, lock)
    else:
        LOCKS.put(ctx.state, order, structs.replace(lock, undone=undone))
    ctx.emit(
        LockUndone(
            order=order,
            card=lock.card,
            takes=lock.takes,
            payment=payment,
            premium=premium - owed,
            owed=owed,
            gives=lock.gives,
            units=units,
        )
    )


def swap(ctx: Context, order: bytes, lock: Lock) -> None:
    """Let the goods' leaving exchange the two sides: from now on the order is one in the merchant's money alone."""
    buyer, provider = owner_of(order), owner_of(lock.card)
    units = lock.units - lock.undone
    payment, premium = part_back(lock.payment, lock, units), part_back(lock.premium, lock, units)
    total = payment + premium
    keep_promise(ctx.state, lock.takes, total, buyer, ((provider, total),))
    pass_on(ctx.state, lock.gives, units, provider, buyer)
    _end(ctx, order, lock)
    ctx.emit(
        MoneySwapped(
            order=order,
            card=lock.card,
            takes=lock.takes,
            payment=payment,
            premium=premium,
            gives=lock.gives,
            units=units,
        )
    )


def _owed(ctx: Context, lock: Lock) -> int:
    """Give what keeping the rate until now costs: all that was agreed when the last time has passed."""
    points = premium_points(lock.premiums, ctx.time - lock.opened_at)
    return lock.premium if points is None else premium_for(lock.payment, points)


def _end(ctx: Context, order: bytes, lock: Lock) -> None:
    LOCKS.drop(ctx.state, order)
    quota.give_back(ctx.state, lock.sponsor, LOCK_BYTES)
