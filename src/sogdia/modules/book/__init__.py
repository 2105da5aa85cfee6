"""The book's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.book.invariants import set_aside_by_offers
from sogdia.modules.book.module import MODULE

__all__ = ["MODULE", "set_aside_by_offers"]
