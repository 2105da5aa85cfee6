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
from sogdia.modules.identity.events import SuspensionAppealed, SuspensionEnded, SuspensionUpheld
from sogdia.modules.identity.handles import ClaimHandle
from sogdia.modules.identity.parties import ReinstateParty, SuspendParty
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.registry_queries import AppealQuery
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


def test_a_new_suspension_can_be_appealed_anew(ledger):
    account = suspended(ledger, appealed=True)
    ledger.must("registrar", ReinstateParty(account=account))
    assert earliest(ledger.state) is None
    ledger.must("registrar", SuspendParty(account=account, reason="Again"))

    receipt = ledger.send("samarkand", AppealSuspension())

    assert receipt.code == 0


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
