"""Whose the first validators are, and how long members vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.genesis import HexKey
from sogdia.kernel.header import VALIDATORS_MAX, validators_at
from sogdia.kernel.members import MEMBERS, Member, Members, enter_key
from sogdia.kernel.parameters import DAY
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import Reference
from sogdia.modules.governance.records import AGENDA, RULES, Agenda, GovernanceRules
from sogdia.modules.identity import Role

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext

VOTING_PERIOD = 14 * DAY


class GenesisMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which party runs the validator of a key; the validator's power stands in `validators`."""

    reference: Reference
    public: HexKey


class GovernanceGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first members: whoever has the role of operator, each with its validator.

    A network with one validator and one operator need not say so. One without any operator is governed by nobody.
    """

    members: Annotated[tuple[GenesisMember, ...], Meta(max_length=VALIDATORS_MAX)] = ()
    voting_period: Annotated[int, Meta(ge=1, le=365 * DAY)] = VOTING_PERIOD


def load_genesis(context: GenesisContext, section: GovernanceGenesis) -> None:
    """Write the members down; a network with a wrong genesis does not start."""
    state = context.state
    RULES.put(state, None, GovernanceRules(voting_period=section.voting_period))
    AGENDA.put(state, None, Agenda(open=(), waiting=()))
    operators = sorted(key for key, party in PARTIES.items(state) if party.roles & Role.OPERATOR)
    validators = validators_at(state, 0)
    owners = {bytes.fromhex(each.public): context.account(each.reference) for each in section.members}
    if not section.members and len(operators) == len(validators) == 1:
        owners = {validators[0].public: operators[0]}
    if not owners:
        ensure(not operators, "genesis has operators: name in governance.members whose validator is whose")
        MEMBERS.put(state, None, Members(members=()))
        return
    ensure(sorted(frozenset(owners.values())) == operators, "genesis names the operators as members, and nobody else")
    each_once = len(owners) == len(operators) == len(section.members or owners)
    ensure(each_once, "genesis names a member, or the key of one, twice")
    every_key = sorted(owners) == sorted(each.public for each in validators)
    ensure(every_key, "genesis gives each validator to one member, and no other keys")
    MEMBERS.put(
        state, None, Members(members=tuple(Member(owners[each.public], each.public, each.power) for each in validators))
    )
    for each in validators:
        enter_key(state, each.public, owners[each.public])
