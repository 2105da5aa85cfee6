"""Taking offers: who comes to the book is served by the standing ones, best price first, the oldest of a price first.

A *sweep* is worked out from what stands there and writes nothing; then it is carried out to the unit, or not at all.
One of the two amounts of what is wished is exact:

                     exact base                 exact quote
    buy    pays ⌈base × price⌉ for each    gets ⌊quote / price⌋, the last pays what is left of the quote
    sell   gets ⌊base × price⌋ for each    pays ⌈quote / price⌉, the last pays what is left to be got

So a standing offer never gets a worse price than its own, and whoever comes loses less than one minor unit of one of
the two monies for each offer that is taken. An offer that is over, or whose owner may not pay now, is met and ended.
What is left of an offer and worth too little to stand goes back to its owner.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.values import owner_of
from sogdia.modules.book import queues
from sogdia.modules.book.prices import base_down, base_up, is_worth, quote_down, quote_up
from sogdia.modules.book.records import LimitOffer, Pair, Side
from sogdia.modules.money import is_frozen_at, may_receive

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader
    from sogdia.modules.book.prices import Price

CROSSINGS_MAX = 50
"""So many offers one transaction meets, taken or ended."""


class Wish(NamedTuple):
    """What somebody comes with: the side taken, which amount is exact, how much of it, and the worst price if any."""

    pair: Pair
    buys: bool
    exact_base: bool
    amount: int
    worst: Price | None = None


class Fill(NamedTuple):
    """An offer that is taken, wholly or in part: so much of the base changes hands for so much of the quote."""

    name: bytes
    offer: LimitOffer
    base: int
    quote: int

    @property
    def unrounded(self) -> tuple[int, int]:
        """Give what its taker would give for what it gets were nothing rounded, as a fraction."""
        price = self.offer.price
        scale: int = 10**price.places
        sells = self.offer.side == Side.SELL
        return (self.base * price.digits, scale) if sells else (self.quote * scale, price.digits)


class Stop(IntEnum):
    """Why a sweep took no more."""

    SERVED = 0
    EMPTY = 1
    """Nobody offers anything more, or not at a price that was asked for."""
    OWN = 2
    """The next offer is of whoever comes."""
    SMALL = 3
    """What is left is worth too little at the next price."""
    LIMIT = 4
    """So many offers were met as one transaction may."""


class Sweep(NamedTuple):
    """What a wish meets."""

    fills: tuple[Fill, ...]
    ended: tuple[tuple[bytes, LimitOffer], ...]
    base: int
    quote: int
    left: int
    """What of the exact amount is not served."""
    stop: Stop


def sweep(state: Reader, wish: Wish, taker: bytes, time: int, most: int = CROSSINGS_MAX) -> Sweep:
    """Work out which offers a wish takes, meeting at most so many. Writes nothing."""
    fills: list[Fill] = []
    ended: list[tuple[bytes, LimitOffer]] = []
    base = quote = 0
    paid: dict[bytes, int] = {}
    left, stop = wish.amount, Stop.EMPTY
    for name, offer in queues.offers_of(state, wish.pair, Side.SELL if wish.buys else Side.BUY, wish.worst):
        if len(fills) + len(ended) == most:
            stop = Stop.LIMIT
            break
        if is_over(state, name, offer, time):
            ended.append((name, offer))
            continue
        if owner_of(name) == taker:
            stop = Stop.OWN
            break
        fill = _fill(wish, name, offer, left)
        if fill is None:
            stop = Stop.SMALL
            break
        owner = owner_of(name)
        gets = paid.get(owner, 0) + (fill.quote if offer.side == Side.SELL else fill.base)
        if not may_receive(state, offer.gets, owner, gets):
            ended.append((name, offer))
            continue
        paid[owner] = gets
        fills.append(fill)
        base, quote = base + fill.base, quote + fill.quote
        left -= fill.base if wish.exact_base else fill.quote
        if left == 0:
            stop = Stop.SERVED
            break
    return Sweep(tuple(fills), tuple(ended), base, quote, left, stop)


def is_over(state: Reader, name: bytes, offer: LimitOffer, time: int) -> bool:
    """Tell whether an offer may not be taken any more: its time has passed, or its owner may not pay with its money."""
    return time > offer.valid_until or is_frozen_at(state, owner_of(name), offer.gives, time)


def _fill(wish: Wish, name: bytes, offer: LimitOffer, left: int) -> Fill | None:
    """Give what is exchanged with one offer, or nothing when what is left is worth too little."""
    whole = offer.left
    round_quote = quote_up if wish.buys else quote_down
    if wish.exact_base:
        base = min(whole, left)
        quote = round_quote(offer.price, base)
    else:
        quote = round_quote(offer.price, whole)
        base = whole
        if quote > left:
            quote = left
            base = base_down(offer.price, quote) if wish.buys else base_up(offer.price, quote)
    enough = is_worth(offer.price, base) if wish.worst is not None else base > 0 and quote > 0
    return Fill(name, offer, base, quote) if enough else None
