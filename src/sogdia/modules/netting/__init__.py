"""Netting's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.netting.module import MODULE

__all__ = ["MODULE"]
