"""The exchange's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.exchange.invariants import set_aside_by_cards_and_locks
from sogdia.modules.exchange.locks import Backing, Cost, Wanted, backing_for, open_lock, owed_by_merchant, swap, undo
from sogdia.modules.exchange.module import MODULE
from sogdia.modules.exchange.records import CARDS, LOCKS, SWAPPED
from sogdia.modules.exchange.repaying import end_swap, keep_given_money, repay

__all__ = [
    "CARDS",
    "LOCKS",
    "MODULE",
    "SWAPPED",
    "Backing",
    "Cost",
    "Wanted",
    "backing_for",
    "end_swap",
    "keep_given_money",
    "open_lock",
    "owed_by_merchant",
    "repay",
    "set_aside_by_cards_and_locks",
    "swap",
    "undo",
]
