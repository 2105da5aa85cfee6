"""The records of money: currencies with their issuers, what each account has, and what is set aside."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from sogdia.kernel.codec import Record
from sogdia.kernel.state import Table
from sogdia.kernel.values import ACCOUNT_BYTES, Account, CurrencyCode, Hash, Seconds, Units

Purpose = Annotated[str, Meta(min_length=4, max_length=4, pattern=r"^[A-Z]{4}\Z")]
"""An ISO 20022 external purpose code, such as GDDS (goods) or SALA (salary)."""

EndToEnd = Annotated[str, Meta(max_length=35)]
"""The payer's reference, as ISO 20022 carries it: at most 35 characters."""


class Asset(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Money of one currency issued by one party. The same currency of two issuers is two assets."""

    currency: CurrencyCode
    issuer: Account


class Currency(Record):
    """What an issuer issues."""

    digits: int
    supply: Units
    supply_max: Units
    holder_max: Units
    by_authorisation: bool
    """Whether only holders that the issuer has authorised may receive it."""


class Balance(Record):
    """What an account has of an asset: free to spend, and set aside."""

    available: Units = 0
    held: Units = 0
    frozen: bool = False
    authorised: bool = False


class Hold(Record):
    """Money that a payer has set aside for a payee until a deadline."""

    payer: Account
    payee: Account
    asset: Asset
    units: Units
    deadline: Seconds
    purpose: Purpose
    sponsor: Account
    """Whose storage the hold takes."""
    history: Hash


class Freezes(Record):
    """How often the issuer of an asset has frozen or unfrozen a holder.

    Whoever remembers the number can tell later, without looking at every holder, whether those it has looked at are
    still what they were.
    """

    count: Units


def asset_key(asset: Asset) -> bytes:
    """Lay out an asset as a key."""
    return asset.currency.encode("ascii") + asset.issuer


def _balance_key(key: tuple[bytes, Asset]) -> bytes:
    asset = key[1]
    return key[0] + asset.currency.encode("ascii") + asset.issuer


def _show_asset(key: bytes) -> dict[str, Any]:
    return {"currency": key[:3].decode("ascii"), "issuer": key[3:]}


def _show_balance(key: bytes) -> dict[str, Any]:
    return {"account": key[:ACCOUNT_BYTES], **_show_asset(key[ACCOUNT_BYTES:])}


def _show_name(key: bytes) -> dict[str, Any]:
    return {"name": key}


CURRENCIES: Table[Asset, Currency] = Table("money/currencies", 30, Currency, key=asset_key, show_key=_show_asset)
BALANCES: Table[tuple[bytes, Asset], Balance] = Table(
    "money/balances", 31, Balance, key=_balance_key, show_key=_show_balance
)
HOLDS: Table[bytes, Hold] = Table("money/holds", 32, Hold, show_key=_show_name, life=True)
FREEZES: Table[Asset, Freezes] = Table("money/freezes", 33, Freezes, key=asset_key, show_key=_show_asset)
