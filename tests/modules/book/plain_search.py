"""Another search for paths, which prunes nothing: every hop between any two monies is worked out, as deep as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.book.crossing import CROSSINGS_MAX
from sogdia.modules.book.finding import Asked, Found
from sogdia.modules.book.hops import Hop, Taker, getting, giving
from sogdia.modules.exchange import cards_of
from sogdia.modules.money import Asset, asset_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.state import Reader

HOPS_MAX = 3


class Way(NamedTuple):
    """How far it has come."""

    amount: int
    path: tuple[bytes, ...]
    cards: tuple[bytes, ...]
    crossings: int


def plain_search(state: Reader, asked: Asked, monies: Iterable[Asset]) -> tuple[Found, ...]:
    """Find the best way of each length among these monies, the best first."""
    back = asked.exact_received
    start, goal = (asked.target, asked.source) if back else (asked.source, asked.target)
    known = {asset_key(each): each for each in monies}
    sign = 1 if back else -1
    reach = {start: Way(asked.units, (start,), (), 0)}
    found = []
    for number in range(1, HOPS_MAX + 1):
        further: dict[bytes, Way] = {}
        for money, way in reach.items():
            for other in known if number < HOPS_MAX else (goal,):
                for each in () if other in way.path else ways_on(state, asked, way, known[money], known[other]):
                    best = further.get(other)
                    if best is None or (sign * each.amount, *each[1:3]) < (sign * best.amount, *best[1:3]):
                        further[other] = each
        if goal in further:
            found.append(further.pop(goal))
        reach = further
    turn = -1 if back else 1
    told = [
        Found(
            way.path[::turn],
            tuple(each or None for each in way.cards[::turn]),
            way.amount if back else asked.units,
            asked.units if back else way.amount,
            way.crossings,
        )
        for way in found
    ]
    return tuple(sorted(told, key=lambda each: (each.sent if back else -each.received, len(each.path), each.path)))


def ways_on(state: Reader, asked: Asked, way: Way, here: Asset, there: Asset) -> list[Way]:
    """Work out all hops from one money to another."""
    gives, gets = (there, here) if asked.exact_received else (here, there)
    found = []
    for card in (b"", *cards_of(state, gives, gets)):
        work_out = getting if asked.exact_received else giving
        try:
            leg = work_out(
                state,
                Hop(gives, gets, card or None),
                way.amount,
                Taker(asked.taker, asked.time),
                CROSSINGS_MAX - way.crossings,
            )
        except Refused:
            continue
        amount = leg.given if asked.exact_received else leg.got
        if amount <= UNITS_MAX:
            path, cards = (*way.path, asset_key(there)), (*way.cards, card)
            found.append(Way(amount, path, cards, way.crossings + leg.crossings))
    return found
