"""Finding paths, off the ledger: the code that would carry them out is asked what each would cost, to the unit.

The best way to each money is kept for one hop, two and three; a money whose way is not the best for its number of hops
is not looked at further. No hop is worked out that could not win: the best price of a book, or of a card, says with two
whole numbers what a hop costs at least, whatever its depth, and whoever is dearer at its best is dearer. So much work
is bounded, and an answer says when it ended for that reason. No rule asks here: who pays names the path that was found,
and gets exactly what was found, or a refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.exact import down, up
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import UNITS_MAX, owner_of
from sogdia.modules.book.crossing import CROSSINGS_MAX
from sogdia.modules.book.hops import Hop, Taker, getting, giving
from sogdia.modules.book.queues import best_ratio, neighbours_of
from sogdia.modules.exchange import CARDS, cards_of, partners_of
from sogdia.modules.money import asset_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sogdia.kernel.state import Reader
    from sogdia.modules.money import Asset

WORKED_OUT_MAX = 2_000
"""So many hops one search works out."""

LOOKED_AT_MAX = 20_000
"""At so many pairs of monies, and cards, it looks."""


class Asked(NamedTuple):
    """What is looked for: from which money to which, exactly how much of one of them, for whom and when."""

    source: bytes
    target: bytes
    units: int
    exact_received: bool
    taker: bytes
    time: int


class Found(NamedTuple):
    """A path with what it takes: all monies' keys in order, the card of each hop or none, amounts, offers met."""

    path: tuple[bytes, ...]
    cards: tuple[bytes | None, ...]
    sent: int
    received: int
    crossings: int


class Search(NamedTuple):
    """The paths that were found, the best first, and whether all there is was looked at."""

    found: tuple[Found, ...]
    complete: bool


class _Step(NamedTuple):
    """How far a path has come: the amount there, the monies and cards in the order in which they were gone through."""

    amount: int
    path: tuple[bytes, ...]
    cards: tuple[bytes, ...]
    crossings: int


class _Venue(NamedTuple):
    """What leads from one money to another, and at best so many minor units of the given for so many of the got."""

    given: int
    got: int
    card: bytes
    """Empty for a book, which so comes before all cards."""


class _Spent(Exception):  # noqa: N818 - it is no error
    """All the work that a search may do is done."""


def search(state: Reader, asked: Asked) -> Search:
    """Find the best path of each length. Reads only, and does a bounded amount of work."""
    finder = _Finder(state, asked)
    found: list[_Step] = []
    try:
        for best in (finder.one_hop, finder.two_hops, finder.three_hops):
            step = best()
            if step is not None:
                found.append(step)
    except _Spent:
        return Search(_ordered(asked, found), complete=False)
    return Search(_ordered(asked, found), complete=True)


