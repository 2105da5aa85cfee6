"""Members: how an organisation joins, goes, is jailed and released, and what its node signs."""

from __future__ import annotations

import pytest

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.comet import address_of
from sogdia.kernel.header import VALIDATORS_MAX
from sogdia.kernel.members import MEMBERS, NODE_KEYS, Member, Members, NodeKeyOwner, members_of
from sogdia.kernel.receipt import accusation_id, turn_id
from sogdia.kernel.values import name_of
from sogdia.modules.governance.events import MemberAdmitted, MemberJailed, MemberReleased, MemberRemoved
from sogdia.modules.governance.proposing import ProposeRelease
from sogdia.modules.governance.records import PROPOSALS
from sogdia.modules.governance.refusals import GovernanceRefusal as Refuse
from sogdia.modules.identity import Role
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal
from tests.modules.governance.council import (
    admission,
    ballot,
    carry_through,
    council,
    jail,
    member,
    names_of_members,
    node_keys,
    pass_it,
    power,
    proposal,
    removal,
    signing,
)
from tests.modules.identity.town import rotation
from tests.refused import poke


@pytest.fixture
def ledger():
    """Four organisations of 10 each."""
    return council()


def test_an_organisation_joins_with_its_node(ledger):
    receipt = carry_through(ledger, admission(ledger, "carrier"), "carrier")

    public = node_keys("carrier").public
    account = ledger.account("carrier")
    joined = MemberAdmitted(account=account, public=public, power=10, from_height=ledger.height + 2)
    assert receipt.events[0] == joined
    assert names_of_members(ledger) == ["almaty", "bishkek", "dushanbe", "tashkent", "carrier"]
    assert ledger.last_block.validator_updates() == [(public, 10)]
    assert public not in signing(ledger, ledger.height + 1)
    assert signing(ledger, ledger.height + 2)[public] == 10
    assert PARTIES.must(ledger.state, account).roles == Role.CARRIER | Role.OPERATOR
    assert ledger.must("carrier", power(ledger, reference="first")).code == 0


def test_a_member_goes_and_keeps_what_is_its_own(ledger):
    ledger.fund("tashkent", 5)

    receipt = carry_through(ledger, removal(ledger, "tashkent"))

    public = node_keys("tashkent").public
    gone = MemberRemoved(account=ledger.account("tashkent"), public=public, from_height=ledger.height + 2)
    assert receipt.events[0] == gone
    assert names_of_members(ledger) == ["almaty", "bishkek", "dushanbe"]
    assert ledger.last_block.validator_updates() == [(public, 0)]
    assert PARTIES.must(ledger.state, ledger.account("tashkent")).roles == 0
    assert ledger.send("tashkent", power(ledger)).code == Refuse.SENDER_NOT_MEMBER


def test_a_member_may_propose_its_own_going(ledger):
    carry_through(ledger, removal(ledger, "almaty"))

    assert names_of_members(ledger) == ["bishkek", "dushanbe", "tashkent"]


def test_whoever_has_gone_comes_back_with_another_key(ledger):
    carry_through(ledger, removal(ledger, "tashkent"))

    refused = ledger.send(("almaty", "tashkent"), admission(ledger, "tashkent"))

    assert refused.code == Refuse.NODE_KEY_USED


def test_the_last_member_stays_and_so_does_the_last_that_signs(ledger):
    for name in ("tashkent", "dushanbe"):
        jail(ledger, name)
    jail(ledger, "bishkek")

    refused = ledger.send("almaty", removal(ledger, "almaty"))
    alone = council(1, organisations=("almaty",))

    assert refused.code == Refuse.NO_POWER_LEFT
    assert alone.send("almaty", removal(alone, "almaty")).code == Refuse.NO_POWER_LEFT


def test_of_two_removals_that_pass_together_the_second_cannot_empty_the_network():
    ledger = council(1, 1, organisations=("almaty", "bishkek"))
    ledger.must("almaty", removal(ledger, "almaty", height=20))
    ledger.must("bishkek", removal(ledger, "bishkek", height=20))
    ledger.must("bishkek", ballot(ledger))
    ledger.must("almaty", ballot(ledger, by="bishkek"))

    while ledger.height < 19:
        ledger.block()

    first, second = ledger.exit_receipts()
    assert isinstance(first.events[0], MemberRemoved)
    assert second.events[0].refusal == Refuse.NO_POWER_LEFT
    assert names_of_members(ledger) == ["bishkek"]


def test_a_candidate_that_is_suspended_by_then_does_not_join(ledger):
    ledger.register("osh", by="almaty")
    pass_it(ledger, admission(ledger, "osh", height=30), "osh")
    ledger.must("almaty", SuspendParty(account=ledger.account("osh"), reason="Papers missing"))

    while ledger.height < 29:
        ledger.block()

    assert ledger.exit_receipts()[0].events[0].refusal == IdentityRefusal.PARTY_SUSPENDED
    assert len(members_of(ledger.state)) == 4


