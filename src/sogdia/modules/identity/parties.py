"""Parties: who takes part, by which key, at whose expense.

    (registrar enters it) ──▶ active ──suspend, by its registrar──▶ suspended
                                ▲                                       │
                                └────────reinstate, by its registrar────┘

A suspended party keeps its orders and money; it may still protect what is under way (change its key, cancel, confirm),
and deadlines go on, so nothing is stuck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, structs

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES, Key, Kind, Party, Roles, Scheme, Thresholds
from sogdia.kernel.operation import Operation
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusal import require
from sogdia.kernel.signature import weak_key
from sogdia.kernel.text import text_problem
from sogdia.kernel.values import Account, CountryCode, PublicKey, Reference, account_of
from sogdia.modules.identity import appeals, registrars
from sogdia.modules.identity.events import (
    PartyRegistered,
    PartyReinstated,
    PartySuspended,
    SponsorChanged,
)
from sogdia.modules.identity.keys import require_passkeys
from sogdia.modules.identity.records import COUNTRIES, GRANTABLE, Role
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.registry_records import APPEALS
from sogdia.modules.identity.roles import has_role

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, Table

PARTY_BYTES = 1_000
"""What a party counts for in its sponsor's storage, whatever it makes of its keys, limits, guardians and codes.

Were more keys to count for more, a full storage could keep a party from changing them.
"""


class RegisterParty(Operation, tag=200):
    """Enter a party under a reference of the registrar's. The sponsor, if another, signs the same envelope.

    The registrar answers for the key: it has seen its holder. It weighs 1 and suffices for everything.
    """

    reference: Reference
    kind: Kind
    country: CountryCode
    roles: Roles
    sponsor: Account
    scheme: Scheme
    public: PublicKey

    def check(self) -> None:
        """Refuse keys that cannot sign, unknown countries and roles that are not a registrar's to give."""
        check_key(self.scheme, self.public)
        require(self.country in COUNTRIES, Refuse.COUNTRY_UNKNOWN, country=self.country)
        require(self.roles & ~GRANTABLE == 0, Refuse.ROLE_NOT_GRANTABLE, roles=self.roles)

    def apply(self, ctx: Context) -> None:
        """Enter the party."""
        require(has_role(ctx.state, ctx.sender, Role.REGISTRAR), Refuse.SENDER_NOT_REGISTRAR)
        require_passkeys(ctx, self.scheme)
        require_sponsor(ctx, self.sponsor)
        account = account_of(ctx.network, ctx.sender, self.reference)
        require(PARTIES.find(ctx.state, account) is None, Refuse.PARTY_EXISTS, account=account)

        registrars.charge_party(ctx, self.country)
        quota.occupy(ctx.state, self.sponsor, PARTY_BYTES)
        party = Party(
            registrar=ctx.sender,
            reference=self.reference,
            kind=self.kind,
            country=self.country,
            roles=self.roles,
            sponsor=self.sponsor,
            suspended=False,
            keys=(Key(0, self.scheme, self.public),),
            thresholds=Thresholds(),
            next_key=1,
        )
        PARTIES.put(ctx.state, account, party)

        ctx.emit(
            PartyRegistered(
                account=account, registrar=ctx.sender, kind=self.kind, country=self.country, sponsor=self.sponsor
            )
        )


class SuspendParty(Operation, tag=202):
    """Suspend a party that the sender has entered, for a stated reason."""

    account: Account
    reason: Annotated[str, Meta(min_length=1, max_length=200)]

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the field says it all
        """Name the party's appeal: one that rests may be over."""
        return ((APPEALS, self.account),)

    def check(self) -> None:
        """Refuse a reason that could deceive its reader."""
        problem = text_problem(self.reason)
        require(problem is None, Refuse.TEXT_NOT_ALLOWED, problem=0 if problem is None else int(problem))

    def apply(self, ctx: Context) -> None:
        """Suspend the party."""
        require(has_role(ctx.state, ctx.sender, Role.REGISTRAR), Refuse.SENDER_NOT_REGISTRAR)
        party = PARTIES.get(ctx.state, self.account, Refuse.PARTY_UNKNOWN, account=self.account)
        require(self.account != ctx.sender, Refuse.SELF_SUSPENSION)
        require(party.registrar == ctx.sender, Refuse.SENDER_NOT_ITS_REGISTRAR, registrar=party.registrar)
        require(not party.suspended, Refuse.PARTY_SUSPENDED)

        PARTIES.put(ctx.state, self.account, structs.replace(party, suspended=True))
        resumed = appeals.resume(ctx, self.account)

        ctx.emit(PartySuspended(account=self.account, reason=self.reason))
        if resumed is not None:
            ctx.emit(resumed)


class ReinstateParty(Operation, tag=203):
    """Lift a suspension."""

    account: Account

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the field says it all
        """Name the party's appeal: the suspension may have ended by it."""
        return ((APPEALS, self.account),)

    def apply(self, ctx: Context) -> None:
        """Make the party active again."""
        party = PARTIES.get(ctx.state, self.account, Refuse.PARTY_UNKNOWN, account=self.account)
        require(party.registrar == ctx.sender, Refuse.SENDER_NOT_ITS_REGISTRAR, registrar=party.registrar)
        require(party.suspended, Refuse.PARTY_NOT_SUSPENDED)

        PARTIES.put(ctx.state, self.account, structs.replace(party, suspended=False))
        appeals.rest(ctx, self.account)

        ctx.emit(PartyReinstated(account=self.account))


class ChangeSponsor(Operation, tag=204):
    """Move the sender to another sponsor, which signs the same envelope."""

    sponsor: Account

    def apply(self, ctx: Context) -> None:
        """Name the new sponsor."""
        require_sponsor(ctx, self.sponsor)

        party = PARTIES.must(ctx.state, ctx.sender)
        quota.occupy(ctx.state, self.sponsor, PARTY_BYTES)
        quota.give_back(ctx.state, party.sponsor, PARTY_BYTES)
        PARTIES.put(ctx.state, ctx.sender, structs.replace(party, sponsor=self.sponsor))

        ctx.emit(SponsorChanged(account=ctx.sender, sponsor=self.sponsor))


def check_key(scheme: int, public: bytes) -> None:
    """Refuse a key that is none of its scheme, or one for which anybody could sign."""
    require(not weak_key(scheme, public), Refuse.KEY_WEAK)


def require_sponsor(ctx: Context, sponsor: bytes) -> None:
    """Refuse unless `sponsor` has a quota and has agreed by its signature."""
    require(QUOTAS.find(ctx.state, sponsor) is not None, Refuse.SPONSOR_UNKNOWN, sponsor=sponsor)
    require(sponsor in ctx.signers, Refuse.SPONSOR_HAS_NOT_SIGNED, sponsor=sponsor)


def active_party(state: Reader, account: bytes) -> Party:
    """Give a party that may be dealt with, or refuse."""
    party = PARTIES.get(state, account, Refuse.PARTY_UNKNOWN, account=account)
    require(not party.suspended, Refuse.PARTY_SUSPENDED, account=account)
    return party
