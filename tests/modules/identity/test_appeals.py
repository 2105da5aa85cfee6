"""Appeals: silence decides for the party, a second look for the registrar."""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.calendar import earliest
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.kernel.values import account_of
from sogdia.modules.identity import Role
from sogdia.modules.identity.appeals import AppealSuspension, UpholdSuspension
from sogdia.modules.identity.events import (
    AppealForgotten,
    AppealResumed,
    SuspensionAppealed,
    SuspensionEnded,
    SuspensionUpheld,
)
from sogdia.modules.identity.handles import ClaimHandle
from sogdia.modules.identity.parties import ReinstateParty, SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.registry_queries import AppealQuery
from sogdia.modules.identity.registry_records import Appeal
from sogdia.testing.ledger import Ledger, keys_of
from tests.modules.identity.town import DAY, party, registration, suspended
from tests.refused import poke

GROUNDS = bytes(range(32))


def appeal_of(ledger, who="samarkand"):
    """An appeal as a stranger can ask for it."""
    return AppealQuery(account=ledger.account(who)).answer(ledger.state)


def test_an_appealed_suspension_ends_after_14_days_when_nobody_upholds_it(ledger):
    account = suspended(ledger)
    began = ledger.time

    receipt = ledger.must("samarkand", AppealSuspension(grounds=GROUNDS))
    deadline = began + 14 * DAY
    assert receipt.events == (SuspensionAppealed(account=account, grounds=GROUNDS, deadline=deadline),)

    ledger.block(at=deadline)
    assert party(ledger, "samarkand").suspended
    ledger.block(at=deadline + 1)

    assert [each.events for each in ledger.exit_receipts()] == [(SuspensionEnded(account=account),)]
    assert not party(ledger, "samarkand").suspended
    assert appeal_of(ledger) is None
    assert ledger.send("samarkand", ClaimHandle(handle="samarkand")).code == 0


@pytest.mark.parametrize(("late", "code"), [(-1, 0), (0, 0), (1, Refuse.NOT_APPEALED)])
def test_a_suspension_can_be_upheld_until_the_last_second(ledger, late, code):
    account = suspended(ledger, appealed=True)
    deadline = appeal_of(ledger).deadline

    receipt = ledger.send("customs", UpholdSuspension(account=account), at=deadline + late)

    assert receipt.code == code
    assert party(ledger, "samarkand").suspended == (code == 0)


def test_an_upheld_suspension_stands_until_its_registrar_lifts_it(ledger):
    account = suspended(ledger, appealed=True)

    receipt = ledger.must("customs", UpholdSuspension(account=account))
    assert receipt.events == (SuspensionUpheld(account=account, by=ledger.account("customs")),)
    assert earliest(ledger.state) is None
    ledger.wait(400 * DAY)
    assert party(ledger, "samarkand").suspended

    ledger.must("registrar", ReinstateParty(account=account))

    assert not party(ledger, "samarkand").suspended
    assert appeal_of(ledger) is None
    ledger.must("registrar", SuspendParty(account=account, reason="Again"))
    assert ledger.must("samarkand", AppealSuspension()).events[0].deadline == ledger.time + 14 * DAY


def test_an_operator_upholds_what_a_registrar_did(ledger):
    ledger.must(("customs", "registrar"), registration(ledger))
    account = account_of(ledger.network, ledger.account("customs"), "samarkand")
    ledger._registered["samarkand"] = account
    ledger.must("customs", SuspendParty(account=account, reason="Papers missing"))
    ledger.must("samarkand", AppealSuspension())

    by_itself = ledger.send("customs", UpholdSuspension(account=account))
    receipt = ledger.send("registrar", UpholdSuspension(account=account))

    assert (by_itself.code, receipt.code) == (Refuse.SUSPENSION_BY_SENDER, 0)


def test_an_operator_that_is_no_registrar_upholds_as_well(ledger):
    account = suspended(ledger, appealed=True)
    refused = ledger.send("bank", UpholdSuspension(account=account))
    ledger.check_invariants = False  # it is an operator, and no member
    bank = party(ledger, "bank")
    poke(ledger, PARTIES, ledger.account("bank"), structs.replace(bank, roles=bank.roles | Role.OPERATOR))

    receipt = ledger.send("bank", UpholdSuspension(account=account))

    assert (refused.code, receipt.code) == (Refuse.SENDER_MAY_NOT_UPHOLD, 0)


def test_an_appeal_whose_time_has_passed_cannot_be_made_again(ledger):
    suspended(ledger, appealed=True)

    at_the_end = ledger.send("samarkand", AppealSuspension(), at=appeal_of(ledger).deadline)
    after = ledger.send("samarkand", AppealSuspension(), at=ledger.time + 1)

    assert (at_the_end.code, after.code) == (Refuse.APPEALED_ALREADY, Refuse.PARTY_NOT_SUSPENDED)


# --------------------------------------------------------------------------------------------------- lifted, and again


def lifted_and_again(account):
    """What a registrar asks that would begin the time of an appeal anew."""
    return ReinstateParty(account=account), SuspendParty(account=account, reason="Again")


