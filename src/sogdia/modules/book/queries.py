"""Questions about the book."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from sogdia.kernel.operation import Query
from sogdia.kernel.values import NO_ACCOUNT, Account, AssetKey, Name, PositiveUnits, Seconds, Units
from sogdia.modules.book import finding
from sogdia.modules.book.prices import Price
from sogdia.modules.book.queues import queues_of
from sogdia.modules.book.records import OFFERS, LimitOffer, Pair, Side
from sogdia.modules.money import Asset, asset_asked_for, asset_of

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader

PRICES_MAX = 100


class PriceLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A price and how much of the base is offered at it."""

    price: Price
    units: Units


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """What a pair's book holds, the best prices first: what is sold, and what is bought."""

    base: Asset
    quote: Asset
    asks: list[PriceLevel]
    bids: list[PriceLevel]


class FoundPath(msgspec.Struct, frozen=True, kw_only=True):
    """A path with what is sent and what is received over it, to the unit, as books and cards stand."""

    path: list[Asset]
    cards: list[Name | None]
    """By which card each hop goes, or none when it goes by the book."""

    sent: Units
    received: Units
    crossings: int


class FoundPaths(msgspec.Struct, frozen=True, kw_only=True):
    """The paths that were found, the best first; `complete` says whether all that could lead on was looked at."""

    paths: list[FoundPath]
    complete: bool


class LimitOfferQuery(Query, tag="limit-offer"):
    """A limit offer."""

    name: Name

    def answer(self, state: Reader) -> LimitOffer | None:
        """Give the offer, or nothing when it is over."""
        return OFFERS.find(state, self.name)


class DepthQuery(Query, tag="depth"):
    """What is offered for a pair: the money first whose key comes first."""

    base: AssetKey
    quote: AssetKey
    limit: Annotated[int, Meta(ge=1, le=PRICES_MAX)] = 20

    def answer(self, state: Reader) -> Depth | None:
        """Give so many prices of each side, or nothing when one of them is no money."""
        base, quote = asset_asked_for(self.base), asset_asked_for(self.quote)
        if base is None or quote is None:
            return None
        pair = Pair(base, quote)
        asks, bids = (
            [
                PriceLevel(price=queue.price, units=queue.units)
                for queue in islice(queues_of(state, pair, side), self.limit)
            ]
            for side in (Side.SELL, Side.BUY)
        )
        return Depth(base=pair.base, quote=pair.quote, asks=asks, bids=bids)


class PathsQuery(Query, tag="paths"):
    """How to send one money and let another be received, by up to three books and rate cards, and what it takes.

    `received` says exactly how much is to arrive, or else `sent` exactly how much is sent. `payer` is who asks: a path
    that meets its own offers is none. What is over at the time `at` is left out.
    """

    asker: ClassVar[str] = "payer"
    moment: ClassVar[str] = "at"

    source: AssetKey
    target: AssetKey
    sent: PositiveUnits | None = None
    received: PositiveUnits | None = None
    payer: Account = NO_ACCOUNT
    at: Seconds = 0

    def answer(self, state: Reader) -> FoundPaths:
        """Give the best path of each length; none when neither amount, or no way, is there."""
        units = self.received or self.sent
        if units is None or self.source == self.target:
            return FoundPaths(paths=[], complete=True)
        asked = finding.Asked(self.source, self.target, units, self.received is not None, self.payer, self.at)
        found, complete = finding.search(state, asked)
        return FoundPaths(
            paths=[
                FoundPath(
                    path=[asset_of(each) for each in one.path],
                    cards=list(one.cards),
                    sent=one.sent,
                    received=one.received,
                    crossings=one.crossings,
                )
                for one in found
            ],
            complete=complete,
        )
