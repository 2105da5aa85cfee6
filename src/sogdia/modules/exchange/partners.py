"""Which monies a money is exchanged for by cards, so that whoever looks for a way knows where one can lead."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from sogdia.kernel.refusal import require
from sogdia.modules.exchange.records import PAIR_CARDS, PARTNERS, PARTNERS_MAX, Partners
from sogdia.modules.exchange.refusals import ExchangeRefusal as Refuse
from sogdia.modules.money import Asset, asset_key

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader, State


def partners_of(state: Reader, money: bytes) -> tuple[bytes, ...]:
    """Give the keys of all monies with which a money has a card, whichever of the two it takes."""
    found = PARTNERS.find(state, money)
    return () if found is None else found.monies


def meet(state: State, takes: Asset, gives: Asset) -> None:
    """Let two monies know of each other that have a card. Refuses when one of them has too many partners."""
    strangers = [
        (one, known, other)
        for one, other in _both_ways(takes, gives)
        if other not in (known := partners_of(state, one))
    ]
    room = all(len(known) < PARTNERS_MAX for _one, known, _other in strangers)
    require(room, Refuse.PARTNERS_TOO_MANY, most=PARTNERS_MAX)
    for one, known, other in strangers:
        at = bisect_left(known, other)
        PARTNERS.put(state, one, Partners(monies=(*known[:at], other, *known[at:])))


def part(state: State, takes: Asset, gives: Asset) -> None:
    """Let two monies forget each other when no card is left between them, either way."""
    if any(PAIR_CARDS.find(state, pair) is not None for pair in ((takes, gives), (gives, takes))):
        return
    for one, other in _both_ways(takes, gives):
        left = tuple(each for each in partners_of(state, one) if each != other)
        if left:
            PARTNERS.put(state, one, Partners(monies=left))
        else:
            PARTNERS.drop(state, one)


def _both_ways(takes: Asset, gives: Asset) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    one, other = asset_key(takes), asset_key(gives)
    return (one, other), (other, one)
