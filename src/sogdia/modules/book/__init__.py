"""The book's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.book.finding import Asked, Found, search
from sogdia.modules.book.hops import Leg, Taker
from sogdia.modules.book.invariants import set_aside_by_offers
from sogdia.modules.book.middle import at_the_middle
from sogdia.modules.book.module import MODULE
from sogdia.modules.book.paths import RouteStrictReceive, hops_of, receive_exactly
from sogdia.modules.book.prices import Price
from sogdia.modules.book.records import Side, Validity

__all__ = [
    "MODULE",
    "Asked",
    "Found",
    "Leg",
    "Price",
    "RouteStrictReceive",
    "Side",
    "Taker",
    "Validity",
    "at_the_middle",
    "hops_of",
    "receive_exactly",
    "search",
    "set_aside_by_offers",
]
