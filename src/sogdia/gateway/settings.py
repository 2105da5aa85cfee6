"""What an operator decides about a gateway: the file `gateway.toml` in its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.rails.reasons import MessageRefused
from sogdia.rails.spelling import read_amount

if TYPE_CHECKING:
    from pathlib import Path

FILE = "gateway.toml"
BYTES_MAX = 1 << 20
RAILS_MAX = 16
KEYS_MAX = 1_000
HOURS_MAX = 24 * 60
PublicHex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Amount = Annotated[str, Meta(max_length=32, pattern=r"^[0-9]+(\.[0-9]+)?\Z")]


class SettingsWrongError(Exception):
    """The settings of a gateway cannot be used."""


class QrSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in a QR code that a merchant shows (EMVCo), given by the wallet's operator."""

    scheme: Annotated[str, Meta(pattern=r"^[0-9A-Za-z.-]{1,32}\Z")]
    """Which wallet it is: its globally unique identifier."""
    category: Annotated[str, Meta(pattern=r"^[0-9]{4}\Z")] = "6012"
    """The merchant category by ISO 18245; 6012 is a financial institution."""
    currency: Annotated[str, Meta(pattern=r"^[0-9]{3}\Z")]
    """The currency's number by ISO 4217, such as 404 for KES."""
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
    city: Annotated[str, Meta(pattern=r"^[ -~]{1,15}\Z")]
    name: Annotated[str, Meta(pattern=r"^[ -~]{1,25}\Z")]


class RailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rail."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,15}\Z")]
    kind: Literal["bank", "card", "wallet", "agent"]
    account: Annotated[str, Meta(min_length=1, max_length=34)]
    """The issuer's own account there: an IBAN, a merchant's number, an agent network's customer."""
    opening: Annotated[str, Meta(max_length=32, pattern=r"^[0-9]+(\.[0-9]+)?\Z")] = "0"
    """What lay there at the moment from which the gateway counts."""
    hold_hours: Annotated[int, Meta(ge=0, le=HOURS_MAX)] = 0
    """How long a credit waits before it is minted, counted from its booking: as long as it is often taken back."""
    chargebacks: Literal["issuer", "holder"] = "issuer"
    """Who bears what is taken back after it was minted. With `holder` the currency's panel is asked to claw it back."""
    credit_most: Amount = "1000000000"
    """A larger credit waits for a person."""
    orders: Literal["pain.001", "pacs.008"] = "pain.001"
    """How a bank is asked to pay: as its customer, or as a bank among banks."""
    keys: Annotated[tuple[PublicHex, ...], Meta(max_length=KEYS_MAX)] = ()
    """Of a wallet and of agents: the Ed25519 keys that sign what comes from them."""
    float_most: Amount = "1000000000"
    """Of an agent: how much cash it may have collected and not yet handed in."""
    qr: QrSettings | None = None
    """Of a wallet: what its QR codes say of the issuer, besides who is paid."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gateway."""

    network: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    """The network's genesis hash."""
    issuer: Annotated[str, Meta(min_length=1, max_length=60)]
    """The issuer's account, by its code."""
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
    owner: Annotated[str, Meta(min_length=1, max_length=80)]
    """Who answers for what waits, unless it is given to somebody else."""
    since: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    """The moment from which it counts; what was booked before is in the openings already."""
    block: Annotated[int, Meta(ge=0)]
    """The last block before it; what circulated then was covered by the openings."""
    called: Annotated[str, Meta(min_length=1, max_length=70)] = "Issuer"
    """The issuer's name in messages to banks."""
    suspense_hours: Annotated[int, Meta(ge=1, le=HOURS_MAX)] = 5 * 24
    """How long a credit waits in suspense before it is sent back."""
    answer_hours: Annotated[int, Meta(ge=1, le=HOURS_MAX)] = 24
    """So long before a redemption runs out, its units are destroyed though the rail has not answered."""
    rails: Annotated[tuple[RailSettings, ...], Meta(min_length=1, max_length=RAILS_MAX)]

    def rail(self, name: str) -> RailSettings | None:
        """Give a rail by its name."""
        return next((each for each in self.rails if each.name == name), None)


def read_settings(folder: Path) -> Settings:
    """Read the settings of a gateway's folder."""
    path = folder / FILE
    try:
        with path.open("rb") as stream:
            found = msgspec.toml.decode(stream.read(BYTES_MAX), type=Settings)
    except FileNotFoundError as error:
        raise SettingsWrongError(f"{folder} is no gateway: it has no {FILE}.") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise SettingsWrongError(f"{path}: {error}") from error
    names = [each.name for each in found.rails]
    if len(set(names)) != len(names):
        raise SettingsWrongError(f"{path}: two rails have the same name.")
    if found.currency not in MINOR_DIGITS:
        raise SettingsWrongError(f"{path}: {found.currency} is no current code of ISO 4217.")
    for rail in found.rails:
        for text in (rail.opening, rail.credit_most, rail.float_most):
            units(text, found.currency)
    return found


def units(text: str, currency: str) -> int:
    """Give an amount of the settings in minor units; nothing is an amount here."""
    if not text.strip("0."):
        return 0
    try:
        return read_amount(text, currency)
    except MessageRefused as refused:
        raise SettingsWrongError(f"{text!r}: {refused.sentence}") from refused
