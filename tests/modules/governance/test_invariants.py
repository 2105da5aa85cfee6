"""What is always true of members and proposals: each breach is noticed."""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.calendar import schedule, unschedule
from sogdia.kernel.comet import address_of
from sogdia.kernel.header import VALIDATORS, ValidatorSet, ValidatorSets, first_validators, validators_at
from sogdia.kernel.heights import DUE_HEIGHTS
from sogdia.kernel.members import MEMBERS, NODE_KEYS, Members, members_of
from sogdia.kernel.protocol import PROTOCOL, Protocol
from sogdia.kernel.refusal import Broken
from sogdia.kernel.values import name_of
from sogdia.modules.governance.proposing import ProposeUpgrade
from sogdia.modules.governance.records import AGENDA, PROPOSALS, Ballot, agenda_of
from tests.modules.governance.council import council, node_keys, pass_it, power
from tests.refused import poke


@pytest.fixture
def busy():
    """A council with an open proposal and one that waits."""
    ledger = council()
    ledger.must("almaty", power(ledger, reference="open"))
    pass_it(ledger, ProposeUpgrade(reference="waits", height=90, version=2))
    return ledger


def name(ledger, reference, by="almaty"):
    """Give a proposal's name."""
    return name_of(ledger.account(by), reference)


def change_members(ledger, change):
    poke(ledger, MEMBERS, None, Members(members=tuple(change(list(members_of(ledger.state))))))


def change_proposal(ledger, reference, **changes: object):
    found = PROPOSALS.must(ledger.state, name(ledger, reference))
    poke(ledger, PROPOSALS, name(ledger, reference), structs.replace(found, **changes))


def change_agenda(ledger, **changes: object):
    poke(ledger, AGENDA, None, structs.replace(agenda_of(ledger.state), **changes))


def first_twice(members):
    return [members[0], structs.replace(members[1], account=members[0].account), *members[2:]]


def all_jailed(members):
    return [structs.replace(each, jailed=True) for each in members]


def one_key(members):
    return [structs.replace(each, public=members[0].public) for each in members]


def sign_alone(ledger):
    """Let others sign than the members."""
    poke(ledger, VALIDATORS, None, ValidatorSets(sets=(ValidatorSet(0, validators_at(ledger.state, 0)[:1]),)))


def one_key_for_all(ledger):
    """Give all members one key, and let the validators be as they say."""
    change_members(ledger, one_key)
    members = members_of(ledger.state)
    signing = tuple(structs.replace(each, public=members[0].public) for each in validators_at(ledger.state, 0))
    state = ledger.state
    first_validators(state, signing)
    ledger.base.tree.update(state.encoded_changes())


def make_operator(ledger):
    account = ledger.account("nairobi")
    poke(ledger, PARTIES, account, structs.replace(PARTIES.must(ledger.state, account), roles=4))


def out_of_the_calendar(ledger):
    state = ledger.state
    key = PROPOSALS.full_key(name(ledger, "open"))
    deadline = PROPOSALS.must(state, name(ledger, "open")).deadline
    unschedule(state, deadline, key)
    schedule(state, deadline + 1, key)
    ledger.base.tree.update(state.encoded_changes())


def too_many(ledger):
    names = tuple(name(ledger, reference) for reference in ("open", "q1", "q2", "q3"))
    change_agenda(ledger, open=names)


def all_say_yes(ledger):
    ballots = tuple(Ballot(each.account, yes=True) for each in members_of(ledger.state))
    change_proposal(ledger, "open", ballots=ballots)


def all_say_no(ledger):
    ballots = tuple(Ballot(each.account, yes=False) for each in members_of(ledger.state))
    change_proposal(ledger, "open", ballots=ballots)


def nobodys(ledger):
    """Let the open proposal be that of somebody who is no member."""
    state = ledger.state
    old, new = name(ledger, "open"), name(ledger, "open", by="nairobi")
    found = PROPOSALS.must(state, old)
    unschedule(state, found.deadline, PROPOSALS.full_key(old))
    schedule(state, found.deadline, PROPOSALS.full_key(new))
    PROPOSALS.drop(state, old)
    PROPOSALS.put(state, new, found)
    AGENDA.put(state, None, structs.replace(agenda_of(state), open=(new,)))
    ledger.base.tree.update(state.encoded_changes())


BREACHES = {
    "a member stands there twice": lambda ledger: change_members(ledger, first_twice),
    "an operator is no member, or a member no operator": make_operator,
    "nobody signs blocks": lambda ledger: change_members(ledger, all_jailed),
    "others sign than the members": sign_alone,
    "two members have one key": one_key_for_all,
    "a member's key is not known as its own": lambda ledger: poke(
        ledger, NODE_KEYS, address_of(node_keys("bishkek").public), None
    ),
    "a proposal is listed twice": lambda ledger: change_agenda(ledger, waiting=(name(ledger, "open"),)),
    "a member has too many proposals": too_many,
    "an open proposal is not listed as open": lambda ledger: change_agenda(ledger, open=()),
    "an open proposal is missing in the calendar": out_of_the_calendar,
    "a waiting proposal is not listed as waiting": lambda ledger: change_agenda(ledger, waiting=()),
    "a waiting proposal has no height": lambda ledger: poke(ledger, DUE_HEIGHTS, 90, None),
    "the agenda lists a proposal that does not exist": lambda ledger: change_agenda(
        ledger, open=(name(ledger, "open"), name(ledger, "other"))
    ),
    "an open proposal is decided": all_say_yes,
    "an open proposal is decided|decided": all_say_no,
    "an open proposal is nobody's": nobodys,
    "a member votes twice": lambda ledger: change_proposal(
        ledger, "open", ballots=(Ballot(ledger.account("almaty"), yes=True),) * 2
    ),
    "another version follows": lambda ledger: poke(ledger, PROTOCOL, None, Protocol(version=1)),
}


def test_a_busy_council_breaks_none(busy):
    busy.machine.check_invariants(busy.state)


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_stops_the_node(busy, breach):
    BREACHES[breach](busy)

    with pytest.raises(Broken, match=breach):
        busy.machine.check_invariants(busy.state)
