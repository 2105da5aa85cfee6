"""The exchange's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.exchange.cards import Accepted, bought, cards_of, offered, take
from sogdia.modules.exchange.events import Converted
from sogdia.modules.exchange.invariants import set_aside_by_cards_and_locks
from sogdia.modules.exchange.locks import kept_for, open_lock, swap, undo
from sogdia.modules.exchange.module import MODULE
from sogdia.modules.exchange.partners import partners_of
from sogdia.modules.exchange.rates import digest_of, premium_for, premium_points, rate_for
from sogdia.modules.exchange.records import CARDS, LOCKS, RateCard
from sogdia.modules.exchange.refusals import ExchangeRefusal

__all__ = [
    "CARDS",
    "LOCKS",
    "MODULE",
    "Accepted",
    "Converted",
    "ExchangeRefusal",
    "RateCard",
    "bought",
    "cards_of",
    "digest_of",
    "kept_for",
    "offered",
    "open_lock",
    "partners_of",
    "premium_for",
    "premium_points",
    "rate_for",
    "set_aside_by_cards_and_locks",
    "swap",
    "take",
    "undo",
]
