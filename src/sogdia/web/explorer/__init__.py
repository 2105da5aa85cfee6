"""The explorer: blocks, transactions, parties, listings, orders, currencies and refusals, each with its proof."""

from __future__ import annotations

from sogdia.web.explorer.app import explorer

__all__ = ["explorer"]
