"""The currencies that a network begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import CurrencyCode, PositiveUnits, Reference
from sogdia.modules.identity import Role, has_role
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.modules.money.records import CURRENCIES, Asset, Currency

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext


class GenesisCurrency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A currency that an issuer offers from the start, with nothing in circulation."""

    currency: CurrencyCode
    issuer: Reference
    supply_max: PositiveUnits = 10**15
    holder_max: PositiveUnits = 10**15
    by_authorisation: bool = False


class MoneyGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The currencies from the start."""

    currencies: tuple[GenesisCurrency, ...] = ()


def load_genesis(context: GenesisContext, section: MoneyGenesis) -> None:
    """Open the currencies; a network with a wrong genesis does not start."""
    for each in section.currencies:
        issuer = context.account(each.issuer)
        ensure(each.currency in MINOR_DIGITS, f"genesis: {each.currency} is not an ISO 4217 code")
        ensure(has_role(context.state, issuer, Role.ISSUER), f"genesis: {each.issuer} is not an issuer")
        asset = Asset(each.currency, issuer)
        ensure(CURRENCIES.find(context.state, asset) is None, f"genesis opens {each.currency} twice")
        opened = Currency(
            digits=MINOR_DIGITS[each.currency],
            supply=0,
            supply_max=each.supply_max,
            holder_max=each.holder_max,
            by_authorisation=each.by_authorisation,
        )
        CURRENCIES.put(context.state, asset, opened)
