"""The records of the book: offers, the queue of those at one price, and which prices there are."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Any, NamedTuple

from msgspec import Meta

from sogdia.kernel.codec import Record
from sogdia.kernel.digit_maps import DigitMap
from sogdia.kernel.parameters import no_key, show_no_key
from sogdia.kernel.state import Table
from sogdia.kernel.values import Account, AssetKey, Name, PositiveUnits, Seconds, Units
from sogdia.modules.book.prices import HIGHEST, RANK_BYTES, Price, quote_up, rank_of
from sogdia.modules.money import Asset, asset_key

ASSET_BYTES = 23
SIDE_BYTES = 2 * ASSET_BYTES + 1
NEIGHBOURS_MAX = 256

Rank = Annotated[bytes, Meta(min_length=RANK_BYTES, max_length=RANK_BYTES)]
Lifetime = Annotated[int, Meta(ge=1, le=400 * 86_400)]


class Side(IntEnum):
    """Which of a pair's two monies is offered."""

    SELL = 0
    BUY = 1


_SIDES = tuple(bytes((side,)) for side in Side)


class Validity(IntEnum):
    """What becomes of what is not exchanged at once (ISO 15022 calls it time in force)."""

    STANDS = 1
    """It stands in the book until it is taken, cancelled or over."""
    AT_ONCE = 2
    """It goes back."""
    ALL_OR_NOTHING = 3
    """Nothing is exchanged at all."""
    ONLY_STANDS = 4
    """Nothing may be exchanged at once: it waits for others, or is refused."""


class Pair(NamedTuple):
    """Two monies that are exchanged: the base is the one whose key comes first."""

    base: Asset
    quote: Asset


class BookRules(Record):
    """How long an offer may stand on this network."""

    lifetime_max: Lifetime


class LimitOffer(Record):
    """A standing offer to sell or buy the base of a pair at a price, or better. What it may pay is set aside."""

    base: Asset
    quote: Asset
    side: Annotated[int, Meta(ge=0, le=1)]
    price: Price
    left: PositiveUnits
    """How much of the base is not exchanged yet."""
    valid_until: Seconds
    before: Name | None
    """Who stands before it in the queue of its price. Of the first it means nothing: whoever stood there is gone."""
    behind: Name | None
    sponsor: Account
    """Whose storage the offer takes."""

    @property
    def pair(self) -> Pair:
        """Give the two monies."""
        return Pair(self.base, self.quote)

    @property
    def gives(self) -> Asset:
        """Give the money that it pays with."""
        return self.base if self.side == Side.SELL else self.quote

    @property
    def gets(self) -> Asset:
        """Give the money that it is paid in."""
        return self.quote if self.side == Side.SELL else self.base

    def backing(self, left: int) -> int:
        """Give what is set aside while so much of it is left."""
        return left if self.side == Side.SELL else quote_up(self.price, left)


class Queue(Record):
    """The offers of one side at one price, the oldest first, and how much of the base they have left together."""

    first: Name
    last: Name
    units: Units
    price: Price


class Best(Record):
    """The rank of a side's best price: where taking begins."""

    rank: Rank


class Neighbours(Record):
    """The monies for which a money is exchanged in some book now, sorted."""

    monies: Annotated[tuple[AssetKey, ...], Meta(min_length=1, max_length=NEIGHBOURS_MAX)]


def side_key(pair: Pair, side: int) -> bytes:
    """Give the prefix of a pair's side: base, quote, side."""
    return asset_key(pair.base) + asset_key(pair.quote) + _SIDES[side]


def place_of(pair: Pair, side: int, price: Price) -> bytes:
    """Give the place of a price's queue: the best of a side comes first."""
    return side_key(pair, side) + rank_in(side, price)


def rank_in(side: int, price: Price) -> bytes:
    """Give the rank of a price on a side, where the best comes first."""
    rank = rank_of(price)
    return (HIGHEST - rank if side else rank).to_bytes(RANK_BYTES, "big")


def _show_name(key: bytes) -> dict[str, Any]:
    return {"name": key}


def _show_side(key: bytes) -> dict[str, Any]:
    return {
        "base": key[:ASSET_BYTES],
        "quote": key[ASSET_BYTES : 2 * ASSET_BYTES],
        "side": int.from_bytes(key[2 * ASSET_BYTES : SIDE_BYTES], "big"),
    }


def _show_place(key: bytes) -> dict[str, Any]:
    return {**_show_side(key), "rank": key[SIDE_BYTES:]}


def _show_money(key: bytes) -> dict[str, Any]:
    return {"money": key}


RULES: Table[None, BookRules] = Table("book/rules", 100, BookRules, key=no_key, show_key=show_no_key)
OFFERS: Table[bytes, LimitOffer] = Table("book/offers", 101, LimitOffer, show_key=_show_name)
QUEUES: Table[bytes, Queue] = Table("book/queues", 102, Queue, show_key=_show_place)
PRICES: Table[bytes, DigitMap] = Table("book/prices", 103, DigitMap, show_key=_show_place)
BEST: Table[bytes, Best] = Table("book/best", 104, Best, show_key=_show_side)
NEIGHBOURS: Table[bytes, Neighbours] = Table("book/neighbours", 105, Neighbours, show_key=_show_money)
