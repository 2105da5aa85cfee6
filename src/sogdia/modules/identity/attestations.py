"""Attestations: what a registrar vouches for, about a party that agrees.

    (registrar offers) ──▶ offered ──subject accepts──▶ valid ──expiry──▶ gone
                             │                            │
                             └─ not accepted in time,     └─ withdrawn by either side ──▶ gone
                                or withdrawn ──▶ gone

On the ledger stands a keyed commitment, never what was seen. A subject must accept, so nobody is labelled against its
will; either side can end it at any time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import structs

from sogdia.kernel import calendar, quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Exit, Operation
from sogdia.kernel.parameters import DAY
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Account, CountryCode, Hash, Name, Reference, Seconds, name_of, owner_of
from sogdia.modules.identity import registrars
from sogdia.modules.identity.events import (
    AttestationAccepted,
    AttestationExpired,
    AttestationLapsed,
    AttestationOffered,
    AttestationWithdrawn,
)
from sogdia.modules.identity.parties import active_party
from sogdia.modules.identity.records import Role
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.registry_records import (
    ATTESTATIONS,
    TAGS,
    Attestation,
    AttestationKind,
    AttestationType,
    Level,
    Tag,
)
from sogdia.modules.identity.roles import has_role

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, Table

ATTESTATION_BYTES = 400
"""What an attestation and its tag count for in the registrar's sponsor's storage."""

WHO_IT_IS = frozenset(
    (AttestationType.LEI, AttestationType.LICENCE, AttestationType.IDENTITY, AttestationType.QUALIFIED_SIGNATURE)
)
"""What says who a party is; a number for goods, places or taxes does not."""

VALIDITY_MAX = 1_830 * DAY
"""Five years: what was seen longer ago has to be looked at again."""


class OfferAttestation(Operation, tag=220):
    """Offer a party an attestation under a reference of the registrar's; it is valid once the party accepts."""

    reference: Reference
    subject: Account
    attests: AttestationKind
    level: Level
    country: CountryCode
    expiry: Seconds
    accept_by: Seconds
    """Until when the party may accept."""
    commitment: Hash
    """The root over what was seen, keyed by a secret that registrar and party keep."""
    tag: Hash
    """Stands for the thing that was seen, under the registrar's own key."""

    def check(self) -> None:
        """Refuse an offer that could be accepted after it has expired."""
        require(self.accept_by <= self.expiry, Refuse.OFFER_OUTLASTS_EXPIRY, accept_by=self.accept_by)

    def apply(self, ctx: Context) -> None:
        """Write the offer down."""
        require(has_role(ctx.state, ctx.sender, Role.REGISTRAR), Refuse.SENDER_NOT_REGISTRAR)
        active_party(ctx.state, self.subject)
        require(self.subject != ctx.sender, Refuse.SELF_ATTESTATION)
        require(self.accept_by >= ctx.time, Refuse.OFFER_OVER, accept_by=self.accept_by, time=ctx.time)
        latest = ctx.time + VALIDITY_MAX
        require(self.expiry <= latest, Refuse.EXPIRY_TOO_FAR, expiry=self.expiry, latest=latest)
        name = name_of(ctx.sender, self.reference)
        require(ATTESTATIONS.find(ctx.state, name) is None, Refuse.ATTESTATION_EXISTS, attestation=name)
        tag = TAGS.find(ctx.state, (ctx.sender, self.tag))
        require(tag is None or tag.subject == self.subject, Refuse.ALREADY_ATTESTED, tag=self.tag)

        registrars.charge_attestation(ctx, self.country)
        sponsor = PARTIES.must(ctx.state, ctx.sender).sponsor
        quota.occupy(ctx.state, sponsor, ATTESTATION_BYTES)
        count = 1 if tag is None else tag.attestations + 1
        TAGS.put(ctx.state, (ctx.sender, self.tag), Tag(subject=self.subject, attestations=count))
        attestation = Attestation(
            subject=self.subject,
            attests=self.attests,
            level=self.level,
            country=self.country,
            expiry=self.expiry,
            commitment=self.commitment,
            tag=self.tag,
            accept_by=self.accept_by,
            accepted=False,
            sponsor=sponsor,
        )
        ATTESTATIONS.put(ctx.state, name, attestation)
        calendar.schedule(ctx.state, self.accept_by, ATTESTATIONS.full_key(name))

        ctx.emit(
            AttestationOffered(
                attestation=name,
                subject=self.subject,
                attests=self.attests,
                level=self.level,
                country=self.country,
                expiry=self.expiry,
            )
        )


