"""Prices: exact decimals of twelve digits, as markets quote them, so that a price is a place in the book.

    price = digits / 10^places       minor units of the quote per minor unit of the base
    rank  = a number of six bytes    the order of two prices is that of their ranks; nothing is compared by division

What a price makes of an amount is rounded once, and always to the cost of whoever comes to the book: a standing offer
is never served worse than its price.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.exact import down, up
from sogdia.kernel.refusal import require
from sogdia.modules.book.refusals import BookRefusal as Refuse

DIGITS_MAX = 12
PLACES_MAX = 24
RANK_BYTES = 6
HIGHEST = 256**RANK_BYTES - 1

LEAST = 100
"""An offer is worth at least so many minor units of both monies, so that rounding costs at most a hundredth."""

_FULL: int = 10**DIGITS_MAX
_POWERS: tuple[int, ...] = tuple(10**places for places in range(PLACES_MAX + DIGITS_MAX))


class Price(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Minor units of the quote for one of the base: 413173 with 4 places is 41.3173. One price has one spelling."""

    digits: Annotated[int, Meta(ge=1, lt=10**DIGITS_MAX)]
    places: Annotated[int, Meta(ge=0, le=PLACES_MAX)]


def check_price(price: Price) -> None:
    """Refuse a price that could be written shorter."""
    require(price.places == 0 or price.digits % 10 != 0, Refuse.PRICE_NOT_SHORTEST)


def rank_of(price: Price) -> int:
    """Give a price's place among all prices: a number that rises with it."""
    noughts = DIGITS_MAX - len(str(price.digits))
    magnitude = PLACES_MAX + DIGITS_MAX - price.places - noughts
    return magnitude * _FULL + price.digits * _POWERS[noughts]


def ratio_of(rank: int) -> tuple[int, int]:
    """Give the price of a rank again: minor units of the quote for so many of the base."""
    magnitude, digits = divmod(rank, _FULL)
    return digits, _POWERS[PLACES_MAX + DIGITS_MAX - magnitude]


def quote_up(price: Price, base: int) -> int:
    """Give what so much of the base costs whoever buys it."""
    return up(base * price.digits, 10**price.places)


def quote_down(price: Price, base: int) -> int:
    """Give what whoever sells so much of the base gets."""
    return down(base * price.digits, 10**price.places)


def base_up(price: Price, quote: int) -> int:
    """Give what has to be sold to get so much of the quote."""
    return up(quote * 10**price.places, price.digits)


def base_down(price: Price, quote: int) -> int:
    """Give what so much of the quote buys."""
    return down(quote * 10**price.places, price.digits)


def is_exact(price: Price, base: int, quote: int) -> bool:
    """Tell whether two amounts are in the ratio of a price, and neither had to be rounded."""
    scale: int = 10**price.places
    return base * price.digits == quote * scale


def is_worth(price: Price, base: int) -> bool:
    """Tell whether so much of the base is enough to be offered at a price."""
    return base >= LEAST and quote_down(price, base) >= LEAST
