"""The only code that changes what anybody owns. Every movement, whatever causes it, is a `move`, a mint or a burn.

    available ──set aside──▶ held ──▶ available, of the same holder or of others

Two kinds of movement. A *wish* (a transfer, an order being placed) passes every rule: the payer's freeze and funds,
then each payee's authorisation and cap. The payer comes first, so that nobody finds out what others have by asking for
payments that it could never make; and no refusal says what anybody has, since an agent may be the one who reads it.
A *promise kept* (an order settles, a hold ends) moves money that passed those rules when it was set aside; it cannot be
refused, so that a freeze or a cap set meanwhile never leaves a trade stuck: the money arrives, and the freeze holds it
there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel.refusal import ensure, require
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.money.records import BALANCES, CURRENCIES, FREEZES, Asset, Balance, Currency, Freezes
from sogdia.modules.money.refusals import MoneyRefusal as Refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.state import Reader, State

NOTHING = Balance()


def balance(state: Reader, account: bytes, asset: Asset) -> Balance:
    """Give what an account has of an asset."""
    return BALANCES.find(state, (account, asset)) or NOTHING


def currency_of(state: Reader, asset: Asset) -> Currency:
    """Give an asset's currency record, or refuse."""
    return CURRENCIES.get(state, asset, Refuse.CURRENCY_UNKNOWN, currency=asset.currency, issuer=asset.issuer)


def freezes(state: Reader, asset: Asset) -> int:
    """Give how often an asset's issuer has frozen or unfrozen a holder."""
    known = FREEZES.find(state, asset)
    return 0 if known is None else known.count


def set_frozen(state: State, account: bytes, asset: Asset, *, frozen: bool) -> None:
    """Freeze or unfreeze a holder, and count that."""
    store(state, account, asset, structs.replace(balance(state, account, asset), frozen=frozen))
    FREEZES.put(state, asset, Freezes(count=freezes(state, asset) + 1))


def move(state: State, asset: Asset, units: int, payer: bytes, payee: bytes) -> None:
    """Pay what a payer has available to another as it wishes: all rules apply. Refuses before it writes."""
    require_may_pay(state, asset, payer, units)
    require_may_receive(state, asset, payee, units)
    _shift(state, asset, payer, available=-units)
    _shift(state, asset, payee, available=units)


def set_aside(state: State, asset: Asset, units: int, payer: bytes, payees: Iterable[tuple[bytes, int]]) -> None:
    """Hold money of the payer's for those who are to have it, as it wishes: all rules apply. Refuses before it writes.

    What is set aside is a promise: nobody may be paid by it later who could not be paid now.
    """
    require_may_pay(state, asset, payer, units)
    for payee, share in payees:
        if share:
            require_may_receive(state, asset, payee, share)
    _shift(state, asset, payer, available=-units, held=units)


def keep_promise(state: State, asset: Asset, units: int, payer: bytes, payees: tuple[tuple[bytes, int], ...]) -> None:
    """Pay out money that was set aside: `units` of the payer's held money to several payees in one step."""
    ensure(sum(share for _account, share in payees) == units, "a settlement that creates or loses money")
    if units == 0:
        return
    _shift(state, asset, payer, held=-units)
    for account, share in payees:
        if share:
            _shift(state, asset, account, available=share)


def pass_on(state: State, asset: Asset, units: int, payer: bytes, holder: bytes) -> None:
    """Let what was set aside stay set aside, on another's balance: a promise kept that is a part of a longer one."""
    _shift(state, asset, payer, held=-units)
    _shift(state, asset, holder, held=units)


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
    _shift(state, asset, to, available=units)


def burn(state: State, asset: Asset, units: int) -> None:
    """Destroy money that the issuer itself has available."""
    currency = currency_of(state, asset)
    has = balance(state, asset.issuer, asset).available
    require(has >= units, Refuse.FUNDS_INSUFFICIENT, asked=units)
    CURRENCIES.put(state, asset, structs.replace(currency, supply=currency.supply - units))
    _shift(state, asset, asset.issuer, available=-units)


def store(state: State, account: bytes, asset: Asset, changed: Balance) -> None:
    """Write a balance, or drop its record when nothing is left to remember."""
    if changed == NOTHING:
        BALANCES.drop(state, (account, asset))
    else:
        BALANCES.put(state, (account, asset), changed)


def require_may_pay(state: State, asset: Asset, account: bytes, units: int) -> None:
    """Refuse unless a holder has this much available and is not frozen."""
    ensure(units > 0, "a movement of nothing")
    currency_of(state, asset)
    source = balance(state, account, asset)
    require(not source.frozen, Refuse.HOLDER_FROZEN, account=account)
    require(source.available >= units, Refuse.FUNDS_INSUFFICIENT, asked=units)


def require_may_receive(state: State, asset: Asset, account: bytes, units: int) -> None:
    """Refuse unless a holder may receive this much more."""
    currency = currency_of(state, asset)
    target = balance(state, account, asset)
    require(target.authorised or not currency.by_authorisation, Refuse.HOLDER_NOT_AUTHORISED, account=account)
    total = target.available + target.held + units
    require(total <= currency.holder_max, Refuse.HOLDER_CAP_PASSED, cap=currency.holder_max, asked=units)


def _shift(state: State, asset: Asset, account: bytes, *, available: int = 0, held: int = 0) -> None:
    """Change what an account has; neither part can go below nothing or pass the supply."""
    before = balance(state, account, asset)
    after = structs.replace(before, available=before.available + available, held=before.held + held)
    sound = 0 <= after.available <= UNITS_MAX and 0 <= after.held <= UNITS_MAX
    ensure(sound, "a balance below nothing or beyond what can exist")
    store(state, account, asset, after)
