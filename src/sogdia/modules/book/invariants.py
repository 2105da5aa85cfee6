"""What is always true of the book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel import calendar, digit_maps
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import owner_of
from sogdia.modules.book import queues
from sogdia.modules.book.prices import is_worth, rank_of
from sogdia.modules.book.records import (
    ASSET_BYTES,
    BEST,
    NEIGHBOURS,
    OFFERS,
    PRICES,
    QUEUES,
    SIDE_BYTES,
    Pair,
    Side,
    place_of,
    side_key,
)
from sogdia.modules.money import asset_key, asset_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.kernel.state import Reader


def set_aside_by_offers(state: Reader) -> Iterator[tuple[bytes, int]]:
    """Give what is set aside here, row by row: whose money it is (account and asset, laid end to end) and how much."""
    for name, offer in OFFERS.items(state):
        yield owner_of(name) + asset_key(offer.gives), offer.backing(offer.left)


def queues_are_their_offers_in_order(state: Reader) -> None:
    """Each queue is the chain of its offers and adds up; no offer is outside of one."""
    queued = 0
    for place, queue in QUEUES.items(state):
        units, name, before = 0, queue.first, None
        while True:
            offer = OFFERS.must(state, name)
            ensure(
                place_of(offer.pair, offer.side, offer.price) == place, "an offer stands at another price than its own"
            )
            ensure(before in (None, offer.before), "an offer has lost who stands before it")
            units, queued = units + offer.left, queued + 1
            if offer.behind is None:
                break
            name, before = offer.behind, name
        ensure(name == queue.last, "a queue ends before its last offer")
        ensure(units == queue.units, "a queue does not add up")
    ensure(queued == sum(1 for _each in OFFERS.items(state)), "an offer stands in no queue")


def prices_are_those_of_the_queues(state: Reader) -> None:
    """The ordered set of prices leads to every queue and to nothing else, the best first."""
    listed, sides = 0, {place[:SIDE_BYTES] for place, _queue in QUEUES.items(state)}
    for side in sorted(sides):
        pair = Pair(asset_of(side[:ASSET_BYTES]), asset_of(side[ASSET_BYTES : 2 * ASSET_BYTES]))
        ranks = [rank_of(each.price) for each in queues.queues_of(state, pair, side[-1])]
        ensure(ranks == sorted(set(ranks), reverse=side[-1] == Side.BUY), "prices are out of order")
        first = digit_maps.first(state, PRICES, side)
        ensure(first == side + BEST.must(state, side).rank, "a side's best price is not its first")
        listed += len(ranks)
    ensure(listed == sum(1 for _each in QUEUES.items(state)), "a queue cannot be found by its price")
    ensure(sides == {prefix[:SIDE_BYTES] for prefix, _node in PRICES.items(state)}, "prices of a side without offers")
    ensure(sides == {side for side, _best in BEST.items(state)}, "a best price of a side without offers")


def no_book_is_crossed(state: Reader) -> None:
    """Nobody buys for as much as another sells for: they would have been exchanged."""
    books = {side_key(each.pair, Side.SELL): each.pair for _name, each in OFFERS.items(state)}
    for _key, pair in sorted(books.items()):
        ask = next(queues.queues_of(state, pair, Side.SELL), None)
        bid = next(queues.queues_of(state, pair, Side.BUY), None)
        if ask is not None and bid is not None:
            ensure(rank_of(bid.price) < rank_of(ask.price), "a book is crossed")


def neighbours_are_those_of_open_books(state: Reader) -> None:
    """Each money knows exactly the monies for which it is exchanged."""
    open_now: dict[bytes, set[bytes]] = {}
    for _name, offer in OFFERS.items(state):
        base, quote = asset_key(offer.base), asset_key(offer.quote)
        open_now.setdefault(base, set()).add(quote)
        open_now.setdefault(quote, set()).add(base)
    known = {money: record.monies for money, record in NEIGHBOURS.items(state)}
    ensure(known == {money: tuple(sorted(others)) for money, others in open_now.items()}, "a book cannot be found")


def every_offer_is_worth_something_and_due(state: Reader) -> None:
    """No offer is too small for its price, and none can be forgotten."""
    for name, offer in OFFERS.items(state):
        ensure(is_worth(offer.price, offer.left), "an offer is too small to stand")
        ensure(asset_key(offer.base) < asset_key(offer.quote), "an offer's pair is the wrong way round")
        due_object = OFFERS.full_key(name)
        page = calendar.page_of(state, offer.valid_until, due_object)
        ensure(page is not None and due_object in page.objects, "an offer is missing in the calendar")
