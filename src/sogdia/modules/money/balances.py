"""The only code that changes what anybody owns. Every movement, whatever causes it, is one of the functions here.

    minted ──▶ available ──set aside──▶ held ──▶ available, of the same holder or of others
                   └──burned, clawed back        └──redeemed

Two kinds of movement. A *wish* (a transfer, an order being placed) passes every rule: the payer's freeze, funds, limits
and travel-rule reference, then each payee's authorisation and cap. The payer comes first, so that nobody finds out what
others have by asking for payments that it could never make; and no refusal says what anybody has, since an agent may be
the one who reads it.
A *promise kept* (an order settles, a hold ends) moves money that passed those rules when it was set aside; it cannot be
refused, so that a freeze or a cap set meanwhile never leaves a trade stuck: the money arrives, and the freeze holds it
there. Nor is what is set aside ever clawed back: whoever it was promised to can rely on it.

An asset without a policy costs nothing more here: whether it has one stands in the record that is read anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.kernel.refusal import ensure, require
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.money import limits
from sogdia.modules.money.issuer_records import FREEZES, SPENDING
from sogdia.modules.money.records import BALANCES, CURRENCIES, Asset, Balance, Currency
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.modules.money.reserves import require_vouched

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.state import Reader, State

NOTHING = Balance()
NO_REFERENCE = b""


def balance(state: Reader, account: bytes, asset: Asset) -> Balance:
    """Give what an account has of an asset."""
    return BALANCES.find(state, (account, asset)) or NOTHING


def currency_of(state: Reader, asset: Asset) -> Currency:
    """Give an asset's currency record, or refuse."""
    return CURRENCIES.get(state, asset, Refuse.CURRENCY_UNKNOWN, currency=asset.currency, issuer=asset.issuer)


def move(  # noqa: PLR0913 - what is paid, by whom, to whom, on what grounds
    state: State,
    asset: Asset,
    units: int,
    payer: bytes,
    payee: bytes,
    *,
    reference: bytes = NO_REFERENCE,
    refund: bool = False,
) -> None:
    """Pay what a payer has available to another as it wishes: all rules apply. Refuses before it writes.

    `reference` says where the payer's and the payee's names stand, for assets that ask for it. A `refund` is under no
    limit, and its reference is that of the payment that it returns.
    """
    currency = require_may_pay(state, asset, payer, units)
    spending = None
    if currency.policy is not None and not refund:
        limits.require_reference(currency.policy, units, reference)
        spending = limits.spending_after(state, asset, currency.policy, payer, units)
    _require_may_receive(state, asset, currency, payee, units)
    if spending is not None:
        SPENDING.put(state, (payer, asset), spending)
    _shift(state, asset, payer, available=-units)
    _shift(state, asset, payee, available=units)


def set_aside(  # noqa: PLR0913 - what is set aside, by whom, for whom, on what grounds
    state: State,
    asset: Asset,
    units: int,
    payer: bytes,
    payees: Iterable[tuple[bytes, int]],
    *,
    reference: bytes = NO_REFERENCE,
    to_follow: int = 0,
) -> None:
    """Hold money of the payer's for those who are to have it, as it wishes: all rules apply. Refuses before it writes.

    What is set aside is a promise: nobody may be paid by it later who could not be paid now. Without `payees` it is
    not for anybody yet. `reference` is as in `move`; of an order it is the order's name, since its papers say the rest.
    What is `to_follow` is promised with it and set aside later, under no limit any more: so it counts in them now.
    """
    currency = require_may_pay(state, asset, payer, units) if units else currency_of(state, asset)
    payees = tuple(payees)
    spending = None
    promised = units + to_follow
    if promised and currency.policy is not None:
        limits.require_reference(currency.policy, units if payees else 0, reference)
        spending = limits.spending_after(state, asset, currency.policy, payer, promised)
    for payee, share in payees:
        if share:
            _require_may_receive(state, asset, currency, payee, share)
    if spending is not None:
        SPENDING.put(state, (payer, asset), spending)
    if units:
        _shift(state, asset, payer, available=-units, held=units)


def set_aside_past_limits(state: State, asset: Asset, units: int, holder: bytes) -> None:
    """Hold money that no limit may hold up: what has counted when it was promised, or is for its issuer to redeem."""
    require_may_pay(state, asset, holder, units)
    _shift(state, asset, holder, available=-units, held=units)


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
    if currency.policy is not None:
        require_vouched(state, asset, currency.policy, currency.supply + units)
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