class _Finder:
    """One search. It goes from the exact end to the other: *back*, from the target, when what arrives is exact."""

    def __init__(self, state: Reader, asked: Asked) -> None:
        """Begin at the exact end."""
        self._state = state
        self._asked = asked
        self._back = asked.exact_received
        self._taker = Taker(asked.taker, asked.time)
        start, self._goal = (asked.target, asked.source) if self._back else (asked.source, asked.target)
        self._start = _Step(asked.units, (start,), (), 0)
        self._around: dict[bytes, frozenset[bytes]] = {}
        self._partners: dict[bytes, frozenset[bytes]] = {}
        self._between: dict[tuple[bytes, bytes], tuple[_Venue, ...]] = {}
        self._assets: dict[bytes, Asset] = {}
        self._firsts: dict[bytes, _Step | None] = {}
        self._worked_out = self._looked_at = 0

    # ------------------------------------------------------------------------------------------------ paths by length

    def one_hop(self) -> _Step | None:
        """Give the best direct way."""
        return self._hop(self._start, self._goal)

    def two_hops(self) -> _Step | None:
        """Give the best way with one money between."""
        near = self._beside(self._goal)
        ways = ((self._at_best(bound, money, self._goal), money) for money, bound in self._at_hand() if money in near)
        return self._best(ways, lambda money: self._then(self._first(money), self._goal))

    def three_hops(self) -> _Step | None:
        """Give the best way with two monies between: to each money before the goal in the best way there is."""
        start = self._start.path[0]
        at_hand = self._at_hand()
        before: dict[bytes, list[tuple[int, bytes]]] = {}
        ways: list[tuple[int | None, bytes]] = []
        for money in sorted(self._beside(self._goal) - {start}):
            around = self._beside(money)
            reached = [(self._at_best(bound, first, money), first) for first, bound in at_hand if first in around]
            before[money] = [(bound, first) for bound, first in reached if bound is not None]
            if before[money]:
                nearest = min(before[money]) if self._back else max(before[money])
                ways.append((self._at_best(nearest[0], money, self._goal), money))

        def by(money: bytes) -> _Step | None:
            second = self._best(before[money], lambda first: self._then(self._first(first), money))
            return self._then(second, self._goal)

        return self._best(ways, by)

    def _at_hand(self) -> list[tuple[bytes, int]]:
        """Give the monies next to the start, but for the goal, with what they take at best."""
        start = self._start.path[0]
        around = sorted(self._beside(start) - {self._goal})
        bounds = ((money, self._at_best(self._start.amount, start, money)) for money in around)
        return [(money, bound) for money, bound in bounds if bound is not None]

    def _first(self, money: bytes) -> _Step | None:
        if money not in self._firsts:
            self._firsts[money] = self._hop(self._start, money)
        return self._firsts[money]

    def _then(self, step: _Step | None, money: bytes) -> _Step | None:
        return None if step is None else self._hop(step, money)

    # ----------------------------------------------------------------------------------------------------- what is best

    def _best(
        self, ways: Iterable[tuple[int | None, bytes]], worked_out: Callable[[bytes], _Step | None]
    ) -> _Step | None:
        """Work ways out, the most promising first, until no other could win; each comes with what it takes at best."""
        best: _Step | None = None
        for bound, by in self._promising(ways):
            if best is not None and self._is_beyond(bound, best.amount):
                break
            best = self._better(worked_out(by), best)
        return best

    def _promising(self, ways: Iterable[tuple[int | None, bytes]]) -> list[tuple[int, bytes]]:
        known = [(bound, by) for bound, by in ways if bound is not None]
        return sorted(known, key=lambda way: (way[0] if self._back else -way[0], way[1]))

    def _is_beyond(self, one: int, other: int) -> bool:
        """Tell whether one amount is worse than another: more that is paid, or less that arrives."""
        return one > other if self._back else one < other

    def _better(self, step: _Step | None, known: _Step | None) -> _Step | None:
        """Give the better of two; of two that are as good, the one whose monies and cards come first."""
        if step is None or known is None:
            return step or known
        if step.amount != known.amount:
            return known if self._is_beyond(step.amount, known.amount) else step
        return min(step, known, key=lambda each: (each.path, each.cards))

    # ------------------------------------------------------------------------------------------------------------ hops

    def _hop(self, step: _Step, money: bytes) -> _Step | None:
        """Go on to a money by the best of what leads there, or give nothing when nothing serves all of it."""
        best: _Step | None = None
        venues = [(self._bound(step.amount, venue), venue) for venue in self._venues(step.path[-1], money)]
        for bound, venue in sorted(venues, key=lambda each: (each[0] if self._back else -each[0], each[1].card)):
            if best is not None and self._is_beyond(bound, best.amount):
                break
            best = self._better(self._by(step, money, venue.card), best)
        return best

    def _by(self, step: _Step, money: bytes, card: bytes) -> _Step | None:
        if self._worked_out == WORKED_OUT_MAX:
            raise _Spent
        self._worked_out += 1
        here, there = self._asset(step.path[-1]), self._asset(money)
        hop = Hop(there, here, card or None) if self._back else Hop(here, there, card or None)
        work_out = getting if self._back else giving
        try:
            leg = work_out(self._state, hop, step.amount, self._taker, CROSSINGS_MAX - step.crossings)
        except Refused:
            return None
        amount = leg.given if self._back else leg.got
        if amount > UNITS_MAX:
            return None
        return _Step(amount, (*step.path, money), (*step.cards, card), step.crossings + leg.crossings)

    def _at_best(self, amount: int | None, money: bytes, other: bytes) -> int | None:
        """Give what so much of a money takes of another, or brings, if all of it went at the best price there is."""
        if amount is None:
            return None
        venues = self._venues(money, other)
        if len(venues) == 1:
            return self._bound(amount, venues[0])
        bounds = [self._bound(amount, each) for each in venues]
        return (min(bounds) if self._back else max(bounds)) if bounds else None

    def _bound(self, amount: int, venue: _Venue) -> int:
        given, got, _card = venue
        return up(amount * given, got) if self._back else down(amount * got, given)

    # ---------------------------------------------------------------------------------------------------- what is there

    def _beside(self, money: bytes) -> frozenset[bytes]:
        if money not in self._around:
            self._partners[money] = frozenset(partners_of(self._state, money))
            self._around[money] = self._partners[money].union(neighbours_of(self._state, money))
        return self._around[money]

    def _asset(self, money: bytes) -> Asset:
        if money not in self._assets:
            self._assets[money] = asset_of(money)
        return self._assets[money]

    def _venues(self, money: bytes, other: bytes) -> tuple[_Venue, ...]:
        """Give what leads on from a money to another: the book if it has offers on that side, and the cards."""
        pair = (other, money) if self._back else (money, other)
        found = self._between.get(pair)
        if found is None:
            found = self._between[pair] = self._look_between(*pair)
        return found

    def _look_between(self, gives: bytes, gets: bytes) -> tuple[_Venue, ...]:
        self._look()
        best = best_ratio(self._state, gives, gets)
        book = () if best is None else (_Venue(*best, b""),)
        self._beside(gives)
        return (*book, *self._cards(gives, gets)) if gets in self._partners[gives] else book

    def _cards(self, gives: bytes, gets: bytes) -> Iterator[_Venue]:
        for name in cards_of(self._state, self._asset(gives), self._asset(gets)):
            self._look()
            card = CARDS.must(self._state, name)
            if owner_of(name) != self._asked.taker and card.rates.valid_until >= self._asked.time:
                rates = (each.rate for each in card.rates.tiers)
                best = next(rates)
                for rate in rates:
                    if rate.taken * best.given < best.taken * rate.given:
                        best = rate
                yield _Venue(best.taken, best.given, name)

    def _look(self) -> None:
        if self._looked_at == LOOKED_AT_MAX:
            raise _Spent
        self._looked_at += 1


def _ordered(asked: Asked, steps: list[_Step]) -> tuple[Found, ...]:
    """Turn paths the way in which they are paid, the best first."""
    back = asked.exact_received
    found = []
    for step in steps:
        turn = -1 if back else 1
        sent, received = (step.amount, asked.units) if back else (asked.units, step.amount)
        cards = tuple(each or None for each in step.cards[::turn])
        found.append(Found(step.path[::turn], cards, sent, received, step.crossings))
    return tuple(sorted(found, key=lambda each: (each.sent if back else -each.received, len(each.path), each.path)))
