"""Issuers and what they issue: opening a currency, creating and destroying money, who may hold it and how much.

Money exists only as an issuer's promise: it is minted against a reserve that stands outside the ledger and burned when
it is redeemed. The network itself has no coin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Account, CurrencyCode, PositiveUnits
from sogdia.modules.identity import Role, has_role
from sogdia.modules.money import balances
from sogdia.modules.money.events import (
    AuthorisationRevoked,
    Burned,
    CapsSet,
    CurrencyOpened,
    HolderAuthorised,
    HolderFrozen,
    HolderUnfrozen,
    Minted,
)
from sogdia.modules.money.freezes import freeze, lift
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.modules.money.issuer_records import FREEZES, Reason
from sogdia.modules.money.records import BALANCES, CURRENCIES, Asset, Currency, asset_key
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.modules.money.texts import check_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, Table


class OpenCurrency(Operation, tag=300):
    """Begin to issue a currency. Its minor digits are those of ISO 4217."""

    currency: CurrencyCode
    supply_max: PositiveUnits
    holder_max: PositiveUnits
    by_authorisation: bool

    def check(self) -> None:
        """Refuse codes that ISO 4217 does not know."""
        require(self.currency in MINOR_DIGITS, Refuse.CURRENCY_CODE_UNKNOWN, currency=self.currency)

    def apply(self, ctx: Context) -> None:
        """Open the currency with nothing in circulation."""
        require(has_role(ctx.state, ctx.sender, Role.ISSUER), Refuse.SENDER_NOT_ISSUER)
        asset = Asset(self.currency, ctx.sender)
        require(CURRENCIES.find(ctx.state, asset) is None, Refuse.CURRENCY_EXISTS, currency=self.currency)

        digits = MINOR_DIGITS[self.currency]
        opened = Currency(
            digits=digits,
            supply=0,
            supply_max=self.supply_max,
            holder_max=self.holder_max,
            by_authorisation=self.by_authorisation,
        )
        CURRENCIES.put(ctx.state, asset, opened)

        ctx.emit(CurrencyOpened(asset=asset, digits=digits))


class Mint(Operation, tag=301):
    """Create money of the sender's currency for a holder."""

    currency: CurrencyCode
    to: Account
    units: PositiveUnits

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what is minted: the issuer has to redeem it one day, so minting costs it as much as paying."""
        return asset_key(Asset(self.currency, sender)), self.units

    def apply(self, ctx: Context) -> None:
        """Mint within the caps."""
        asset = Asset(self.currency, ctx.sender)
        require(PARTIES.find(ctx.state, self.to) is not None, Refuse.PAYEE_UNKNOWN, account=self.to)

        balances.mint(ctx.state, asset, self.to, self.units)

        ctx.emit(Minted(asset=asset, to=self.to, units=self.units))


class Burn(Operation, tag=302):
    """Destroy money that the issuer has available, as when it has redeemed it."""

    currency: CurrencyCode
    units: PositiveUnits

    def cost(self, state: Reader, sender: bytes) -> tuple[bytes, int]:  # noqa: ARG002 - it says itself what it costs
        """Give what is burned: it was the issuer's own and is gone."""
        return asset_key(Asset(self.currency, sender)), self.units

    def apply(self, ctx: Context) -> None:
        """Burn what is there."""
        asset = Asset(self.currency, ctx.sender)

        balances.burn(ctx.state, asset, self.units)

        ctx.emit(Burned(asset=asset, units=self.units))


class FreezeHolder(Operation, tag=304):
    """Stop a holder from paying with the sender's money for a time, for a stated reason. It may still receive."""

    currency: CurrencyCode
    account: Account
    reason: Reason

    def check(self) -> None:
        """Refuse a reason that could deceive its reader."""
        check_text(self.reason)

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the holder's freeze: an earlier one may have run out."""
        return ((FREEZES, (self.account, Asset(self.currency, sender))),)

    def apply(self, ctx: Context) -> None:
        """Freeze the holder for the network's term, or for what is left of it."""
        asset = own_asset(ctx, self.currency)
        require(PARTIES.find(ctx.state, self.account) is not None, Refuse.PAYEE_UNKNOWN, account=self.account)

        freeze(ctx, self.account, asset)

        ctx.emit(HolderFrozen(asset=asset, account=self.account, reason=self.reason))


class UnfreezeHolder(Operation, tag=305):
    """Let a frozen holder pay again."""

    currency: CurrencyCode
    account: Account

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the holder's freeze: it may have run out."""
        return ((FREEZES, (self.account, Asset(self.currency, sender))),)

    def apply(self, ctx: Context) -> None:
        """Unfreeze the holder."""
        asset = own_asset(ctx, self.currency)
        known = balances.balance(ctx.state, self.account, asset)
        require(known.frozen, Refuse.HOLDER_NOT_FROZEN, account=self.account)

        lift(ctx, self.account, asset)

        ctx.emit(HolderUnfrozen(asset=asset, account=self.account))


class AuthoriseHolder(Operation, tag=306):
    """Let a party hold the sender's money."""

    currency: CurrencyCode
    account: Account

    def apply(self, ctx: Context) -> None:
        """Put the holder on the list."""
        asset = own_asset(ctx, self.currency)
        known = balances.balance(ctx.state, self.account, asset)
        require(PARTIES.find(ctx.state, self.account) is not None, Refuse.PAYEE_UNKNOWN, account=self.account)
        require(not known.authorised, Refuse.HOLDER_ALREADY_AUTHORISED, account=self.account)

        BALANCES.put(ctx.state, (self.account, asset), structs.replace(known, authorised=True))

        ctx.emit(HolderAuthorised(asset=asset, account=self.account))


class RevokeAuthorisation(Operation, tag=307):
    """Take a holder without money off the list."""

    currency: CurrencyCode
    account: Account

    def apply(self, ctx: Context) -> None:
        """Take the holder off the list."""
        asset = own_asset(ctx, self.currency)
        known = balances.balance(ctx.state, self.account, asset)
        require(known.authorised, Refuse.HOLDER_NOT_AUTHORISED, account=self.account)
        require(known.available == 0 and known.held == 0, Refuse.HOLDER_HAS_MONEY, account=self.account)

        balances.store(ctx.state, self.account, asset, structs.replace(known, authorised=False))

        ctx.emit(AuthorisationRevoked(asset=asset, account=self.account))


class SetCaps(Operation, tag=308):
    """Set how much of the sender's currency may exist, and how much one holder may have."""

    currency: CurrencyCode
    supply_max: PositiveUnits
    holder_max: PositiveUnits

    def apply(self, ctx: Context) -> None:
        """Set the caps; holders above a new cap keep what they have."""
        asset = own_asset(ctx, self.currency)
        known = CURRENCIES.must(ctx.state, asset)
        require(known.supply <= self.supply_max, Refuse.CAP_BELOW_SUPPLY, supply=known.supply, cap=self.supply_max)

        changed = structs.replace(known, supply_max=self.supply_max, holder_max=self.holder_max)
        CURRENCIES.put(ctx.state, asset, changed)

        ctx.emit(CapsSet(asset=asset, supply_max=self.supply_max, holder_max=self.holder_max))


def own_asset(ctx: Context, currency: str) -> Asset:
    """Give the sender's asset of a currency, or refuse when it issues none."""
    asset = Asset(currency, ctx.sender)
    balances.currency_of(ctx.state, asset)
    return asset