class AboutAttestation(Operation):
    """What is asked of one attestation."""

    attestation: Name

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the name says it all
        """Name the attestation."""
        return ((ATTESTATIONS, self.attestation),)


class AcceptAttestation(AboutAttestation, tag=221):
    """Agree to an attestation about the sender."""

    def apply(self, ctx: Context) -> None:
        """Make the attestation valid until it expires."""
        attestation = known_attestation(ctx, self.attestation)
        require(attestation.subject == ctx.sender, Refuse.SENDER_NOT_SUBJECT, subject=attestation.subject)
        require(not attestation.accepted, Refuse.ATTESTATION_ACCEPTED)

        ATTESTATIONS.put(ctx.state, self.attestation, structs.replace(attestation, accepted=True))
        due_object = ATTESTATIONS.full_key(self.attestation)
        calendar.move(ctx.state, attestation.accept_by, attestation.expiry, due_object)

        ctx.emit(AttestationAccepted(attestation=self.attestation, subject=ctx.sender))


class WithdrawAttestation(AboutAttestation, tag=222):
    """End an attestation or take back an offer; open to the registrar that made it and to its subject."""

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Remove the attestation."""
        attestation = known_attestation(ctx, self.attestation)
        either = ctx.sender in (attestation.subject, owner_of(self.attestation))
        require(either, Refuse.SENDER_NOT_OF_ATTESTATION, subject=attestation.subject)

        remove(ctx, self.attestation, attestation)

        ctx.emit(AttestationWithdrawn(attestation=self.attestation, subject=attestation.subject, by=ctx.sender))


def known_attestation(ctx: Context, name: bytes) -> Attestation:
    """Give an attestation, or refuse."""
    return ATTESTATIONS.get(ctx.state, name, Refuse.ATTESTATION_UNKNOWN, attestation=name)


def assurance_of(state: Reader, name: bytes, account: bytes, time: int) -> int:
    """Give how closely a registrar has looked at who a party is: the level of a valid attestation of that, or 0."""
    found = ATTESTATIONS.find(state, name)
    if found is None or found.subject != account or not found.accepted or found.expiry < time:
        return 0
    return found.level if found.attests in WHO_IT_IS else 0


def deadline_of(attestation: Attestation) -> int:
    """Give the deadline under which an attestation stands in the calendar."""
    return attestation.expiry if attestation.accepted else attestation.accept_by


def run_out(ctx: Context, name: bytes, attestation: Attestation, _writes_max: int) -> None:
    """Remove an attestation that has expired, or an offer that was not accepted in time."""
    remove(ctx, name, attestation)

    ended = AttestationExpired if attestation.accepted else AttestationLapsed
    ctx.emit(ended(attestation=name, subject=attestation.subject))


def remove(ctx: Context, name: bytes, attestation: Attestation) -> None:
    """Take an attestation out of everything that knows it."""
    ATTESTATIONS.drop(ctx.state, name)
    calendar.unschedule(ctx.state, deadline_of(attestation), ATTESTATIONS.full_key(name))
    key = (owner_of(name), attestation.tag)
    tag = TAGS.must(ctx.state, key)
    if tag.attestations == 1:
        TAGS.drop(ctx.state, key)
    else:
        TAGS.put(ctx.state, key, structs.replace(tag, attestations=tag.attestations - 1))
    quota.give_back(ctx.state, attestation.sponsor, ATTESTATION_BYTES)


ATTESTATION_EXIT = Exit(ATTESTATIONS, deadline_of=deadline_of, apply=run_out)
