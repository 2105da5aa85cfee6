"""Who has decided what: counting votes, and what follows from the count.

    yes   the power of the members who are not jailed and say yes
    no    the power of those who say no
    all   the power of all members who are not jailed

A proposal passes once 3 × yes > 2 × all, and is rejected once 3 × (all - no) ≤ 2 × all: then it could not pass even if
all the others said yes. Powers are those of the moment of counting, so every change of the members counts all open
proposals again. What a jailed member has said counts again once it is released; a member that has gone says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.members import active, member_of, members_of
from sogdia.kernel.operation import Exit, Turn
from sogdia.kernel.refusal import Refused
from sogdia.kernel.values import owner_of
from sogdia.modules.governance import agenda, member_effects
from sogdia.modules.governance.actions import Upgrade
from sogdia.modules.governance.effects import carry_out, require_fitting
from sogdia.modules.governance.records import PROPOSALS, Ending, agenda_of

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader
    from sogdia.modules.governance.records import Proposal


class Count(NamedTuple):
    """The power behind yes and no, and that of all who could vote."""

    yes: int
    no: int
    all: int

    def passes(self) -> bool:
        """Tell whether more than two thirds of the power say yes."""
        return 3 * self.yes > 2 * self.all

    def cannot_pass(self) -> bool:
        """Tell whether it could not pass even if everybody else said yes."""
        return 3 * (self.all - self.no) <= 2 * self.all


def count(state: Reader, proposal: Proposal) -> Count:
    """Count the votes with the powers of now."""
    powers = {each.account: each.power for each in active(members_of(state))}
    said = [(each.yes, powers.get(each.member, 0)) for each in proposal.ballots]
    return Count(
        sum(power for yes, power in said if yes), sum(power for yes, power in said if not yes), sum(powers.values())
    )


def decide(ctx: Context, name: bytes) -> None:
    """Count an open proposal, and let it go where the count leads."""
    proposal = PROPOSALS.must(ctx.state, name)
    counted = count(ctx.state, proposal)
    if counted.passes():
        refusal = _refusal_of(ctx, proposal)
        if refusal:
            agenda.end(ctx, name, Ending.NO_LONGER_FITS, refusal)
        else:
            agenda.let_wait(ctx, name, proposal)
    elif counted.cannot_pass():
        agenda.end(ctx, name, Ending.REJECTED)


def count_again(ctx: Context) -> None:
    """Count all open proposals after a change of the members; those of a member that has gone fall."""
    for name in agenda_of(ctx.state).open:
        if member_of(ctx.state, owner_of(name)) is None:
            agenda.end(ctx, name, Ending.PROPOSER_GONE)
        else:
            decide(ctx, name)


def _refusal_of(ctx: Context, proposal: Proposal) -> int:
    """Give the number of the rule that an action does not fit, or 0."""
    try:
        require_fitting(ctx, proposal.action)
    except Refused as refused:
        return int(refused.code)
    return 0


def take_effect(ctx: Context, name: bytes, proposal: Proposal) -> None:
    """Do what has been decided, now that its height comes; what does not fit any more ends without effect."""
    # An upgrade was written down when it passed, and nothing but a cancellation could take that away.
    refusal = 0 if isinstance(proposal.action, Upgrade) else _refusal_of(ctx, proposal)
    before = members_of(ctx.state)
    if not refusal:
        carry_out(ctx, proposal.action)
    agenda.end(ctx, name, Ending.NO_LONGER_FITS if refusal else Ending.APPLIED, refusal)
    if members_of(ctx.state) != before:
        count_again(ctx)


def accuse(ctx: Context, address: bytes) -> None:
    """Jail whoever holds a key that has signed two blocks of one height."""
    if member_effects.jail(ctx, address):
        count_again(ctx)


def deadline_of(proposal: Proposal) -> int | None:
    """Give the deadline under which a proposal stands in the calendar; none once it has passed."""
    return proposal.deadline if proposal.effect_at is None else None


def run_out(ctx: Context, name: bytes, _proposal: Proposal, _writes_max: int) -> None:
    """End a proposal for which too few had voted."""
    agenda.end(ctx, name, Ending.LAPSED)


PROPOSAL_EXIT = Exit(PROPOSALS, deadline_of=deadline_of, apply=run_out)
PROPOSAL_TURN = Turn(PROPOSALS, apply=take_effect)
