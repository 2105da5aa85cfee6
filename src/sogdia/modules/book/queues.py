"""Price, then time: queues of offers at one price, and the ordered set of the prices that a side has.

    prices  ──best first──▶ queue ──oldest first──▶ offer ⇄ offer ⇄ offer

Entering and leaving touch the offer, its neighbours in the queue and the queue, whatever the book's size; whoever is
first leaves without touching the next. A new price touches at most six nodes more, and the best price if it is better.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel import digit_maps
from sogdia.kernel.refusal import Broken, require
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.book.prices import HIGHEST, ratio_of
from sogdia.modules.book.records import (
    BEST,
    NEIGHBOURS,
    NEIGHBOURS_MAX,
    OFFERS,
    PRICES,
    QUEUES,
    SIDE_BYTES,
    Best,
    LimitOffer,
    Neighbours,
    Pair,
    Queue,
    Side,
    place_of,
    rank_in,
    side_key,
)
from sogdia.modules.book.refusals import BookRefusal as Refuse
from sogdia.modules.money import asset_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.state import Reader, State
    from sogdia.modules.book.prices import Price

SELLS, BUYS = bytes((Side.SELL,)), bytes((Side.BUY,))


def enter(state: State, name: bytes, offer: LimitOffer) -> None:
    """Put a new offer behind all others of its price. Refuses when its monies are in too many books.

    So it does when more would stand there than a record can hold: what somebody wants to buy is backed by its price
    alone, so at a low one much can be asked for with little.
    """
    place = place_of(offer.pair, offer.side, offer.price)
    queue = QUEUES.find(state, place)
    if queue is None:
        side, rank = place[:SIDE_BYTES], place[SIDE_BYTES:]
        best = BEST.find(state, side)
        if best is None and not is_open(state, offer.pair):
            _meet(state, offer.pair)
        digit_maps.mark(state, PRICES, place, SIDE_BYTES)
        if best is None or rank < best.rank:
            BEST.put(state, side, Best(rank=rank))
        QUEUES.put(state, place, Queue(first=name, last=name, units=offer.left, price=offer.price))
        OFFERS.put(state, name, offer)
        return
    units = queue.units + offer.left
    require(units <= UNITS_MAX, Refuse.PRICE_FULL, most=UNITS_MAX - queue.units)
    last = OFFERS.must(state, queue.last)
    OFFERS.put(state, queue.last, structs.replace(last, behind=name))
    OFFERS.put(state, name, structs.replace(offer, before=queue.last))
    QUEUES.put(state, place, structs.replace(queue, last=name, units=units))


def leave(state: State, name: bytes, offer: LimitOffer) -> None:
    """Take an offer out of the book."""
    place = place_of(offer.pair, offer.side, offer.price)
    queue = QUEUES.must(state, place)
    OFFERS.drop(state, name)
    before, behind = offer.before, offer.behind
    first, last = queue.first, queue.last
    if name == first:
        if behind is None:
            QUEUES.drop(state, place)
            _forget_price(state, offer.pair, place)
            return
        # Nearly all leave from here. Whoever is first now keeps its `before`: nobody looks at it any more.
        first = behind
    else:
        if before is None:
            raise Broken("an offer has lost who stands before it")
        OFFERS.put(state, before, structs.replace(OFFERS.must(state, before), behind=behind))
        if behind is None:
            last = before
        else:
            OFFERS.put(state, behind, structs.replace(OFFERS.must(state, behind), before=before))
    QUEUES.put(state, place, structs.replace(queue, first=first, last=last, units=queue.units - offer.left))


def shrink(state: State, name: bytes, offer: LimitOffer, left: int) -> None:
    """Let an offer have less left. Its price and its place in the queue stay."""
    place = place_of(offer.pair, offer.side, offer.price)
    queue = QUEUES.must(state, place)
    OFFERS.put(state, name, structs.replace(offer, left=left))
    QUEUES.put(state, place, structs.replace(queue, units=queue.units - offer.left + left))


def queues_of(state: Reader, pair: Pair, side: int, worst: Price | None = None) -> Iterator[Queue]:
    """Walk over a side's queues, the best price first, up to a worst one if it is named."""
    prefix = side_key(pair, side)
    best = BEST.find(state, prefix)
    if best is None:
        return
    last = None if worst is None else prefix + rank_in(side, worst)
    place: bytes | None = prefix + best.rank
    while place is not None and (last is None or place <= last):
        yield QUEUES.must(state, place)
        place = digit_maps.after(state, PRICES, place, SIDE_BYTES)


def offers_of(state: Reader, pair: Pair, side: int, worst: Price | None = None) -> Iterator[tuple[bytes, LimitOffer]]:
    """Walk over a side's offers in the order in which they are taken, up to a worst price if it is named."""
    for queue in queues_of(state, pair, side, worst):
        name: bytes | None = queue.first
        while name is not None:
            offer = OFFERS.must(state, name)
            yield name, offer
            name = offer.behind


def is_open(state: Reader, pair: Pair) -> bool:
    """Tell whether anybody offers anything for a pair."""
    return any(BEST.find(state, side_key(pair, side)) is not None for side in (Side.SELL, Side.BUY))


def best_ratio(state: Reader, gives: bytes, gets: bytes) -> tuple[int, int] | None:
    """Give the best price at which one money buys another in their book: so much given for so much got, or nothing.

    Of the two money keys the lesser is the base's: whoever gets the base takes from those who sell.
    """
    if gets < gives:
        best = BEST.find(state, gets + gives + SELLS)
        return None if best is None else ratio_of(int.from_bytes(best.rank, "big"))
    best = BEST.find(state, gives + gets + BUYS)
    if best is None:
        return None
    quote, base = ratio_of(HIGHEST - int.from_bytes(best.rank, "big"))
    return base, quote


def neighbours_of(state: Reader, money: bytes) -> tuple[bytes, ...]:
    """Give the keys of all monies for which a money is exchanged in some book."""
    found = NEIGHBOURS.find(state, money)
    return () if found is None else found.monies


def _forget_price(state: State, pair: Pair, place: bytes) -> None:
    """Let a price go that nobody offers any more, and the book when it was the last one."""
    side, rank = place[:SIDE_BYTES], place[SIDE_BYTES:]
    if BEST.must(state, side).rank == rank:
        following = digit_maps.after(state, PRICES, place, SIDE_BYTES)
        if following is None:
            BEST.drop(state, side)
            if not is_open(state, pair):
                _part(state, pair)
        else:
            BEST.put(state, side, Best(rank=following[SIDE_BYTES:]))
    digit_maps.clear(state, PRICES, place, SIDE_BYTES)


def _meet(state: State, pair: Pair) -> None:
    for one, other in _both_ways(pair):
        known = neighbours_of(state, one)
        require(len(known) < NEIGHBOURS_MAX, Refuse.BOOKS_TOO_MANY, most=NEIGHBOURS_MAX)
        at = bisect_left(known, other)
        NEIGHBOURS.put(state, one, Neighbours(monies=(*known[:at], other, *known[at:])))


def _part(state: State, pair: Pair) -> None:
    for one, other in _both_ways(pair):
        left = tuple(each for each in neighbours_of(state, one) if each != other)
        if left:
            NEIGHBOURS.put(state, one, Neighbours(monies=left))
        else:
            NEIGHBOURS.drop(state, one)


def _both_ways(pair: Pair) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    base, quote = asset_key(pair.base), asset_key(pair.quote)
    return (base, quote), (quote, base)