@pytest.mark.parametrize(("members", "code"), [(VALIDATORS_MAX - 1, 0), (VALIDATORS_MAX, Refuse.MEMBERS_FULL)])
def test_there_are_at_most_64_members(members, code):
    ledger = council()
    ledger.check_invariants = False
    known = members_of(ledger.state)
    more = tuple(Member(number.to_bytes(20, "big"), number.to_bytes(32, "big"), 1) for number in range(members - 4))
    poke(ledger, MEMBERS, None, Members(members=known + more))

    assert ledger.send(("almaty", "carrier"), admission(ledger, "carrier")).code == code


def test_a_node_that_signs_twice_is_jailed_from_two_blocks_later(ledger):
    public = node_keys("tashkent").public

    jail(ledger, "tashkent")

    jailed = MemberJailed(account=ledger.account("tashkent"), public=public, from_height=ledger.height + 2)
    assert [each.events for each in ledger.exit_receipts()] == [(jailed,)]
    assert ledger.last_block.exits[0].id == accusation_id(address_of(public), ledger.height)
    assert ledger.last_block.exits_after == [0]
    assert ledger.last_block.validator_updates() == [(public, 0)]
    assert signing(ledger, ledger.height + 1)[public] == 10
    assert public not in signing(ledger, ledger.height + 2)
    assert member(ledger, "tashkent") == Member(ledger.account("tashkent"), public, 10, jailed=True)
    assert ledger.send("tashkent", power(ledger)).code == Refuse.SENDER_JAILED


def test_it_is_jailed_before_the_first_envelope_of_the_block(ledger):
    ledger.must("almaty", power(ledger, name="almaty"))
    vote = ledger.sign("tashkent", ballot(ledger))

    ledger.evidence = (address_of(node_keys("tashkent").public),)
    (answer,) = ledger.block(vote)

    assert answer.code == Refuse.SENDER_JAILED


def test_the_same_evidence_again_changes_nothing(ledger):
    address = address_of(node_keys("tashkent").public)
    ledger.evidence = (address, address)
    ledger.block()
    assert len(ledger.exit_receipts()) == 1
    before = ledger.snapshot()

    ledger.evidence = (address,)
    ledger.block()

    assert [each.events for each in ledger.exit_receipts()] == [()]
    assert ledger.snapshot() == before
    assert ledger.last_block.validator_updates() == []


def test_evidence_against_a_stranger_or_one_that_has_gone_changes_nothing(ledger):
    carry_through(ledger, removal(ledger, "tashkent"))
    before = ledger.snapshot()

    jail(ledger, "carrier", "tashkent")

    assert [each.events for each in ledger.exit_receipts()] == [(), ()]
    assert ledger.snapshot() == before


def test_nobody_escapes_by_changing_the_key(ledger):
    old, new = node_keys("tashkent"), node_keys("tashkent anew")
    ledger.must("tashkent", rotation(ledger, old, new))
    ledger.block()

    jail(ledger, "tashkent")

    assert member(ledger, "tashkent").jailed
    assert ledger.last_block.validator_updates() == [(new.public, 0)]


def test_the_last_that_signs_is_not_jailed(ledger):
    jail(ledger, "almaty", "bishkek", "dushanbe", "tashkent")

    assert [each.jailed for each in members_of(ledger.state)] == [True, True, True, False]
    assert signing(ledger, ledger.height + 2) == {node_keys("tashkent").public: 10}


def test_the_others_release_whoever_is_jailed(ledger):
    jail(ledger, "tashkent")
    release = ProposeRelease(reference="p1", height=0, account=ledger.account("tashkent"))

    receipt = carry_through(ledger, release)

    public = node_keys("tashkent").public
    freed = MemberReleased(account=ledger.account("tashkent"), public=public, from_height=ledger.height + 2)
    assert receipt.events[0] == freed
    assert ledger.last_block.validator_updates() == [(public, 10)]
    assert signing(ledger, ledger.height + 2)[public] == 10
    ledger.must("tashkent", power(ledger, name="almaty"))


def test_the_power_of_a_jailed_member_changes_without_its_signing(ledger):
    jail(ledger, "tashkent")

    carry_through(ledger, power(ledger, to=30))

    assert member(ledger, "tashkent").power == 30
    assert ledger.last_block.validator_updates() == []


def test_what_a_height_brings_about_has_a_receipt_of_its_own(ledger):
    pass_it(ledger, power(ledger, height=20))

    while ledger.height < 19:
        ledger.block()

    name = name_of(ledger.account("almaty"), "p1")
    assert [each.id for each in ledger.last_block.exits] == [turn_id(PROPOSALS.full_key(name), 20)]
    assert proposal(ledger) is None


def test_a_key_that_is_brought_belongs_to_its_member(ledger):
    carry_through(ledger, admission(ledger, "carrier"), "carrier")

    owner = NODE_KEYS.must(ledger.state, address_of(node_keys("carrier").public))
    assert owner == NodeKeyOwner(account=ledger.account("carrier"))
