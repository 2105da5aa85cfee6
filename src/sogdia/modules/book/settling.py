"""Carrying out what a sweep worked out: every unit that an offer gives or gets passes through what is set aside."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from sogdia.kernel import calendar, quota
from sogdia.kernel.values import owner_of
from sogdia.modules.book import queues
from sogdia.modules.book.events import LimitOfferEnded, LimitOfferFilled
from sogdia.modules.book.prices import is_worth
from sogdia.modules.book.records import OFFERS, LimitOffer, Side
from sogdia.modules.money import keep_promise, pass_on

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.modules.book.crossing import Fill, Sweep

OFFER_BYTES = 600
"""What an offer counts for in the sponsor's storage: its share of queue, prices, calendar and tree included."""


class Cause(IntEnum):
    """Why an offer ended without having been taken."""

    CANCELLED = 0
    TIME_PASSED = 1
    MAY_NOT = 2
    """Its owner is frozen, or may not receive what it asked for."""


def carry_out(ctx: Context, swept: Sweep, taker: bytes, payee: bytes | None) -> None:
    """Exchange what a sweep worked out. The taker has set aside what it pays.

    What the offers give goes to the payee; without one it stays set aside on the taker's balance, for what comes next.
    """
    for name, _offer in swept.ended:
        offer = OFFERS.must(ctx.state, name)
        end(ctx, name, offer, cause_of(ctx, offer))
    for fill in swept.fills:
        _exchange(ctx, fill, taker, payee)


def cause_of(ctx: Context, offer: LimitOffer) -> Cause:
    """Say why an offer that may not be taken is over."""
    return Cause.TIME_PASSED if ctx.time > offer.valid_until else Cause.MAY_NOT


def end(ctx: Context, name: bytes, offer: LimitOffer, cause: Cause) -> None:
    """Take an offer out of the book; what it had set aside is its owner's to spend again."""
    back = offer.backing(offer.left)
    _forget(ctx, name, offer)
    keep_promise(ctx.state, offer.gives, back, owner_of(name), ((owner_of(name), back),))
    ctx.emit(LimitOfferEnded(offer=name, returned=back, returned_in=offer.gives, cause=cause))


def _exchange(ctx: Context, fill: Fill, taker: bytes, payee: bytes | None) -> None:
    """Let an offer be taken in part or whole."""
    name, maker = fill.name, owner_of(fill.name)
    offer = OFFERS.must(ctx.state, name)
    left = offer.left - fill.base
    if not is_worth(offer.price, left):
        left = 0
    given, got = (fill.base, fill.quote) if offer.side == Side.SELL else (fill.quote, fill.base)
    back = offer.backing(offer.left) - given - (offer.backing(left) if left else 0)
    if left:
        queues.shrink(ctx.state, name, offer, left)
    else:
        _forget(ctx, name, offer)

    keep_promise(ctx.state, offer.gets, got, taker, ((maker, got),))
    if payee is None:
        pass_on(ctx.state, offer.gives, given, maker, taker)
        keep_promise(ctx.state, offer.gives, back, maker, ((maker, back),))
    else:
        keep_promise(ctx.state, offer.gives, given + back, maker, ((payee, given), (maker, back)))
    ctx.emit(
        LimitOfferFilled(
            offer=name,
            taker=taker,
            base=offer.base,
            base_units=fill.base,
            quote=offer.quote,
            quote_units=fill.quote,
            left=left,
            returned=back,
            returned_in=offer.gives,
        )
    )


def _forget(ctx: Context, name: bytes, offer: LimitOffer) -> None:
    queues.leave(ctx.state, name, offer)
    calendar.unschedule(ctx.state, offer.valid_until, OFFERS.full_key(name))
    quota.give_back(ctx.state, offer.sponsor, OFFER_BYTES)
