"""Facts about who takes part. Numbers 200 to 299, for ever."""

from __future__ import annotations

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, CountryCode, KeyNumber, PublicKey


class PartyRegistered(Event, tag=200):
    """A registrar entered a party."""

    account: Account
    registrar: Account
    kind: int
    country: CountryCode
    sponsor: Account


class KeyRotated(Event, tag=201):
    """A party changed its key; from the next envelope on the old one is worth nothing."""

    account: Account
    number: KeyNumber
    public: PublicKey


class PartySuspended(Event, tag=202):
    """A registrar suspended a party."""

    account: Account
    reason: str


class PartyReinstated(Event, tag=203):
    """A registrar lifted a suspension."""

    account: Account


class SponsorChanged(Event, tag=204):
    """A party moved to another sponsor."""

    account: Account
    sponsor: Account


class NodeKeyRotated(Event, tag=205):
    """Headers are signed with another key from a height on."""

    old: PublicKey
    new: PublicKey
    from_height: int
