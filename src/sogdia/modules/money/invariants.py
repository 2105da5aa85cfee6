"""What is always true of money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel import calendar
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import ACCOUNT_BYTES
from sogdia.modules.money.records import BALANCES, CURRENCIES, HOLDS

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


def no_money_is_made_or_lost(state: Reader) -> None:
    """What all holders have, available and held, adds up to the supply, asset by asset."""
    owned: dict[bytes, int] = {}
    for key, balance in BALANCES.items(state):
        asset = key[ACCOUNT_BYTES:]
        owned[asset] = owned.get(asset, 0) + balance.available + balance.held
    for key, currency in CURRENCIES.items(state):
        ensure(owned.pop(key, 0) == currency.supply, f"{key[:3]!r}: the balances do not add up to the supply")
        ensure(currency.supply <= currency.supply_max, f"{key[:3]!r}: the supply is above its cap")
    ensure(not owned, "somebody owns money that nobody has issued")


def no_empty_balance_is_kept(state: Reader) -> None:
    """An account that has nothing takes no room."""
    for _key, balance in BALANCES.items(state):
        marked = balance.frozen or balance.authorised
        ensure(marked or balance.available or balance.held, "a record of nothing is kept")


def every_hold_is_due_at_its_deadline(state: Reader) -> None:
    """No hold can be forgotten."""
    for key, hold in HOLDS.items(state):
        due_object = HOLDS.full_key(key)
        page = calendar.page_of(state, hold.deadline, due_object)
        ensure(page is not None and due_object in page.objects, "a hold is missing in the calendar")