def redeem(state: State, asset: Asset, units: int, holder: bytes) -> None:
    """Destroy money that a holder has set aside for its issuer: a promise kept."""
    currency = CURRENCIES.must(state, asset)
    CURRENCIES.put(state, asset, structs.replace(currency, supply=currency.supply - units))
    _shift(state, asset, holder, held=-units)


def claw_back(state: State, asset: Asset, units: int, holder: bytes, to: bytes) -> int:
    """Take what a holder has available, at most `units`, frozen or not; give how much. Refuses before it writes.

    For measures that a panel has agreed to, and nothing else. What is set aside is out of reach.
    """
    taken = min(units, balance(state, holder, asset).available)
    require(taken > 0, Refuse.NOTHING_AVAILABLE, account=holder)
    _require_may_receive(state, asset, CURRENCIES.must(state, asset), to, taken)
    _shift(state, asset, holder, available=-taken)
    _shift(state, asset, to, available=taken)
    return taken


def is_frozen(state: State, account: bytes, asset: Asset, known: Balance) -> bool:
    """Tell whether a freeze holds now. It ends with its last second, even before the calendar has come to it."""
    return known.frozen and FREEZES.must(state, (account, asset)).until >= state.time


def is_frozen_at(state: Reader, account: bytes, asset: Asset, time: int) -> bool:
    """Tell whether a holder is frozen at a time that the asker knows."""
    return balance(state, account, asset).frozen and FREEZES.must(state, (account, asset)).until >= time


def require_travel_reference(state: State, asset: Asset, units: int, reference: bytes) -> None:
    """Refuse a payment to another that is large enough for a travel-rule reference and has none."""
    policy = currency_of(state, asset).policy
    if policy is not None:
        limits.require_reference(policy, units, reference)


def store(state: State, account: bytes, asset: Asset, changed: Balance) -> None:
    """Write a balance, or drop its record when nothing is left to remember."""
    if changed == NOTHING:
        BALANCES.drop(state, (account, asset))
    else:
        BALANCES.put(state, (account, asset), changed)


def require_may_pay(state: State, asset: Asset, account: bytes, units: int) -> Currency:
    """Refuse unless a holder has this much available and is not frozen; give the asset's record."""
    ensure(units > 0, "a movement of nothing")
    currency = currency_of(state, asset)
    source = balance(state, account, asset)
    require(not is_frozen(state, account, asset, source), Refuse.HOLDER_FROZEN, account=account)
    require(source.available >= units, Refuse.FUNDS_INSUFFICIENT, asked=units)
    return currency


def require_may_receive(state: Reader, asset: Asset, account: bytes, units: int) -> None:
    """Refuse unless a holder may receive this much more."""
    _require_may_receive(state, asset, currency_of(state, asset), account, units)


def _require_may_receive(state: Reader, asset: Asset, currency: Currency, account: bytes, units: int) -> None:
    target = balance(state, account, asset)
    require(target.authorised or not currency.by_authorisation, Refuse.HOLDER_NOT_AUTHORISED, account=account)
    total = target.available + target.held + units
    require(total <= currency.holder_max, Refuse.HOLDER_CAP_PASSED, cap=currency.holder_max, asked=units)


def may_receive(state: Reader, asset: Asset, account: bytes, units: int) -> bool:
    """Tell whether a holder may receive this much more, where somebody else is served if not."""
    currency, target = CURRENCIES.must(state, asset), balance(state, account, asset)
    listed = target.authorised or not currency.by_authorisation
    room = currency.holder_max - target.available - target.held
    return listed and units <= room


def _shift(state: State, asset: Asset, account: bytes, *, available: int = 0, held: int = 0) -> None:
    """Change what an account has; neither part can go below nothing or pass the supply."""
    key = BALANCES.full_key((account, asset))
    before: Any = state.find(BALANCES, key) or NOTHING
    after: Balance = structs.replace(before, available=before.available + available, held=before.held + held)
    sound = 0 <= after.available <= UNITS_MAX and 0 <= after.held <= UNITS_MAX
    ensure(sound, "a balance below nothing or beyond what can exist")
    state.write(BALANCES, key, None if after == NOTHING else after)
