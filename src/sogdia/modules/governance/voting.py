"""Voting on open proposals, and withdrawing one's own. Both stay open to a member that is suspended or out of quota."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import structs

from sogdia.kernel.accounts import Level
from sogdia.kernel.members import member_of
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import Name, Reference, name_of
from sogdia.modules.governance import agenda
from sogdia.modules.governance.deciding import decide
from sogdia.modules.governance.events import BallotCast
from sogdia.modules.governance.proposing import require_voter
from sogdia.modules.governance.records import PROPOSALS, Ballot, Ending
from sogdia.modules.governance.refusals import GovernanceRefusal as Refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Table


class CastBallot(Operation, tag=610):
    """Vote on an open proposal, or change one's vote."""

    proposal: Name
    yes: bool

    reserved: ClassVar[bool] = True
    key_level: ClassVar[Level] = Level.KEYS

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:  # noqa: ARG002 - the name says it all
        """Name the proposal."""
        return ((PROPOSALS, self.proposal),)

    def apply(self, ctx: Context) -> None:
        """Write the vote down, and count."""
        require_voter(ctx.state, ctx.sender)
        proposal = PROPOSALS.get(ctx.state, self.proposal, Refuse.PROPOSAL_UNKNOWN, proposal=self.proposal)
        require(proposal.effect_at is None, Refuse.PROPOSAL_DECIDED, effect_at=proposal.effect_at or 0)
        ballot = Ballot(ctx.sender, self.yes)
        require(ballot not in proposal.ballots, Refuse.VOTE_UNCHANGED)

        # Those of members that have gone are left out, so that there are never more of them than members.
        others = [each for each in proposal.ballots if each.member != ctx.sender and member_of(ctx.state, each.member)]
        PROPOSALS.put(ctx.state, self.proposal, structs.replace(proposal, ballots=(*others, ballot)))

        ctx.emit(BallotCast(proposal=self.proposal, member=ctx.sender, yes=self.yes))
        decide(ctx, self.proposal)


class WithdrawProposal(Operation, tag=611):
    """Withdraw an open proposal of the sender's."""

    reference: Reference

    reserved: ClassVar[bool] = True
    key_level: ClassVar[Level] = Level.KEYS

    def touches(self, sender: bytes) -> Iterable[tuple[Table[Any, Any], Any]]:
        """Name the proposal."""
        return ((PROPOSALS, name_of(sender, self.reference)),)

    def apply(self, ctx: Context) -> None:
        """End the proposal."""
        name = name_of(ctx.sender, self.reference)
        proposal = PROPOSALS.get(ctx.state, name, Refuse.PROPOSAL_UNKNOWN, proposal=name)
        require(proposal.effect_at is None, Refuse.PROPOSAL_DECIDED, effect_at=proposal.effect_at or 0)

        agenda.end(ctx, name, Ending.WITHDRAWN)
