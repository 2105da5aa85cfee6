"""What governance keeps: proposals that are open or wait for their height, the list of them, and the network's rules.

A proposal leaves the state when it has ended; the blocks still show how.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

from sogdia.kernel.codec import Record
from sogdia.kernel.header import VALIDATORS_MAX, Height
from sogdia.kernel.parameters import DAY, no_key, show_no_key
from sogdia.kernel.state import Reader, Table
from sogdia.kernel.values import Account, Name, Seconds
from sogdia.modules.governance.actions import Action

PROPOSALS_OF_MEMBER_MAX = 4
"""So many proposals of one member are open or waiting at once; so nobody can keep the others from proposing."""

PROPOSALS_MAX = VALIDATORS_MAX * PROPOSALS_OF_MEMBER_MAX
"""So many are open or waiting at once in all, those of members that have gone included."""

HEIGHTS_AHEAD_MAX = 20_000_000
"""A proposal takes effect at most so many blocks later: two thirds of a year with a block a second."""

PROPOSAL_BYTES = 4_000
"""What a proposal counts for in its proposer's sponsor's storage until it has ended."""


class Ending(IntEnum):
    """How a proposal ended. Numbers are never changed or used again."""

    APPLIED = 1
    REJECTED = 2
    """So many said no that it could not pass any more."""
    LAPSED = 3
    """Too few had said yes by its deadline."""
    WITHDRAWN = 4
    CANCELLED = 5
    """It had passed, and the members called it off."""
    NO_LONGER_FITS = 6
    """It passed, and what it asks for was not possible any more; the refusal that says why stands beside it."""
    PROPOSER_GONE = 7
    """Its proposer ceased to be a member while it was open."""


class Ballot(Struct, frozen=True, array_like=True, gc=False):
    """What a member says to a proposal."""

    member: Account
    yes: bool


class Proposal(Record):
    """One action that a member proposes, named (proposer, reference), and who says what to it."""

    action: Action
    height: Height
    """The block from which on it is to be in effect."""
    deadline: Seconds
    """Until when members can vote."""
    ballots: Annotated[tuple[Ballot, ...], Meta(max_length=VALIDATORS_MAX)]
    effect_at: Height | None
    """Once it has passed: the block from which on it is in effect."""
    sponsor: Account
    """Whose storage it takes."""


class Agenda(Record):
    """Which proposals are open, in the order in which they were made, and which wait, in that in which they passed."""

    open: Annotated[tuple[Name, ...], Meta(max_length=PROPOSALS_MAX)]
    waiting: Annotated[tuple[Name, ...], Meta(max_length=PROPOSALS_MAX)]


class GovernanceRules(Record):
    """What a network has decided about its votes."""

    voting_period: Annotated[int, Meta(ge=1, le=365 * DAY)]
    """How long members can vote on a proposal."""


def _show_name(key: bytes) -> dict[str, Any]:
    return {"name": key}


PROPOSALS: Table[bytes, Proposal] = Table("governance/proposals", 60, Proposal, show_key=_show_name)
AGENDA: Table[None, Agenda] = Table("governance/agenda", 61, Agenda, key=no_key, show_key=show_no_key)
RULES: Table[None, GovernanceRules] = Table("governance/rules", 62, GovernanceRules, key=no_key, show_key=show_no_key)


def agenda_of(state: Reader) -> Agenda:
    """Give the list of proposals."""
    return AGENDA.must(state, None)
