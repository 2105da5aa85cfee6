"""Mandates: granting and revoking them, and the one-time codes of somebody without a device.

What a mandate allows is read and counted by the kernel (`kernel.mandates`) before an operation is applied.

A chain of codes belongs to one mandate. It is made from its end backwards: each code is the hash of the next, shortened
to 80 bits. The ledger knows the end; who shows the code before it was given it by the party. Only the mandate's agent
can use a code, for what the mandate allows, and no other agent of the same party has the same chain: a code that was
seen on its way is of no use to others.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, structs

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES, Level
from sogdia.kernel.mandates import (
    CAPS_MAX,
    MANDATES,
    OPERATIONS_MAX,
    Cap,
    Mandate,
    OperationNumber,
    Period,
    known_mandate,
)
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.values import Account, Name, Reference, Seconds, name_of, owner_of
from sogdia.modules.identity.events import ConsentGiven, ConsentsRenewed, MandateGranted, MandateRevoked
from sogdia.modules.identity.parties import active_party
from sogdia.modules.identity.records import CONSENT_BYTES, CONSENTS, ConsentCode, Consents
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context

MANDATE_BYTES = 1_000
"""What a mandate counts for in the storage of its grantor's sponsor."""

SKIPPED_MAX = 16
"""So many codes of a chain may be used up with one, since cards get wet and people mistype."""

DOMAIN = b"sogdia/consent"


class GrantMandate(Operation, tag=211):
    """Let an agent ask for operations in the sender's name, within caps, for a time."""

    reference: Reference
    agent: Account
    operations: Annotated[tuple[OperationNumber, ...], Meta(min_length=1, max_length=OPERATIONS_MAX)]
    """The numbers of the operations that the agent may ask for."""
    caps: Annotated[tuple[Cap, ...], Meta(max_length=CAPS_MAX)]
    """What it may spend; money without a cap cannot be spent at all."""
    period: Period
    valid_from: Seconds
    valid_until: Seconds
    consent_needed: bool
    """Whether each operation needs a one-time code of the sender's."""

    key_level: ClassVar[Level] = Level.KEYS

    def check(self) -> None:
        """Refuse lists out of order and times that cannot be."""
        require(all(a < b for a, b in pairwise(self.operations)), Refuse.OPERATIONS_NOT_IN_ORDER)
        require(all(a.asset < b.asset for a, b in pairwise(self.caps)), Refuse.CAPS_NOT_IN_ORDER)
        require(self.valid_from <= self.valid_until, Refuse.MANDATE_TIMES_WRONG, valid_until=self.valid_until)

    def apply(self, ctx: Context) -> None:
        """Write the mandate down."""
        require(self.valid_until >= ctx.time, Refuse.MANDATE_TIMES_WRONG, valid_until=self.valid_until)
        require(self.agent != ctx.sender, Refuse.AGENT_IS_SELF)
        active_party(ctx.state, self.agent)
        name = name_of(ctx.sender, self.reference)
        require(MANDATES.find(ctx.state, name) is None, Refuse.MANDATE_EXISTS, mandate=name)

        party = PARTIES.must(ctx.state, ctx.sender)
        quota.occupy(ctx.state, party.sponsor, MANDATE_BYTES)
        granted = Mandate(
            agent=self.agent,
            operations=self.operations,
            caps=self.caps,
            period=self.period,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            consent_needed=self.consent_needed,
            consent_given=False,
            recoveries=party.recoveries,
            sponsor=party.sponsor,
        )
        MANDATES.put(ctx.state, name, granted)

        ctx.emit(MandateGranted(mandate=name, agent=self.agent, valid_until=self.valid_until))


class RevokeMandate(Operation, tag=212):
    """Take a mandate back; it is worth nothing from the next operation on."""

    reference: Reference

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Forget the mandate."""
        name = name_of(ctx.sender, self.reference)
        known = MANDATES.get(ctx.state, name, KernelRefusal.MANDATE_UNKNOWN, mandate=name)

        MANDATES.drop(ctx.state, name)
        CONSENTS.drop(ctx.state, name)
        quota.give_back(ctx.state, known.sponsor, MANDATE_BYTES)

        ctx.emit(MandateRevoked(mandate=name))


class RenewConsents(Operation, tag=213):
    """Begin a new chain of one-time codes for a mandate, or do away with the old one; its codes are worth nothing."""

    reference: Reference
    end: ConsentCode | None

    reserved: ClassVar[bool] = True
    key_level: ClassVar[Level] = Level.KEYS

    def apply(self, ctx: Context) -> None:
        """Write the end of the chain down."""
        name = name_of(ctx.sender, self.reference)
        granted = MANDATES.get(ctx.state, name, KernelRefusal.MANDATE_UNKNOWN, mandate=name)
        require(granted.consent_needed, Refuse.CONSENT_NOT_NEEDED)
        after = None if self.end is None else Consents(end=self.end)
        require(CONSENTS.find(ctx.state, name) != after, Refuse.NOTHING_CHANGES)

        if after is None:
            CONSENTS.drop(ctx.state, name)
        else:
            CONSENTS.put(ctx.state, name, after)

        ctx.emit(ConsentsRenewed(mandate=name))


class GiveConsent(Operation, tag=214):
    """Show a mandate's next one-time code: it opens the mandate for one operation of the sender, its agent."""

    to: Name
    """The mandate."""
    code: ConsentCode
    skipped: Annotated[int, Meta(ge=0, le=SKIPPED_MAX)] = 0
    """How many codes of the chain were left out, as when one could not be read."""

    def apply(self, ctx: Context) -> None:
        """Open the mandate, and let the chain end at this code."""
        mandate = known_mandate(ctx.state, self.to, ctx.sender)
        require(mandate.agent == ctx.sender, Refuse.SENDER_NOT_AGENT)
        grantor = PARTIES.must(ctx.state, owner_of(self.to))
        require(mandate.recoveries == grantor.recoveries, KernelRefusal.MANDATE_VOID)
        require(mandate.consent_needed, Refuse.CONSENT_NOT_NEEDED)
        require(not mandate.consent_given, Refuse.CONSENT_ALREADY_GIVEN)
        chain = CONSENTS.get(ctx.state, self.to, Refuse.NO_CONSENTS)
        reached = self.code
        for _step in range(self.skipped + 1):
            reached = code_before(ctx.network, self.to, reached)
        require(reached == chain.end, Refuse.CONSENT_WRONG)

        CONSENTS.put(ctx.state, self.to, Consents(end=self.code))
        MANDATES.put(ctx.state, self.to, structs.replace(mandate, consent_given=True))

        ctx.emit(ConsentGiven(mandate=self.to))


def code_before(network: bytes, mandate: bytes, code: bytes) -> bytes:
    """Give the code that stands before this one in a mandate's chain, which is nearer to its end on the ledger."""
    return sha256(DOMAIN + network + len(mandate).to_bytes(1, "big") + mandate + code).digest()[:CONSENT_BYTES]
