"""The exchange's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.exchange.cards import Accepted, bought, cards_of, offered, take
from sogdia.modules.exchange.events import Converted
from sogdia.modules.exchange.invariants import set_aside_by_cards_and_locks
from sogdia.modules.exchange.locks import (
    Backing,
    Cost,
    Wanted,
    backing_for,
    kept_for,
    open_lock,
    owed_by_merchant,
    swap,
    undo,
)
from sogdia.modules.exchange.module import MODULE
from sogdia.modules.exchange.partners import partners_of
from sogdia.modules.exchange.rates import digest_of, rate_for
from sogdia.modules.exchange.records import CARDS, LOCKS, SWAPPED, RateCard
from sogdia.modules.exchange.refusals import ExchangeRefusal
from sogdia.modules.exchange.repaying import end_swap, has_to_wait, keep_given_money, repay

__all__ = [
    "CARDS",
    "LOCKS",
    "MODULE",
    "SWAPPED",
    "Accepted",
    "Backing",
    "Converted",
    "Cost",
    "ExchangeRefusal",
    "RateCard",
    "Wanted",
    "backing_for",
    "bought",
    "cards_of",
    "digest_of",
    "end_swap",
    "has_to_wait",
    "keep_given_money",
    "kept_for",
    "offered",
    "open_lock",
    "owed_by_merchant",
    "partners_of",
    "rate_for",
    "repay",
    "set_aside_by_cards_and_locks",
    "swap",
    "take",
    "undo",
]
