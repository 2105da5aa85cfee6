"""Voting: who decides, with how much power, until when, and from which block on it is in effect."""

from __future__ import annotations

import pytest

from sogdia.kernel.calendar import earliest
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.values import name_of
from sogdia.modules.governance import ActionKind, Ending
from sogdia.modules.governance.events import BallotCast, PowerChanged, ProposalEnded, ProposalMade, ProposalPassed
from sogdia.modules.governance.proposing import ProposeRelease
from sogdia.modules.governance.records import (
    HEIGHTS_AHEAD_MAX,
    PROPOSAL_BYTES,
    PROPOSALS_OF_MEMBER_MAX,
    Ballot,
    agenda_of,
)
from sogdia.modules.governance.refusals import GovernanceRefusal as Refuse
from sogdia.modules.governance.voting import WithdrawProposal
from sogdia.modules.identity.parties import SuspendParty
from tests.modules.governance.council import (
    VOTING_PERIOD,
    admission,
    ballot,
    carry_through,
    council,
    jail,
    member,
    node_keys,
    pass_it,
    power,
    proposal,
    removal,
    signing,
)


@pytest.fixture
def ledger():
    """Four organisations of 10 each: three have to say yes."""
    return council()


def ended(ledger, ending, refusal=0, by="almaty", reference="p1"):
    """The fact that a proposal ended."""
    return ProposalEnded(proposal=name_of(ledger.account(by), reference), ended=int(ending), refusal=int(refusal))


def test_three_of_four_change_a_power_and_the_node_signs_with_it_two_blocks_later(ledger):
    name = name_of(ledger.account("almaty"), "p1")
    made = ledger.must("almaty", power(ledger, to=11))
    first = ledger.must("bishkek", ballot(ledger))
    second = ledger.must("dushanbe", ballot(ledger))
    passed_in = ledger.height

    assert made.events == (
        ProposalMade(
            proposal=name,
            action_kind=ActionKind.POWER,
            about=ledger.account("tashkent"),
            height=0,
            deadline=ledger.time + VOTING_PERIOD,
        ),
    )
    assert first.events == (BallotCast(proposal=name, member=ledger.account("bishkek"), yes=True),)
    assert second.events == (
        BallotCast(proposal=name, member=ledger.account("dushanbe"), yes=True),
        ProposalPassed(proposal=name, effect_at=passed_in + 2),
    )
    assert member(ledger, "tashkent").power == 10

    ledger.block()

    changed = PowerChanged(account=ledger.account("tashkent"), power=11, from_height=ledger.height + 2)
    assert [each.events for each in ledger.exit_receipts()] == [(changed, ended(ledger, Ending.APPLIED))]
    assert member(ledger, "tashkent").power == 11
    assert ledger.last_block.validator_updates() == [(node_keys("tashkent").public, 11)]
    assert [signing(ledger, ledger.height + ahead)[node_keys("tashkent").public] for ahead in (1, 2)] == [10, 11]
    assert proposal(ledger) is None


@pytest.mark.parametrize(
    ("powers", "voters", "passes"),
    [
        ((10, 10, 10, 10), ("bishkek",), False),
        ((10, 10, 10, 10), ("bishkek", "dushanbe"), True),
        ((20, 19, 10, 11), ("bishkek",), False),
        ((20, 20, 9, 11), ("bishkek",), False),
        ((20, 21, 9, 10), ("bishkek",), True),
        ((41, 1, 1, 17), (), True),
        ((40, 1, 1, 18), (), False),
    ],
)
def test_a_proposal_passes_with_more_than_two_thirds_of_all_power(powers, voters, passes):
    ledger = council(*powers)
    ledger.must("almaty", power(ledger, to=50))

    for voter in voters:
        ledger.must(voter, ballot(ledger))

    assert (proposal(ledger).effect_at is not None) == passes


@pytest.mark.parametrize(
    ("powers", "voters", "rejected"),
    [
        ((10, 10, 10, 10), ("bishkek",), False),
        ((10, 10, 10, 10), ("bishkek", "dushanbe"), True),
        ((10, 19, 21, 10), ("bishkek",), False),
        ((10, 20, 20, 10), ("bishkek",), True),
    ],
)
def test_a_proposal_is_rejected_once_it_cannot_pass_any_more(powers, voters, rejected):
    ledger = council(*powers)
    ledger.must("almaty", power(ledger, to=50))

    receipts = [ledger.must(voter, ballot(ledger, yes=False)) for voter in voters]

    assert (ended(ledger, Ending.REJECTED) in receipts[-1].events) == rejected
    assert (proposal(ledger) is None) == rejected


