"""Proposing: one operation for each action that the members can decide. Whoever proposes says yes.

All are of the level of keys: who runs the network is decided by keys that decide who acts, and never by an agent.
"""

from __future__ import annotations

from abc import abstractmethod
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES, Level
from sogdia.kernel.header import Height, Power
from sogdia.kernel.members import Member, member_of
from sogdia.kernel.operation import Operation
from sogdia.kernel.parameters import BOUNDS, Count
from sogdia.kernel.protocol import Version
from sogdia.kernel.quota import Amount
from sogdia.kernel.refusal import Refused, require
from sogdia.kernel.signature import ED25519, verify
from sogdia.kernel.values import Account, CountryCode, Name, NodeKey, Reference, name_of
from sogdia.modules.governance import actions, agenda
from sogdia.modules.governance.actions import about, kind_of
from sogdia.modules.governance.deciding import decide
from sogdia.modules.governance.effects import require_fitting
from sogdia.modules.governance.events import ProposalMade
from sogdia.modules.governance.records import (
    HEIGHTS_AHEAD_MAX,
    PROPOSAL_BYTES,
    PROPOSALS,
    PROPOSALS_MAX,
    PROPOSALS_OF_MEMBER_MAX,
    RULES,
    Ballot,
    Proposal,
    agenda_of,
)
from sogdia.modules.governance.refusals import GovernanceRefusal as Refuse
from sogdia.modules.identity import (
    COUNTRIES_MAX,
    Allowance,
    Period,
    Proof,
    check_countries,
    check_key,
    possession_message,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, Table


class Proposing(Operation):
    """What every proposal has: its name, and the block from which on it is to be in effect."""

    reference: Reference
    height: Height
    """A height that is past, or too near, stands for the first one possible."""

    key_level: ClassVar[Level] = Level.KEYS

    @abstractmethod
    def action(self) -> actions.Action:
        """Give what is proposed."""

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the proposal that may stand under the reference."""
        return ((PROPOSALS, name_of(sender, self.reference)),)

    def apply(self, ctx: Context) -> None:
        """Enter the proposal, with its proposer's yes."""
        state, name, action = ctx.state, name_of(ctx.sender, self.reference), self.action()
        require_voter(state, ctx.sender)
        require(PROPOSALS.find(state, name) is None, Refuse.PROPOSAL_EXISTS)
        own = agenda.proposals_of(state, ctx.sender)
        require(own < PROPOSALS_OF_MEMBER_MAX, Refuse.PROPOSALS_TOO_MANY, allowed=PROPOSALS_OF_MEMBER_MAX)
        listed = agenda_of(state)
        in_all = len(listed.open) + len(listed.waiting)
        require(in_all < PROPOSALS_MAX, Refuse.AGENDA_FULL, allowed=PROPOSALS_MAX)
        farthest = ctx.height + HEIGHTS_AHEAD_MAX
        require(self.height <= farthest, Refuse.HEIGHT_TOO_FAR, height=self.height, farthest=farthest)
        require_fitting(ctx, action)

        sponsor = PARTIES.must(state, ctx.sender).sponsor
        quota.occupy(state, sponsor, PROPOSAL_BYTES)
        deadline = ctx.time + RULES.must(state, None).voting_period
        proposal = Proposal(
            action=action,
            height=self.height,
            deadline=deadline,
            ballots=(Ballot(ctx.sender, yes=True),),
            effect_at=None,
            sponsor=sponsor,
        )
        agenda.enter(state, name, proposal)

        ctx.emit(
            ProposalMade(
                proposal=name,
                action_kind=int(kind_of(action)),
                about=about(action),
                height=self.height,
                deadline=deadline,
            )
        )
        decide(ctx, name)


class ProposeAdmission(Proposing, tag=600):
    """Propose that an organisation joins, which signs the same envelope, with the validator that it runs."""

    account: Account
    public: NodeKey
    power: Power
    possession: Proof
    """The node key's signature, by which it shows that the organisation holds it."""

    def check(self) -> None:
        """Refuse a key that cannot sign."""
        check_key(ED25519, self.public)

    def action(self) -> actions.Action:
        """Give what is proposed."""
        return actions.Admission(self.account, self.public, self.power)

    def apply(self, ctx: Context) -> None:
        """Enter the proposal, once organisation and key have agreed."""
        require(self.account in ctx.signers, Refuse.CANDIDATE_HAS_NOT_SIGNED, account=self.account)
        message = possession_message(ctx.network, self.account, self.public)
        require(verify(ED25519, self.public, message, self.possession), Refuse.KEY_NOT_PROVEN)
        super().apply(ctx)


class ProposeRemoval(Proposing, tag=601):
    """Propose that a member goes; it may be the proposer itself."""

    account: Account

    def action(self) -> actions.Action:
        """Give what is proposed."""
        return actions.Removal(self.account)


class ProposePower(Proposing, tag=602):
    """Propose another power for a member's validator."""

    account: Account
    power: Power

    def action(self) -> actions.Action:
        """Give what is proposed."""
        return actions.PowerChange(self.account, self.power)


class ProposeRelease(Proposing, tag=603):
    """Propose that a jailed validator signs again."""

    account: Account

    def action(self) -> actions.Action:
        """Give what is proposed."""
        return actions.Release(self.account)


class ProposeLimits(Proposing, tag=604):
    """Propose other limits of the network; those that are left out stay."""

    envelope_bytes_max: Count | None = None
    block_bytes_max: Count | None = None
    block_envelopes_max: Count | None = None
    exit_writes_max: Count | None = None
    live_ids_max: Count | None = None
    validity_max: Count | None = None
    quota_period: Count | None = None

    def check(self) -> None:
        """Refuse a proposal that names no limit, or one out of its bounds."""
        named = self._change().named()
        require(named, Refuse.NOTHING_CHANGES)
        for name, value in named.items():
            least, most = BOUNDS[name]
            within = least <= value <= most
            require(within, Refuse.LIMIT_OUT_OF_BOUNDS, limit=name, value=value, least=least, most=most)

    def _change(self) -> actions.LimitsChange:
        return actions.LimitsChange(**{name: getattr(self, name) for name in actions.LimitsChange.__struct_fields__})

    def action(self) -> actions.Action:
        """Give what is proposed."""
        return self._change()


class ProposeQuota(Proposing, tag=605):
    """Propose what a sponsor's parties may use."""

    account: Account
    operations: Amount
    bytes: Amount
    reserved_operations: Amount
    stored_bytes: Amount

    def action(self) -> actions.Action:
        """Give what is proposed."""
        return actions.QuotaChange(
            self.account, self.operations, self.bytes, self.reserved_operations, self.stored_bytes
        )


class ProposeRegistrar(Proposing, tag=606):
    """Propose to admit a registrar, or to give one other countries and quotas."""

    account: Account
    countries: Annotated[tuple[CountryCode, ...], Meta(min_length=1, max_length=COUNTRIES_MAX)] | None = None
    """In the order of their letters; nothing for every country."""
    parties: Allowance
    attestations: Allowance
    period: Period

    def check(self) -> None:
        """Refuse countries that are none, and those out of order."""
        countries = self.countries or ()
        require(all(a < b for a, b in pairwise(countries)), Refuse.COUNTRIES_NOT_IN_ORDER)
        check_countries(countries)

    def action(self) -> actions.Action:
        """Give what is proposed."""
        return actions.RegistrarAdmission(self.account, self.countries, self.parties, self.attestations, self.period)


class ProposeDismissal(Proposing, tag=607):
    """Propose to take a registrar's admission back."""

    account: Account

    def action(self) -> actions.Action:
        """Give what is proposed."""
        return actions.Dismissal(self.account)


class ProposeUpgrade(Proposing, tag=608):
    """Propose that a later version of the protocol is in force from the height on."""

    version: Version

    def action(self) -> actions.Action:
        """Give what is proposed."""
        return actions.Upgrade(self.version)


class ProposeCancellation(Proposing, tag=609):
    """Propose to call off a proposal that has passed and waits for its height."""

    proposal: Name

    def action(self) -> actions.Action:
        """Give what is proposed."""
        return actions.Cancellation(self.proposal)


def require_voter(state: Reader, account: bytes) -> Member:
    """Give the member that an account is, or refuse: only members vote, and only while they are not jailed."""
    member = member_of(state, account)
    if member is None:
        raise Refused(Refuse.SENDER_NOT_MEMBER)
    require(not member.jailed, Refuse.SENDER_JAILED)
    return member
