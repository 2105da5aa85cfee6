"""Money's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.money.balances import (
    balance,
    currency_of,
    freezes,
    keep_promise,
    move,
    pass_on,
    require_may_receive,
    set_aside,
)
from sogdia.modules.money.module import MODULE
from sogdia.modules.money.records import BALANCES, HOLDS, Asset, Balance, asset_key

__all__ = [
    "BALANCES",
    "HOLDS",
    "MODULE",
    "Asset",
    "Balance",
    "asset_key",
    "balance",
    "currency_of",
    "freezes",
    "keep_promise",
    "move",
    "pass_on",
    "require_may_receive",
    "set_aside",
]
