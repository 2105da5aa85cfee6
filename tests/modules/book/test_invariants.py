"""Each invariant of the book notices what it is there for."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from sogdia.kernel import calendar
from sogdia.kernel.digit_maps import DigitMap
from sogdia.kernel.refusal import Broken
from sogdia.kernel.values import name_of
from sogdia.modules.book.records import (
    BEST,
    NEIGHBOURS,
    OFFERS,
    PRICES,
    QUEUES,
    Best,
    Neighbours,
    Side,
    place_of,
    side_key,
)
from sogdia.modules.money import asset_key
from tests.modules.book.stand import buy, pair, price, sell
from tests.refused import poke


@pytest.fixture
def filled(ledger):
    """Two asks at one price, one at another, and a bid."""
    sell(ledger, "bukhara", 500, "3.2", "a1")
    sell(ledger, "lanzhou", 400, "3.2", "a2")
    sell(ledger, "carrier", 300, "3.3", "a3")
    buy(ledger, "nairobi", 200, "3.1", "b1")
    return ledger


def name(ledger, who, reference):
    return name_of(ledger.account(who), reference)


def change_offer(who, reference, **changes: Any) -> Any:  # noqa: ANN401 - any field
    def change(ledger) -> None:
        known = OFFERS.must(ledger.state, name(ledger, who, reference))
        poke(ledger, OFFERS, name(ledger, who, reference), structs.replace(known, **changes))

    return change


def change_queue(at, **changes: Any) -> Any:  # noqa: ANN401 - any field
    def change(ledger) -> None:
        place = place_of(pair(ledger), Side.SELL, price(at))
        poke(ledger, QUEUES, place, structs.replace(QUEUES.must(ledger.state, place), **changes))

    return change


def forget_queue(ledger):
    poke(ledger, QUEUES, place_of(pair(ledger), Side.SELL, price("3.3")), None)


def forget_price(ledger):
    """Take the branch that leads to one price out of the node where it parts from the other's."""
    place, other = (place_of(pair(ledger), Side.SELL, price(each)) for each in ("3.3", "3.2"))
    depth = next(number for number in range(len(place)) if place[number] != other[number])
    poke(ledger, PRICES, place[:depth], DigitMap(present=(1 << other[depth]).to_bytes(32, "big")))


def price_of_nothing(ledger):
    base, quote = pair(ledger)
    prefix = side_key(pair(ledger)._replace(base=quote, quote=base), Side.SELL)
    poke(ledger, PRICES, prefix, DigitMap(present=(1).to_bytes(32, "big")))


def wrong_best(ledger):
    rank = place_of(pair(ledger), Side.SELL, price("3.3"))[-6:]
    poke(ledger, BEST, side_key(pair(ledger), Side.SELL), Best(rank=rank))


def best_of_nothing(ledger):
    base, quote = pair(ledger)
    poke(ledger, BEST, side_key(pair(ledger)._replace(base=quote, quote=base), Side.SELL), Best(rank=bytes(6)))


def crossed(ledger):
    """Turn the only bid into one above the asks, with all that belongs to it."""
    known = OFFERS.must(ledger.state, name(ledger, "nairobi", "b1"))
    high = structs.replace(known, price=price("3.25"))
    before, after = (place_of(pair(ledger), Side.BUY, each.price) for each in (known, high))
    queue = QUEUES.must(ledger.state, before)
    poke(ledger, QUEUES, before, None)
    poke(ledger, BEST, side_key(pair(ledger), Side.BUY), Best(rank=after[-6:]))
    poke(ledger, QUEUES, after, structs.replace(queue, price=high.price))
    poke(ledger, OFFERS, name(ledger, "nairobi", "b1"), high)
    for key, _node in list(PRICES.items(ledger.state)):
        if key.startswith(side_key(pair(ledger), Side.BUY)):
            poke(ledger, PRICES, key, None)
    for depth in range(len(after) - 6, len(after)):
        poke(ledger, PRICES, after[:depth], DigitMap(present=(1 << after[depth]).to_bytes(32, "big")))


def lost_neighbour(ledger):
    poke(ledger, NEIGHBOURS, asset_key(ledger.asset("KWD")), None)


def wrong_neighbour(ledger):
    poke(ledger, NEIGHBOURS, asset_key(ledger.asset("KWD")), Neighbours(monies=(bytes(23),)))


def not_due(ledger):
    known = OFFERS.must(ledger.state, name(ledger, "carrier", "a3"))
    page = calendar.page_of(ledger.state, known.valid_until, OFFERS.full_key(name(ledger, "carrier", "a3")))
    assert page is not None
    change_offer("carrier", "a3", valid_until=known.valid_until + 1)(ledger)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (change_offer("bukhara", "a1", price=price("3.3")), "at another price than its own"),
        (change_offer("lanzhou", "a2", before=None), "lost who stands before it"),
        (change_offer("bukhara", "a1", behind=None), "ends before its last offer"),
        (change_queue("3.2", units=899), "does not add up"),
        (change_offer("bukhara", "a1", left=501), "does not add up"),
        (forget_queue, "stands in no queue"),
        (forget_price, "a queue cannot be found by its price"),
        (price_of_nothing, "prices of a side without offers"),
        (change_queue("3.2", price=price("3.4")), "prices are out of order"),
        (wrong_best, "best price is not its first"),
        (best_of_nothing, "a best price of a side without offers"),
        (crossed, "a book is crossed"),
        (lost_neighbour, "a book cannot be found"),
        (wrong_neighbour, "a book cannot be found"),
        (not_due, "missing in the calendar"),
    ],
)
def test_damage_is_noticed(filled, damage, what):
    damage(filled)

    with pytest.raises(Broken, match=what):
        filled.machine.check_invariants(filled.state)


@pytest.mark.parametrize(("left", "what"), [(99, "too small to stand"), (301, "does not match what is set aside")])
def test_damaged_amounts_are_noticed(filled, left, what):
    change_offer("carrier", "a3", left=left)(filled)
    change_queue("3.3", units=left)(filled)

    with pytest.raises(Broken, match=what):
        filled.machine.check_invariants(filled.state)
