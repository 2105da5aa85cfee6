"""Money's public face: what modules above it may call."""

from __future__ import annotations

from sogdia.modules.money.balances import (
    NO_REFERENCE,
    balance,
    currency_of,
    is_frozen_at,
    keep_promise,
    may_receive,
    move,
    pass_on,
    require_may_receive,
    require_travel_reference,
    set_aside,
    set_aside_past_limits,
)
from sogdia.modules.money.freezes import freeze_rest, freezes_counted, hindered_until
from sogdia.modules.money.issuer_invariants import set_aside_to_be_redeemed
from sogdia.modules.money.module import MODULE
from sogdia.modules.money.records import (
    BALANCES,
    HOLDS,
    Asset,
    Balance,
    asset_asked_for,
    asset_key,
    asset_of,
    balance_key,
    show_balance,
)

__all__ = [
    "BALANCES",
    "HOLDS",
    "MODULE",
    "NO_REFERENCE",
    "Asset",
    "Balance",
    "asset_asked_for",
    "asset_key",
    "asset_of",
    "balance",
    "balance_key",
    "currency_of",
    "freeze_rest",
    "freezes_counted",
    "hindered_until",
    "is_frozen_at",
    "keep_promise",
    "may_receive",
    "move",
    "pass_on",
    "require_may_receive",
    "require_travel_reference",
    "set_aside",
    "set_aside_past_limits",
    "set_aside_to_be_redeemed",
    "show_balance",
]