def test_a_vote_may_be_changed_until_it_is_decided(ledger):
    ledger.must("almaty", power(ledger))
    ledger.must("bishkek", ballot(ledger, yes=False))

    ledger.must("bishkek", ballot(ledger))
    assert proposal(ledger).ballots[-1] == Ballot(ledger.account("bishkek"), yes=True)
    ledger.must("almaty", ballot(ledger, yes=False))
    ledger.must("dushanbe", ballot(ledger))
    ledger.must("almaty", ballot(ledger))

    assert proposal(ledger).effect_at == ledger.height + 2
    assert len(proposal(ledger).ballots) == 3


def test_a_vote_counts_once_however_often_it_is_given(ledger):
    ledger.must("almaty", power(ledger))
    for _each in range(2):
        ledger.must("bishkek", ballot(ledger, yes=False))
        ledger.must("bishkek", ballot(ledger))

    assert proposal(ledger).effect_at is None
    assert len(proposal(ledger).ballots) == 2


def test_an_undecided_proposal_lapses_at_its_deadline(ledger):
    ledger.must("almaty", power(ledger))
    deadline = proposal(ledger).deadline

    in_time = ledger.send("bishkek", ballot(ledger), at=deadline)
    exits = ledger.wait(1)

    assert (in_time.code, deadline) == (0, ledger.genesis.time + VOTING_PERIOD)
    assert [each.events for each in exits] == [(ended(ledger, Ending.LAPSED),)]
    assert proposal(ledger) is None
    assert earliest(ledger.state) is None


def test_a_vote_after_the_deadline_finds_the_proposal_gone(ledger):
    ledger.must("almaty", power(ledger))

    late = ledger.send("bishkek", ballot(ledger), at=proposal(ledger).deadline + 1)

    assert late.code == Refuse.PROPOSAL_UNKNOWN
    assert [each.events for each in ledger.exit_receipts()] == [(ended(ledger, Ending.LAPSED),)]


def test_the_proposer_withdraws_what_is_open_and_may_use_its_name_again(ledger):
    ledger.must("almaty", power(ledger))

    receipt = ledger.must("almaty", WithdrawProposal(reference="p1"))

    assert receipt.events == (ended(ledger, Ending.WITHDRAWN),)
    assert earliest(ledger.state) is None
    ledger.must("almaty", power(ledger, to=12))


def test_a_proposal_takes_storage_of_its_proposer_s_sponsor_until_it_has_ended(ledger):
    def stored(name: str) -> int:
        return QUOTAS.must(ledger.state, ledger.account(name)).stored_bytes

    before = (stored("almaty"), stored("bishkek"))
    ledger.must("dushanbe", power(ledger))
    ledger.must("bishkek", power(ledger, to=12))

    assert (stored("almaty"), stored("bishkek")) == (before[0] + PROPOSAL_BYTES, before[1] + PROPOSAL_BYTES)

    ledger.must("bishkek", WithdrawProposal(reference="p1"))
    for voter in ("almaty", "bishkek"):
        ledger.must(voter, ballot(ledger, by="dushanbe"))
    ledger.block()

    assert (stored("almaty"), stored("bishkek")) == before


@pytest.mark.parametrize(("ahead", "effect"), [(-5, 2), (0, 2), (1, 2), (2, 2), (3, 3), (7, 7)])
def test_it_takes_effect_with_its_height_or_with_the_first_that_is_possible(ledger, ahead, effect):
    ledger.block()
    ledger.block()
    ledger.must("almaty", power(ledger, height=0))
    ledger.must("almaty", WithdrawProposal(reference="p1"))
    passes_in = ledger.height + 3
    ledger.must("almaty", power(ledger, height=passes_in + ahead))
    ledger.must("bishkek", ballot(ledger))
    receipt = ledger.must("dushanbe", ballot(ledger))

    assert ledger.height == passes_in
    assert receipt.events[-1].effect_at == passes_in + effect
    while ledger.height < passes_in + effect - 1:
        assert member(ledger, "tashkent").power == 10
        ledger.block()
    assert member(ledger, "tashkent").power == 11, "the state that the block of its height begins with has it"


@pytest.mark.parametrize(("beyond", "code"), [(0, 0), (1, Refuse.HEIGHT_TOO_FAR)])
def test_it_takes_effect_at_most_so_many_blocks_from_now(ledger, beyond, code):
    height = ledger.height + 1 + HEIGHTS_AHEAD_MAX + beyond

    assert ledger.send("almaty", power(ledger, height=height)).code == code


def test_a_member_has_four_proposals_open_or_waiting(ledger):
    pass_it(ledger, power(ledger, reference="waiting", height=100))
    for number in range(PROPOSALS_OF_MEMBER_MAX - 1):
        ledger.must("almaty", power(ledger, reference=f"p{number}", to=20 + number))

    assert ledger.send("almaty", power(ledger, reference="p9")).code == Refuse.PROPOSALS_TOO_MANY
    assert ledger.send("bishkek", power(ledger, reference="p9", to=13)).code == 0

    ledger.must("almaty", WithdrawProposal(reference="p0"))
    assert ledger.send("almaty", power(ledger, reference="p9")).code == 0


