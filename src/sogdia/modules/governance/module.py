"""Governance: who runs a node, and what the organisations decide together by vote."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.governance import events, invariants, proposing, queries, records, voting
from sogdia.modules.governance.deciding import PROPOSAL_EXIT, PROPOSAL_TURN, accuse
from sogdia.modules.governance.genesis import GovernanceGenesis, load_genesis
from sogdia.modules.governance.refusals import GovernanceRefusal

MODULE = Module(
    name="governance",
    number=600,
    operations=(
        proposing.ProposeAdmission,
        proposing.ProposeRemoval,
        proposing.ProposePower,
        proposing.ProposeRelease,
        proposing.ProposeLimits,
        proposing.ProposeQuota,
        proposing.ProposeRegistrar,
        proposing.ProposeDismissal,
        proposing.ProposeUpgrade,
        proposing.ProposeCancellation,
        voting.CastBallot,
        voting.WithdrawProposal,
    ),
    tables=(records.PROPOSALS, records.AGENDA, records.RULES),
    events=(
        events.ProposalMade,
        events.BallotCast,
        events.ProposalPassed,
        events.ProposalEnded,
        events.MemberAdmitted,
        events.MemberRemoved,
        events.PowerChanged,
        events.MemberJailed,
        events.MemberReleased,
        events.LimitsChanged,
        events.QuotaSet,
        events.RegistrarAdmitted,
        events.RegistrarDismissed,
        events.UpgradeScheduled,
        events.UpgradeInForce,
    ),
    refusals=GovernanceRefusal,
    queries=(
        queries.MembersQuery,
        queries.AgendaQuery,
        queries.ProposalQuery,
        queries.ProtocolQuery,
        queries.LimitsQuery,
    ),
    invariants=(
        invariants.members_are_the_operators_and_somebody_signs,
        invariants.every_node_key_has_one_owner,
        invariants.every_proposal_is_on_the_agenda,
        invariants.no_open_proposal_is_decided,
        invariants.the_next_version_is_the_one_decided,
    ),
    exits=(PROPOSAL_EXIT,),
    genesis=GovernanceGenesis,
    load_genesis=load_genesis,
    turns=(PROPOSAL_TURN,),
    accuse=accuse,
)
