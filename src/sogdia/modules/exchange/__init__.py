"""The exchange's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.exchange.invariants import set_aside_by_cards_and_locks
from sogdia.modules.exchange.locks import open_lock, swap, undo
from sogdia.modules.exchange.module import MODULE
from sogdia.modules.exchange.records import CARDS, LOCKS

__all__ = ["CARDS", "LOCKS", "MODULE", "open_lock", "set_aside_by_cards_and_locks", "swap", "undo"]
