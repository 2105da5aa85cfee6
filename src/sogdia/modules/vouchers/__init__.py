"""The vouchers' public face: what modules above them may call."""

from __future__ import annotations

from sogdia.modules.vouchers.invariants import set_aside_by_purses
from sogdia.modules.vouchers.module import MODULE

__all__ = ["MODULE", "set_aside_by_purses"]
