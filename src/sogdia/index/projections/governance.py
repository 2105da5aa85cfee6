"""Who runs the network, and what its members propose. They also give and take roles of parties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text

from sogdia.index.batch import Projection
from sogdia.index.projections.identity import PARTIES
from sogdia.index.schema import METADATA, Whole
from sogdia.modules.governance import ActionKind, Ending
from sogdia.modules.governance import events as facts
from sogdia.modules.identity import Role
from sogdia.modules.identity.events import NodeKeyRotated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sogdia.index.batch import Batch, Need

MEMBERS = Table(
    "members",
    METADATA,
    Column("account", LargeBinary, primary_key=True),
    Column("public", LargeBinary, nullable=False),
    Column("power", Whole, nullable=False),
    Column("jailed", Boolean, nullable=False),
    Column("joined_at", Whole, nullable=False),
    Column("left_at", Whole),
)
"""Each organisation that is or was a member, with what it had last."""

PROPOSALS = Table(
    "proposals",
    METADATA,
    Column("proposal", LargeBinary, primary_key=True),
    Column("action", Text, nullable=False),
    Column("about", LargeBinary),
    Column("height", Whole, nullable=False),
    Column("deadline", Whole, nullable=False),
    Column("made_at", Whole, nullable=False),
    Column("effect_at", Whole),
    Column("ended", Text),
    Column("refusal", Integer, nullable=False),
    Column("ended_at", Whole),
)
"""The last proposal under each name. `effect_at` is a height, the other moments are times."""
Index("proposals_by_deadline", PROPOSALS.c.deadline)


def from_genesis(batch: Batch, genesis: Any) -> None:  # noqa: ANN401 - its type depends on the modules
    """Enter the members that are there from the start; a single operator need not be named."""
    owners = {each.public: each.reference for each in genesis.governance.members}
    operators = [each.reference for each in genesis.identity.parties if "operator" in map(str.lower, each.roles)]
    for validator in genesis.validators if operators else ():
        owner = owners.get(validator.public, operators[0])
        _enter(batch, batch.founder(owner), bytes.fromhex(validator.public), validator.power)


def _enter(batch: Batch, account: bytes, public: bytes, power: int) -> None:
    row = {"account": account, "public": public, "power": power, "jailed": False}
    batch.rows(MEMBERS).put(row | {"joined_at": batch.time, "left_at": None})


def _give(batch: Batch, account: bytes, role: Role) -> None:
    row = batch.rows(PARTIES).change(account)
    row.update(roles=int(row["roles"] | role))


def _take(batch: Batch, account: bytes, role: Role) -> None:
    row = batch.rows(PARTIES).change(account)
    row.update(roles=int(row["roles"] & ~role))


def admitted(batch: Batch, fact: facts.MemberAdmitted) -> None:
    """Enter a member."""
    _enter(batch, fact.account, fact.public, fact.power)
    _give(batch, fact.account, Role.OPERATOR)


def removed(batch: Batch, fact: facts.MemberRemoved) -> None:
    """Note that a member has gone."""
    batch.rows(MEMBERS).change(fact.account).update(left_at=batch.time)
    _take(batch, fact.account, Role.OPERATOR)


def power_changed(batch: Batch, fact: facts.PowerChanged) -> None:
    """Note a member's power."""
    batch.rows(MEMBERS).change(fact.account).update(power=fact.power)


def jailed(batch: Batch, fact: facts.MemberJailed) -> None:
    """Note that a member signs no more."""
    batch.rows(MEMBERS).change(fact.account).update(jailed=True)


def released(batch: Batch, fact: facts.MemberReleased) -> None:
    """Note that a member signs again."""
    batch.rows(MEMBERS).change(fact.account).update(jailed=False)


def key_rotated(batch: Batch, fact: NodeKeyRotated) -> None:
    """Note the key of a member's node."""
    batch.rows(MEMBERS).change(fact.account).update(public=fact.new)


def registrar_admitted(batch: Batch, fact: facts.RegistrarAdmitted) -> None:
    """Note the role of a party."""
    _give(batch, fact.account, Role.REGISTRAR)


def registrar_dismissed(batch: Batch, fact: facts.RegistrarDismissed) -> None:
    """Note that a party has the role no more."""
    _take(batch, fact.account, Role.REGISTRAR)


def made(batch: Batch, fact: facts.ProposalMade) -> None:
    """Enter a proposal."""
    row = {
        "proposal": fact.proposal,
        "action": ActionKind(fact.action_kind).name.lower(),
        "about": fact.about,
        "height": fact.height,
        "deadline": fact.deadline,
        "made_at": batch.time,
        "effect_at": None,
        "ended": None,
        "refusal": 0,
        "ended_at": None,
    }
    batch.rows(PROPOSALS).put(row)


def passed(batch: Batch, fact: facts.ProposalPassed) -> None:
    """Note from which block on a proposal is in effect."""
    batch.rows(PROPOSALS).change(fact.proposal).update(effect_at=fact.effect_at)


def ended(batch: Batch, fact: facts.ProposalEnded) -> None:
    """Note how a proposal ended."""
    row = batch.rows(PROPOSALS).change(fact.proposal)
    row.update(ended=Ending(fact.ended).name.lower(), refusal=fact.refusal, ended_at=batch.time)


def _of_a_proposal(fact: Any) -> Iterable[Need]:  # noqa: ANN401 - several facts
    return ((PROPOSALS, fact.proposal),)


def _of_a_member(fact: Any) -> Iterable[Need]:  # noqa: ANN401 - as above
    return ((MEMBERS, fact.account), (PARTIES, fact.account))


HANDLERS: dict[type[Any], Callable[[Batch, Any], None]] = {
    facts.MemberAdmitted: admitted,
    facts.MemberRemoved: removed,
    facts.PowerChanged: power_changed,
    facts.MemberJailed: jailed,
    facts.MemberReleased: released,
    NodeKeyRotated: key_rotated,
    facts.RegistrarAdmitted: registrar_admitted,
    facts.RegistrarDismissed: registrar_dismissed,
    facts.ProposalMade: made,
    facts.ProposalPassed: passed,
    facts.ProposalEnded: ended,
}

PROJECTION = Projection(
    tables=(MEMBERS, PROPOSALS),
    handlers=HANDLERS,
    keyed_by={},
    needs={kind: _of_a_proposal if "proposal" in kind.__struct_fields__ else _of_a_member for kind in HANDLERS},
    genesis=from_genesis,
)
