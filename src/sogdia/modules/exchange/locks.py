"""Locks: an order in two monies. The buyer's money and the provider's are set aside in one step, at a rate that holds.

    locked ──undo, whole or in part──▶ both sides go home, nobody has lost anything by the rate
      └────swap, when the goods leave──▶ the provider has the buyer's money, the order's escrow the merchant's

Nobody's solvency is needed, and no oracle: what is promised lies there. A lock lives as long as its order has not been
shipped, and no longer; the market calls here and nobody else. What a refund is worth after that stands in `repaying`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.exact import share, up
from sogdia.kernel.refusal import require
from sogdia.kernel.values import UNITS_MAX, owner_of
from sogdia.modules.exchange import bonds
from sogdia.modules.exchange.cards import accept, payment_by, take
from sogdia.modules.exchange.events import LockUndone, MoneySwapped, RateLocked
from sogdia.modules.exchange.rates import BASIS, cover_of, part_back, premium_for, premium_points
from sogdia.modules.exchange.records import LOCKS, RULES, SWAPPED, Lock, RateCard, Swapped
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse
from sogdia.modules.money import keep_promise, pass_on, require_may_receive, set_aside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader

LOCK_BYTES = 500
"""What a lock counts for in the sponsor's storage until its order is over, its share of the tree included."""


class Wanted(NamedTuple):
    """The rate that a buyer wants to be kept for an order: by which card, for how long, and what backs refunds."""

    card: bytes
    digest: bytes
    units: int
    seconds: int
    """How long the order may take to be shipped."""
    cover: int
    """The share of the payment that stays aside for refunds, by one of the card's covers; 0 for none."""
    merchant: bytes
    bond: int
    """The share of the order for which the merchant's bond stands by its terms."""
    pay_at_most: int


class Cost(NamedTuple):
    """What an order at a rate costs, in the money that the card takes."""

    payment: int
    premium: int
    cover_premium: int


class Backing(NamedTuple):
    """What an order at a rate costs the buyer, and what stands behind it."""

    cost: Cost
    cover: int
    """What the provider leaves aside for refunds after the swap, in the money that the card takes."""
    bond: int
    """How much of the merchant's bond stands for it, in the money that the card gives."""


def backing_for(state: Reader, card: RateCard, wanted: Wanted) -> Backing:
    """Give what an order would cost and rest on by a card as it stands; refuse what the card does not do."""
    terms = card.rates
    payment = payment_by(card, wanted.units)
    seconds = kept_for(state, wanted.seconds)
    points = premium_points(terms.premiums, seconds)
    require(points is not None, Refuse.LOCK_TOO_LONG, seconds=seconds)
    sold = cover_of(terms.covers, wanted.cover) if wanted.cover else None
    require(not wanted.cover or sold is not None, Refuse.COVER_NOT_SOLD, cover=wanted.cover)
    cost = Cost(payment, premium_for(payment, points or 0), 0 if sold is None else premium_for(payment, sold.premium))
    require(sum(cost) <= UNITS_MAX, Refuse.PAYMENT_TOO_LARGE, most=UNITS_MAX)
    total = sum(cost)
    require(total <= wanted.pay_at_most, Refuse.PAYMENT_ABOVE_MAXIMUM, payment=total, at_most=wanted.pay_at_most)
    require(wanted.bond >= terms.bond, Refuse.BOND_TOO_SMALL, least=terms.bond, bond=wanted.bond)
    return Backing(cost, share(payment, wanted.cover, BASIS), bonds.bond_for(wanted.units, wanted.bond))


def owed_by_merchant(premium: int, units: int, payment: int, bond: int) -> int:
    """Give what of a premium the bond of a merchant pays who does not ship, at the rate that was kept for it."""
    return min(bond, up(premium * units, payment))


def open_lock(ctx: Context, order: bytes, wanted: Wanted, payees: Iterable[tuple[bytes, int]]) -> None:
    """Keep a rate for an order of the sender's: set its payment aside, and `units` of the card's money for it.

    The lock has to last longer than the order may take to be shipped, by the network's margin. The buyer and everybody
    who may be paid from the escrow has to be able to receive the card's money now.
    """
    state, units = ctx.state, wanted.units
    found = accept(ctx, wanted.card, wanted.digest, units).card
    cost, _cover, bond = backing_for(state, found, wanted)

    total = sum(cost)
    set_aside(state, found.takes, total, ctx.sender, ((owner_of(wanted.card), total),), reference=order)
    for payee, part in ((ctx.sender, units), *payees):
        if part:
            require_may_receive(state, found.gives, payee, part)
    # After the buyer's own money: else anybody could find out what a merchant's bond has left.
    bonds.require_bond(ctx, wanted.merchant, found.gives, bond)
    sponsor = PARTIES.must(state, ctx.sender).sponsor
    quota.occupy(state, sponsor, LOCK_BYTES)
    take(ctx, wanted.card, found, units)
    bonds.bind(ctx, wanted.merchant, found.gives, bond)
    opened = Lock(
        card=wanted.card,
        takes=found.takes,
        gives=found.gives,
        payment=cost.payment,
        premium=cost.premium,
        units=units,
        undone=0,
        opened_at=ctx.time,
        premiums=found.rates.premiums,
        cover=wanted.cover,
        cover_premium=cost.cover_premium,
        merchant=wanted.merchant,
        bond=bond,
        sponsor=sponsor,
    )
    LOCKS.put(state, order, opened)

    ctx.emit(
        RateLocked(
            order=order,
            card=wanted.card,
            takes=found.takes,
            payment=cost.payment,
            premium=cost.premium,
            cover_premium=cost.cover_premium,
            gives=found.gives,
            units=units,
            bond=bond,
        )
    )


