"""Facts about money. Numbers 300 to 399, for ever."""

from __future__ import annotations

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, Name, Seconds, Units
from sogdia.modules.money.records import Asset, EndToEnd, Purpose


class CurrencyOpened(Event, tag=300):
    """An issuer began to issue a currency."""

    asset: Asset
    digits: int


class Minted(Event, tag=301):
    """An issuer created money for a holder."""

    asset: Asset
    to: Account
    units: Units


class Burned(Event, tag=302):
    """An issuer destroyed money that it held."""

    asset: Asset
    units: Units


class Transferred(Event, tag=303):
    """A holder paid another."""

    asset: Asset
    payer: Account
    payee: Account
    units: Units
    purpose: Purpose
    end_to_end: EndToEnd


class HolderFrozen(Event, tag=304):
    """An issuer froze a holder's money."""

    asset: Asset
    account: Account
    reason: str


class HolderUnfrozen(Event, tag=305):
    """An issuer unfroze a holder's money."""

    asset: Asset
    account: Account


class HolderAuthorised(Event, tag=306):
    """An issuer let a party hold its money."""

    asset: Asset
    account: Account


class AuthorisationRevoked(Event, tag=307):
    """An issuer took a holder off its list."""

    asset: Asset
    account: Account


class CapsSet(Event, tag=308):
    """An issuer set how much may exist and how much one holder may have."""

    asset: Asset
    supply_max: Units
    holder_max: Units


class HoldPlaced(Event, tag=309):
    """A payer set money aside for a payee."""

    hold: Name
    payee: Account
    asset: Asset
    units: Units
    deadline: Seconds


class HoldEnded(Event, tag=310):
    """A hold was captured, released or ran out: `captured` went to the payee, the rest back to the payer."""

    hold: Name
    captured: Units
    returned: Units
