"""What is always true of money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel import calendar
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import ACCOUNT_BYTES
from sogdia.modules.money.records import BALANCES, CURRENCIES, HOLDS

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader, State


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


def no_block_makes_or_loses_money(state: State) -> None:
    """What a block changes of all balances adds up to what it changes of the supply, asset by asset."""
    made: dict[bytes, int] = {}
    for key, (table, after) in state.changes.items():
        if table is BALANCES:
            asset = key[1 + ACCOUNT_BYTES :]
            made[asset] = made.get(asset, 0) + _owned(after) - _owned(state.below(table, key))
        elif table is CURRENCIES:
            asset = key[1:]
            made[asset] = made.get(asset, 0) - _supply(after) + _supply(state.below(table, key))
    for asset, units in made.items():
        ensure(units == 0, f"{asset[:3]!r}: a block makes {units} units that nobody has issued")


def _owned(known: Any) -> int:  # noqa: ANN401 - a balance, or none
    return 0 if known is None else int(known.available + known.held)


def _supply(known: Any) -> int:  # noqa: ANN401 - a currency, or none
    return 0 if known is None else int(known.supply)


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