def kept_for(state: Reader, seconds: int) -> int:
    """Give how long a rate has to be kept for an order that may take so long to be shipped."""
    return seconds + RULES.must(state, None).lock_margin


def undo(ctx: Context, order: bytes, lock: Lock, units: int, *, by_buyer: bool = False) -> None:
    """Let a part of a lock go back, or all of it: the payment to the buyer with as much of the premiums.

    Somebody pays the provider for the time until now, since what could be had for nothing would be an option on the
    rate: a buyer who takes the order back, of the premium that it has paid; else the merchant, who has not shipped,
    out of its bond and up to that, at the rate that was kept. No other end costs the buyer anything.
    """
    buyer, provider = owner_of(order), owner_of(lock.card)
    cost = _part_of(lock, units)
    premium = _owed(ctx, lock, cost)
    owed = premium if by_buyer else 0
    in_given = 0 if by_buyer else owed_by_merchant(premium, lock.units, lock.payment, lock.bond)
    back = sum(cost) - owed
    keep_promise(ctx.state, lock.takes, back + owed, buyer, ((buyer, back), (provider, owed)))
    keep_promise(ctx.state, lock.gives, units, provider, ((provider, units),))
    keep_promise(ctx.state, lock.gives, in_given, lock.merchant, ((provider, in_given),))
    bonds.release(ctx, lock.merchant, lock.gives, in_given, used=in_given)
    left = structs.replace(lock, undone=lock.undone + units, bond=lock.bond - in_given)
    if left.undone == left.units:
        LOCKS.drop(ctx.state, order)
        quota.give_back(ctx.state, lock.sponsor, LOCK_BYTES)
        bonds.release(ctx, lock.merchant, lock.gives, left.bond, used=0)
    else:
        LOCKS.put(ctx.state, order, left)
    ctx.emit(
        LockUndone(
            order=order,
            card=lock.card,
            takes=lock.takes,
            payment_back=back,
            owed=owed,
            gives=lock.gives,
            units=units,
            merchant=lock.merchant,
            from_bond=in_given,
        )
    )


def swap(ctx: Context, order: bytes, lock: Lock) -> None:
    """Let the goods' leaving exchange the two sides: from now on the order is one in the merchant's money.

    What was paid for it, and what the provider and the merchant leave aside for refunds, stays known until it is over.
    """
    buyer, provider = owner_of(order), owner_of(lock.card)
    units = lock.units - lock.undone
    cost = _part_of(lock, units)
    total, cover = sum(cost), share(cost.payment, lock.cover, BASIS)
    keep_promise(ctx.state, lock.takes, total - cover, buyer, ((provider, total - cover),))
    if cover:
        pass_on(ctx.state, lock.takes, cover, buyer, provider)
    pass_on(ctx.state, lock.gives, units, provider, buyer)
    LOCKS.drop(ctx.state, order)
    swapped = Swapped(
        card=lock.card,
        takes=lock.takes,
        gives=lock.gives,
        paid=total,
        units=units,
        back=0,
        cover=cover,
        cover_used=0,
        merchant=lock.merchant,
        bond=lock.bond,
        bond_used=0,
        sponsor=lock.sponsor,
    )
    SWAPPED.put(ctx.state, order, swapped)
    ctx.emit(
        MoneySwapped(
            order=order,
            card=lock.card,
            takes=lock.takes,
            payment=cost.payment,
            premium=cost.premium,
            cover_premium=cost.cover_premium,
            cover=cover,
            gives=lock.gives,
            units=units,
        )
    )


def _part_of(lock: Lock, units: int) -> Cost:
    """Give what of all that was paid falls to so many of the units that have not gone back."""
    wholes = lock.payment, lock.premium, lock.cover_premium
    return Cost(*(part_back(each, lock.units, lock.undone, units) for each in wholes))


def _owed(ctx: Context, lock: Lock, cost: Cost) -> int:
    """Give what keeping the rate until now costs: all that was agreed when the last time has passed."""
    points = premium_points(lock.premiums, ctx.time - lock.opened_at)
    return cost.premium if points is None else min(cost.premium, premium_for(cost.payment, points))
