"""The book's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.book.invariants import set_aside_by_offers
from sogdia.modules.book.module import MODULE
from sogdia.modules.book.prices import Price
from sogdia.modules.book.records import Side, Validity

__all__ = ["MODULE", "Price", "Side", "Validity", "set_aside_by_offers"]
