"""Facts about who takes part. Numbers 200 to 299, for ever."""

from __future__ import annotations

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, CountryCode, Hash, KeyNumber, Name, PublicKey, Seconds


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


class AttestationOffered(Event, tag=220):
    """A registrar offered a party an attestation."""

    attestation: Name
    subject: Account
    attests: int
    level: int
    country: CountryCode
    expiry: Seconds


class AttestationAccepted(Event, tag=221):
    """A party agreed to an attestation; it is valid until it expires."""

    attestation: Name
    subject: Account


class AttestationWithdrawn(Event, tag=222):
    """The registrar or the subject ended an attestation or an offer."""

    attestation: Name
    subject: Account
    by: Account


class AttestationLapsed(Event, tag=223):
    """An offer was not accepted in time."""

    attestation: Name
    subject: Account


class AttestationExpired(Event, tag=224):
    """An attestation came to its end."""

    attestation: Name
    subject: Account


class SuspensionAppealed(Event, tag=225):
    """A suspended party asked for a second look; without one the suspension ends after the deadline."""

    account: Account
    grounds: Hash | None
    deadline: Seconds


class SuspensionUpheld(Event, tag=226):
    """Another registrar, or an operator, confirmed a suspension."""

    account: Account
    by: Account


class SuspensionEnded(Event, tag=227):
    """Nobody upheld an appealed suspension in time, so it ended by itself."""

    account: Account


class HandleClaimed(Event, tag=228):
    """A party took a handle."""

    account: Account
    handle: str


class HandleReleased(Event, tag=229):
    """A party gave its handle up."""

    account: Account
    handle: str
