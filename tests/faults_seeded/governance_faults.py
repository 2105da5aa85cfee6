"""Faults in how the members decide."""

from __future__ import annotations

from tools.seeded_faults import Fault

VOTES = ("tests/modules/governance",)

GOVERNANCE_FAULTS = (
    Fault(
        "Two thirds are enough, and more are not needed",
        "modules/governance/deciding.py",
        "return 3 * self.yes > 2 * self.all",
        "return 3 * self.yes >= 2 * self.all",
        VOTES,
    ),
    Fault(
        "A third that says no does not end a proposal",
        "modules/governance/deciding.py",
        "return 3 * (self.all - self.no) <= 2 * self.all",
        "return 3 * (self.all - self.no) < 2 * self.all",
        VOTES,
    ),
    Fault(
        "What a jailed member says counts",
        "modules/governance/deciding.py",
        "for each in active(members_of(state))}",
        "for each in members_of(state)}",
        VOTES,
    ),
    Fault(
        "Votes are not counted anew when the members change",
        "modules/governance/deciding.py",
        "    if members_of(ctx.state) != before:\n        count_again(ctx)\n",
        "",
        VOTES,
    ),
    Fault(
        "A member that has gone leaves its proposals behind",
        "modules/governance/deciding.py",
        "if member_of(ctx.state, owner_of(name)) is None:",
        "if not name:",
        VOTES,
    ),
    Fault(
        "A member has one proposal more than it may",
        "modules/governance/proposing.py",
        "require(own < PROPOSALS_OF_MEMBER_MAX,",
        "require(own <= PROPOSALS_OF_MEMBER_MAX,",
        VOTES,
    ),
    Fault(
        "An organisation is proposed without being asked",
        "modules/governance/proposing.py",
        "require(self.account in ctx.signers, Refuse.CANDIDATE_HAS_NOT_SIGNED, account=self.account)",
        "require(bool(ctx.signers), Refuse.CANDIDATE_HAS_NOT_SIGNED, account=self.account)",
        VOTES,
    ),
    Fault(
        "An organisation is admitted with a key that nobody holds",
        "modules/governance/proposing.py",
        "require(verify(ED25519, self.public, message, self.possession), Refuse.KEY_NOT_PROVEN)",
        "require(bool(message), Refuse.KEY_NOT_PROVEN)",
        VOTES,
    ),
)
