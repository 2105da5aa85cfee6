"""The only code that changes what anybody owns. Every movement, whatever causes it, is a `move`, a mint or a burn.

    available ──set aside──▶ held ──▶ available, of the same holder or of others

Two kinds of movement. A *wish* (a transfer, an order being placed) passes every rule: freeze, funds, authorisation,
caps.
A *promise kept* (an order settles, a hold ends) moves money that passed those rules when it was set aside; it cannot be
refused, so that a freeze or a cap set meanwhile never leaves a trade stuck: the money arrives, and the freeze holds it
there.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel.refusal import ensure, require
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.money.records import BALANCES, CURRENCIES, Asset, Balance, Currency
from sogdia.modules.money.refusals import MoneyRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader, State

NOTHING = Balance()


class Pot(IntEnum):
    """Which part of a balance."""

    AVAILABLE = 0
    HELD = 1


def balance(state: Reader, account: bytes, asset: Asset) -> Balance:
    """Give what an account has of an asset."""
    return BALANCES.find(state, (account, asset)) or NOTHING


def currency_of(state: Reader, asset: Asset) -> Currency:
    """Give an asset's currency record, or refuse."""
    return CURRENCIES.get(state, asset, Refuse.CURRENCY_UNKNOWN, currency=asset.currency, issuer=asset.issuer)


def move(state: State, asset: Asset, units: int, payer: tuple[bytes, Pot], payee: tuple[bytes, Pot]) -> None:
    """Move money as a party wishes: all rules apply. Refuses before it writes."""
    ensure(units > 0, "a movement of nothing")
    currency_of(state, asset)
    source = balance(state, payer[0], asset)
    require(not source.frozen or payer[1] is Pot.HELD, Refuse.HOLDER_FROZEN, account=payer[0])
    has = source.available if payer[1] is Pot.AVAILABLE else source.held
    require(has >= units, Refuse.FUNDS_INSUFFICIENT, available=has, asked=units)
    if payee[0] != payer[0]:
        require_may_receive(state, asset, payee[0], units)
    _shift(state, asset, payer, -units)
    _shift(state, asset, payee, units)


def keep_promise(state: State, asset: Asset, units: int, payer: bytes, payees: tuple[tuple[bytes, int], ...]) -> None:
    """Pay out money that was set aside: `units` of the payer's held money to several payees in one step."""
    ensure(sum(share for _account, share in payees) == units, "a settlement that creates or loses money")
    if units == 0:
        return
    _shift(state, asset, (payer, Pot.HELD), -units)
    for account, share in payees:
        if share:
            _shift(state, asset, (account, Pot.AVAILABLE), share)


def mint(state: State, asset: Asset, to: bytes, units: int) -> None:
    """Create money for a holder, within the caps."""
    currency = currency_of(state, asset)
    require(
        currency.supply + units <= currency.supply_max,
        Refuse.SUPPLY_CAP_PASSED,
        supply=currency.supply,
        cap=currency.supply_max,
        asked=units,
    )
    require_may_receive(state, asset, to, units)
    CURRENCIES.put(state, asset, structs.replace(currency, supply=currency.supply + units))
    _shift(state, asset, (to, Pot.AVAILABLE), units)


def burn(state: State, asset: Asset, units: int) -> None:
    """Destroy money that the issuer itself has available."""
    currency = currency_of(state, asset)
    has = balance(state, asset.issuer, asset).available
    require(has >= units, Refuse.FUNDS_INSUFFICIENT, available=has, asked=units)
    CURRENCIES.put(state, asset, structs.replace(currency, supply=currency.supply - units))
    _shift(state, asset, (asset.issuer, Pot.AVAILABLE), -units)


def store(state: State, account: bytes, asset: Asset, changed: Balance) -> None:
    """Write a balance, or drop its record when nothing is left to remember."""
    if changed == NOTHING:
        BALANCES.drop(state, (account, asset))
    else:
        BALANCES.put(state, (account, asset), changed)


def require_may_receive(state: State, asset: Asset, account: bytes, units: int) -> None:
    """Refuse unless a holder may receive this much more. Who sets money aside for somebody asks this beforehand."""
    currency = currency_of(state, asset)
    target = balance(state, account, asset)
    require(target.authorised or not currency.by_authorisation, Refuse.HOLDER_NOT_AUTHORISED, account=account)
    total = target.available + target.held + units
    require(total <= currency.holder_max, Refuse.HOLDER_CAP_PASSED, cap=currency.holder_max, would_have=total)


def _shift(state: State, asset: Asset, pot: tuple[bytes, Pot], units: int) -> None:
    """Change one pot; it can neither go below nothing nor pass the supply."""
    account, part = pot
    before = balance(state, account, asset)
    if part is Pot.AVAILABLE:
        after = before.available + units
        changed = structs.replace(before, available=after)
    else:
        after = before.held + units
        changed = structs.replace(before, held=after)
    ensure(0 <= after <= UNITS_MAX, "a balance below nothing or beyond what can exist")
    store(state, account, asset, changed)
