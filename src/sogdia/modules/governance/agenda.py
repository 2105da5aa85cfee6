"""The life of a proposal, as its writes: made, passed, ended. What decides stands in `deciding`.

(made) ──▶ open ──more than two thirds say yes──▶ waiting ──its height──▶ APPLIED or NO_LONGER_FITS
            │                                        └──cancelled by another vote──▶ CANCELLED
            └──cannot pass any more, deadline, withdrawn, proposer gone──▶ ended
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel import calendar, heights, protocol, quota
from sogdia.kernel.values import owner_of
from sogdia.modules.governance.actions import Upgrade
from sogdia.modules.governance.events import ProposalEnded, ProposalPassed, UpgradeScheduled
from sogdia.modules.governance.records import AGENDA, PROPOSAL_BYTES, PROPOSALS, Ending, agenda_of

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, State
    from sogdia.modules.governance.records import Proposal

NOTICE = 2
"""A proposal that passes in block H takes effect with block H+2 at the earliest: the header between shows that it has
passed, so everybody can prove what is coming before it comes."""


def proposals_of(state: Reader, account: bytes) -> int:
    """Give how many proposals of a member are open or waiting."""
    agenda = agenda_of(state)
    return sum(owner_of(name) == account for name in (*agenda.open, *agenda.waiting))


def enter(state: State, name: bytes, proposal: Proposal) -> None:
    """Write a new proposal down. Its storage has been counted already."""
    agenda = agenda_of(state)
    PROPOSALS.put(state, name, proposal)
    calendar.schedule(state, proposal.deadline, PROPOSALS.full_key(name))
    AGENDA.put(state, None, structs.replace(agenda, open=(*agenda.open, name)))


def let_wait(ctx: Context, name: bytes, proposal: Proposal) -> None:
    """Let a proposal that has passed wait for its height, or for the first possible when that is past or too near."""
    effect_at = max(proposal.height, ctx.height + NOTICE)
    agenda = agenda_of(ctx.state)
    PROPOSALS.put(ctx.state, name, structs.replace(proposal, effect_at=effect_at))
    calendar.unschedule(ctx.state, proposal.deadline, PROPOSALS.full_key(name))
    heights.schedule_at(ctx.state, effect_at, PROPOSALS.full_key(name))
    still_open = tuple(each for each in agenda.open if each != name)
    AGENDA.put(ctx.state, None, structs.replace(agenda, open=still_open, waiting=(*agenda.waiting, name)))
    ctx.emit(ProposalPassed(proposal=name, effect_at=effect_at))
    if isinstance(proposal.action, Upgrade):
        protocol.announce(ctx.state, proposal.action.version, effect_at)
        ctx.emit(UpgradeScheduled(version=proposal.action.version, from_height=effect_at))


def end(ctx: Context, name: bytes, ending: Ending, refusal: int = 0) -> None:
    """Let a proposal leave the state, wherever it stands."""
    state = ctx.state
    proposal = PROPOSALS.must(state, name)
    full_key = PROPOSALS.full_key(name)
    if proposal.effect_at is None:
        calendar.unschedule(state, proposal.deadline, full_key)
    elif full_key in heights.scheduled_at(state, proposal.effect_at):
        heights.unschedule_at(state, proposal.effect_at, full_key)
        if isinstance(proposal.action, Upgrade):
            protocol.call_off(state)
    agenda = agenda_of(state)
    still_open = tuple(each for each in agenda.open if each != name)
    waiting = tuple(each for each in agenda.waiting if each != name)
    AGENDA.put(state, None, structs.replace(agenda, open=still_open, waiting=waiting))
    PROPOSALS.drop(state, name)
    quota.give_back(state, proposal.sponsor, PROPOSAL_BYTES)
    ctx.emit(ProposalEnded(proposal=name, ended=int(ending), refusal=refusal))
