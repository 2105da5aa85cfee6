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


AUDITORS_MAX = 4
PANEL_MAX = 9
TIERS = 4
"""Nobody knows who it is; then the levels of assurance: low, substantial, high."""


class Asset(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Money of one currency issued by one party. The same currency of two issuers is two assets."""

    currency: CurrencyCode
    issuer: Account


class TierLimit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a holder of one tier may pay or set aside: at once, and on one day (UTC)."""

    payment_most: Units
    day_most: Units


class Policy(msgspec.Struct, frozen=True, array_like=True, gc=False, kw_only=True):
    """What an issuer binds itself to when it opens a currency. Who holds its money can rely on it for ever.

    Of all this only `limits` (which may be widened) and `reference_from` change later.
    """

    auditors: Annotated[tuple[Account, ...], Meta(max_length=AUDITORS_MAX)] = ()
    auditors_needed: Annotated[int, Meta(ge=0, le=AUDITORS_MAX)] = 0
    """Money is minted only while so many of them vouch for at least the new supply. With nobody named, freely."""
    panel: Annotated[tuple[Account, ...], Meta(max_length=PANEL_MAX)] = ()
    panel_needed: Annotated[int, Meta(ge=0, le=PANEL_MAX)] = 0
    """Money is clawed back, and a freeze made longer, only when so many of them agree. With nobody named, never."""
    limits: Annotated[tuple[TierLimit, ...], Meta(max_length=TIERS)] = ()
    """By tier: of holders who have not shown who they are, then by the level of the attestation that they show."""
    reference_from: Units = 0
    """From this amount on a payment to another carries a travel-rule reference; with 0 never."""


class Currency(Record):
    """What an issuer issues."""

    digits: int
    supply: Units
    supply_max: Units
    holder_max: Units
    by_authorisation: bool
    """Whether only holders that the issuer has authorised may receive it."""
    policy: Policy | None = None


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


def asset_key(asset: Asset) -> bytes:
    """Lay out an asset as a key."""
    return asset.currency.encode("ascii") + asset.issuer


def balance_key(key: tuple[bytes, Asset]) -> bytes:
    """Lay out a holder and an asset as a key."""
    asset = key[1]
    return key[0] + asset.currency.encode("ascii") + asset.issuer


def asset_of(key: bytes) -> Asset:
    """Give the asset that a key lays out."""
    return Asset(key[:3].decode("ascii"), key[3:])


def asset_asked_for(key: bytes) -> Asset | None:
    """Give the asset that somebody's key lays out, or nothing when no currency has such a code."""
    code = key[:3]
    return asset_of(key) if code.isalpha() and code.isupper() else None


def show_asset(key: bytes) -> dict[str, Any]:
    """Take an asset's key apart, for people."""
    return {"currency": key[:3].decode("ascii"), "issuer": key[3:]}


def show_balance(key: bytes) -> dict[str, Any]:
    """Take the key of a holder and an asset apart, for people."""
    return {"account": key[:ACCOUNT_BYTES], **show_asset(key[ACCOUNT_BYTES:])}


def show_name(key: bytes) -> dict[str, Any]:
    """Show a key that is a name."""
    return {"name": key}


CURRENCIES: Table[Asset, Currency] = Table("money/currencies", 30, Currency, key=asset_key, show_key=show_asset)
BALANCES: Table[tuple[bytes, Asset], Balance] = Table(
    "money/balances", 31, Balance, key=balance_key, show_key=show_balance
)
HOLDS: Table[bytes, Hold] = Table("money/holds", 32, Hold, show_key=show_name, life=True)