def test_an_appeal_survives_being_reinstated_and_suspended_in_one_envelope(ledger):
    account = suspended(ledger, appealed=True)
    deadline = appeal_of(ledger).deadline
    ledger.time += 10 * DAY

    receipt = ledger.must("registrar", *lifted_and_again(account))

    assert receipt.events[-1] == AppealResumed(account=account, deadline=deadline)
    assert appeal_of(ledger) == Appeal(deadline=deadline, grounds=None)
    assert ledger.send("samarkand", AppealSuspension()).code == Refuse.APPEALED_ALREADY
    ledger.block(at=deadline)
    assert party(ledger, "samarkand").suspended
    ledger.block(at=deadline + 1)
    assert not party(ledger, "samarkand").suspended


def test_the_clock_of_an_appeal_rests_while_its_party_is_active(ledger):
    account = suspended(ledger, appealed=True)
    ledger.time += 10 * DAY
    lift, again = lifted_and_again(account)
    ledger.must("registrar", lift)
    assert appeal_of(ledger) == Appeal(deadline=ledger.time + 14 * DAY, grounds=None, left=4 * DAY)
    ledger.time += 13 * DAY

    receipt = ledger.must("registrar", again)

    assert receipt.events[-1] == AppealResumed(account=account, deadline=ledger.time + 4 * DAY)
    assert [len(ledger.wait(4 * DAY)), len(ledger.wait(1))] == [0, 1]
    assert not party(ledger, "samarkand").suspended


@pytest.mark.parametrize(("late", "kept"), [(0, True), (1, False)])
def test_an_appeal_is_forgotten_once_its_party_was_active_for_as_long_as_an_appeal_lasts(ledger, late, kept):
    account = suspended(ledger, appealed=True)
    lift, again = lifted_and_again(account)
    ledger.must("registrar", lift)

    forgotten = [each.events for each in ledger.wait(14 * DAY + late)]
    ledger.must("registrar", again)

    assert forgotten == ([] if kept else [(AppealForgotten(account=account),)])
    assert (appeal_of(ledger) is not None) == kept
    assert ledger.send("samarkand", AppealSuspension()).code == (Refuse.APPEALED_ALREADY if kept else 0)


def test_a_resting_appeal_that_was_overdue_is_forgotten_before_anything_else(ledger):
    account = suspended(ledger, appealed=True)
    lift, again = lifted_and_again(account)
    ledger.must("registrar", lift)
    ledger.time += 14 * DAY + 1

    receipt = ledger.must("registrar", again)

    assert [type(each).__name__ for each in receipt.events] == ["PartySuspended"]
    assert appeal_of(ledger) is None


def test_an_appeal_whose_time_was_used_up_ends_the_next_suspension_at_once(ledger):
    account = suspended(ledger, appealed=True)
    ledger.time = appeal_of(ledger).deadline
    ledger.must("registrar", *lifted_and_again(account))

    assert appeal_of(ledger).deadline == ledger.time
    assert len(ledger.wait(1)) == 1
    assert not party(ledger, "samarkand").suspended


def test_an_appeal_that_was_decided_is_over_and_a_new_suspension_is_appealed_anew(ledger):
    account = suspended(ledger, appealed=True)
    ledger.block(at=appeal_of(ledger).deadline + 1)
    ledger.must("registrar", SuspendParty(account=account, reason="Again"))

    receipt = ledger.must("samarkand", AppealSuspension())

    assert receipt.events[0].deadline == ledger.time + 14 * DAY


def test_an_appeal_that_went_on_can_be_upheld(ledger):
    account = suspended(ledger, appealed=True)
    ledger.must("registrar", *lifted_and_again(account))

    ledger.must("customs", UpholdSuspension(account=account))

    assert appeal_of(ledger).upheld_by == ledger.account("customs")
    assert earliest(ledger.state) is None


def test_a_resting_appeal_is_about_no_suspension_that_could_be_upheld(ledger):
    account = suspended(ledger, appealed=True)
    ledger.must("registrar", ReinstateParty(account=account))

    assert ledger.send("customs", UpholdSuspension(account=account)).code == Refuse.NOT_APPEALED


def test_a_suspended_party_can_do_little_else(ledger):
    suspended(ledger)

    claiming = ledger.block(ledger.sign("samarkand", ClaimHandle(handle="samarkand")))[0]
    appealing = ledger.send("samarkand", AppealSuspension())

    assert claiming.code == Kernel.SIGNER_SUSPENDED
    assert appealing.code == 0


def test_an_appeal_stays_open_when_the_quota_is_spent():
    quota = {"operations": 2, "reserved_operations": 1}
    registrar = {"kind": 7, "country": "KZ", "roles": ["registrar"], "quota": quota}
    ledger = small(registrar)
    account = suspended(ledger)

    spent = ledger.block(ledger.sign("registrar", ReinstateParty(account=account)))[0]
    receipt = ledger.send("samarkand", AppealSuspension())

    assert spent.code == Kernel.QUOTA_OPERATIONS_SPENT
    assert receipt.code == 0


def test_how_long_an_appeal_lasts_is_the_network_s_to_say():
    ledger = small({"kind": 7, "country": "KZ", "roles": ["registrar"], "quota": {}}, appeal_period=5)
    suspended(ledger, appealed=True)

    before = [ledger.wait(5), party(ledger, "samarkand").suspended]
    after = [len(ledger.wait(1)), party(ledger, "samarkand").suspended]

    assert before == [[], True]
    assert after == [1, False]


def small(registrar, **rules: int):
    """A ledger with a registrar alone."""
    first = registrar | {"reference": "registrar", "public": keys_of("registrar").public.hex()}
    section = {"parties": [first], "registrars": [{"reference": "registrar"}], **rules}
    return Ledger(identity=section, money={})
