"""Facts about who takes part. Numbers 200 to 299, for ever."""

from __future__ import annotations

from sogdia.kernel.accounts import HighValueLimit, Key, Thresholds
from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, CountryCode, Hash, KeyNumber, Name, NodeKey, Seconds


class PartyRegistered(Event, tag=200):
    """A registrar entered a party."""

    account: Account
    registrar: Account
    kind: int
    country: CountryCode
    sponsor: Account


class KeysChanged(Event, tag=201):
    """A party changed its keys; from the next envelope on the removed ones are worth nothing."""

    account: Account
    removed: tuple[KeyNumber, ...]
    added: tuple[Key, ...]
    thresholds: Thresholds


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
    """A member's node signs headers with another key from a height on."""

    account: Account
    old: NodeKey
    new: NodeKey
    from_height: int


class HighValueLimitsSet(Event, tag=206):
    """A party said from which amount on an operation is of high value."""

    account: Account
    limits: tuple[HighValueLimit, ...]


class GuardiansSet(Event, tag=207):
    """A party named who may put new keys in place, and how many of them it takes."""

    account: Account
    guardians: tuple[Account, ...]
    needed: int


class RecoveryProposed(Event, tag=208):
    """A guardian proposed new keys for a party."""

    account: Account
    guardian: Account
    digest: Hash
    until: Seconds
    """How long others may approve."""


class RecoveryApproved(Event, tag=209):
    """Another guardian approved a proposal."""

    account: Account
    guardian: Account
    """Whose proposal it is."""
    approved_by: Account
    digest: Hash


class RecoveryBegun(Event, tag=210):
    """Enough guardians agree: the new keys come into place unless a key of the party stops them."""

    account: Account
    guardian: Account
    digest: Hash
    stoppable_until: Seconds


class RecoveryVetoed(Event, tag=211):
    """A key of the party stopped a proposal."""

    account: Account
    guardian: Account


class RecoveryLapsed(Event, tag=212):
    """A proposal did not gather its approvals in time."""

    account: Account
    guardian: Account


class KeysRecovered(Event, tag=213):
    """The keys that guardians agreed on are in place; all earlier ones are worth nothing."""

    account: Account
    guardian: Account
    keys: tuple[Key, ...]
    thresholds: Thresholds


class MandateGranted(Event, tag=214):
    """A party lets an agent act in its name."""

    mandate: Name
    agent: Account
    valid_until: Seconds


class MandateRevoked(Event, tag=215):
    """A party took a mandate back."""

    mandate: Name


class ConsentsRenewed(Event, tag=216):
    """A party began a new chain of one-time codes for a mandate, or did away with the one it had."""

    mandate: Name


class ConsentGiven(Event, tag=217):
    """A one-time code opened a mandate for one operation."""

    mandate: Name


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


class AppealResumed(Event, tag=230):
    """A party was suspended again before its appeal was decided: the appeal goes on with the time that was left."""

    account: Account
    deadline: Seconds


class AppealForgotten(Event, tag=231):
    """A party was active for as long as an appeal lasts, so its undecided appeal is over."""

    account: Account