def test_several_that_come_up_together_take_effect_in_the_order_in_which_they_passed(ledger):
    pass_it(ledger, power(ledger, to=12, height=50), by="bishkek")
    pass_it(ledger, power(ledger, to=13, height=50))
    assert [name[:20] for name in agenda_of(ledger.state).waiting] == [
        ledger.account("bishkek"),
        ledger.account("almaty"),
    ]

    while ledger.height < 49:
        ledger.block()

    assert [each.events[0].power for each in ledger.exit_receipts()] == [12, 13]
    assert member(ledger, "tashkent").power == 13


def test_what_does_not_fit_any_more_ends_with_the_rule_s_number_and_changes_nothing(ledger):
    pass_it(ledger, power(ledger, to=12, height=50), by="bishkek")
    carry_through(ledger, removal(ledger, reference="away"))
    before = ledger.snapshot()

    while ledger.height < 49:
        ledger.block()

    expected = ended(ledger, Ending.NO_LONGER_FITS, Refuse.NOT_A_MEMBER, by="bishkek")
    assert [each.events for each in ledger.exit_receipts()] == [(expected,)]
    changed = {key[0] for key in before.keys() | ledger.snapshot() if before.get(key) != ledger.snapshot().get(key)}
    assert changed == {8, 15, 60, 61}, "storage given back, its height, the proposal itself and its place in the list"


def test_what_does_not_fit_when_it_passes_ends_then(ledger):
    ledger.must("bishkek", power(ledger, to=12))
    ledger.must("almaty", ballot(ledger, by="bishkek"))
    carry_through(ledger, power(ledger, to=12))

    receipt = ledger.must("dushanbe", ballot(ledger, by="bishkek"))

    assert receipt.events[-1] == ended(ledger, Ending.NO_LONGER_FITS, Refuse.NOTHING_CHANGES, by="bishkek")


def test_the_power_of_the_jailed_counts_nowhere_and_a_jailing_decides_what_is_open(ledger):
    ledger.must("almaty", power(ledger, to=12))
    ledger.must("bishkek", ballot(ledger))
    ledger.must("tashkent", ballot(ledger, yes=False))

    jail(ledger, "tashkent")

    assert proposal(ledger).effect_at is None, "20 of 30 are not more than two thirds"

    jail(ledger, "dushanbe")

    assert proposal(ledger).effect_at == ledger.height + 2, "20 of 20"


def test_what_a_jailed_member_has_said_counts_again_once_it_is_released(ledger):
    ledger.must("almaty", power(ledger, to=12))
    ledger.must("tashkent", ballot(ledger))
    jail(ledger, "tashkent")
    release = releasing(ledger, "tashkent")
    ledger.must("bishkek", release)
    for voter in ("almaty", "dushanbe"):
        ledger.must(voter, ballot(ledger, by="bishkek", reference="free"))
    assert proposal(ledger).effect_at is None

    ledger.must("bishkek", ballot(ledger))

    assert proposal(ledger).effect_at is not None, "30 of 40, one of whom has just been released"


def releasing(ledger, name):
    """A proposal that somebody signs again."""
    return ProposeRelease(reference="free", height=0, account=ledger.account(name))


def test_votes_of_a_member_that_has_gone_count_no_more_and_its_proposals_fall(ledger):
    ledger.must("tashkent", power(ledger, to=12, name="bishkek"))
    ledger.must("almaty", power(ledger, to=13, name="bishkek", reference="kept"))
    ledger.must("tashkent", ballot(ledger, reference="kept"))

    receipt = carry_through(ledger, removal(ledger, "tashkent"), by="bishkek", yes=("almaty", "dushanbe"))

    assert ended(ledger, Ending.PROPOSER_GONE, by="tashkent") in receipt.events
    assert proposal(ledger, "kept").effect_at is None, "10 of 30"
    ledger.must("bishkek", ballot(ledger, reference="kept"))
    assert [each.member for each in proposal(ledger, "kept").ballots] == [
        ledger.account("almaty"),
        ledger.account("bishkek"),
    ]


def test_a_member_that_its_registrar_has_suspended_votes_all_the_same():
    ledger = council()
    ledger.register("osh", by="almaty")
    carry_through(ledger, admission(ledger, "osh"), "osh")
    ledger.must("almaty", SuspendParty(account=ledger.account("osh"), reason="Papers missing"))
    ledger.must("almaty", power(ledger))

    receipt = ledger.must("osh", ballot(ledger))

    assert receipt.events[0].yes
    assert member(ledger, "osh").power == 10


def test_one_member_alone_decides_at_once():
    ledger = council(1, organisations=("almaty",))

    receipt = ledger.must("almaty", power(ledger, name="almaty", to=5))

    assert receipt.events[-1] == ProposalPassed(proposal=name_of(ledger.account("almaty"), "p1"), effect_at=3)
