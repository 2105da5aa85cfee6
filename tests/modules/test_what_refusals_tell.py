"""What a refusal tells of others: the same answer whatever they have, whether or not something of theirs is there."""

from __future__ import annotations

import pytest

from sogdia.kernel.operation import UNKNOWN_MONEY
from sogdia.modules.documents import DocumentClass
from sogdia.modules.documents.documents import CommitDocument
from sogdia.modules.documents.files import OpenPartyFile
from sogdia.modules.identity.appeals import AppealSuspension, UpholdSuspension
from sogdia.modules.identity.mandates import GiveConsent
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.market.orders import CancelOrder, SettleOrder, ShipOrder
from sogdia.modules.market.records import OrderState
from sogdia.modules.money import asset_key
from sogdia.modules.money.holds import CaptureHold
from sogdia.testing.ledger import Ledger
from tests.modules.identity.mandate_rows import grant, mandate
from tests.modules.market.shop import MERCHANT, bring, open_shop, order, order_name
from tests.modules.market.test_late_refunds import late, settle
from tests.modules.money.purse import PAYEE, PAYER, hold, hold_name, pay, place, set_caps

CAP = 2_000_000
STRANGER = "lanzhou"


def answer_to(ledger, who, asked):
    """With which number and values somebody's request is refused."""
    answer = ledger.block(ledger.sign(who, asked))[0]
    assert answer.code
    return answer.code, answer.facts


# --------------------------------------------------------------------------------------------------- what others have


def with_payee(payee_has):
    """Open a ledger with a cap, a payer that has 10 units, and a payee that has so much."""
    ledger = Ledger()
    ledger.fund(PAYER, 10)
    ledger.fund(PAYEE, payee_has)
    set_caps(ledger, holder=CAP)
    return ledger


@pytest.mark.parametrize("wish", [pay, hold])
@pytest.mark.parametrize("units", [11, CAP, 2**62 - 1])
def test_asking_for_more_than_one_has_tells_nothing_of_what_the_payee_has(wish, units):
    answers = set()
    for payee_has in (1, CAP):
        ledger = with_payee(payee_has)
        answers.add(answer_to(ledger, PAYER, wish(ledger, units)))

    assert len(answers) == 1


@pytest.mark.parametrize("wish", [pay, hold])
def test_that_a_payee_would_pass_the_cap_does_not_say_what_it_has(wish):
    answers = set()
    for payee_has in (CAP - 9, CAP):
        ledger = with_payee(payee_has)
        answers.add(answer_to(ledger, PAYER, wish(ledger, 10)))

    assert len(answers) == 1


def test_an_order_that_cannot_be_paid_tells_nothing_of_what_the_merchant_has():
    answers = set()
    for merchant_has in (1, CAP):
        ledger = open_shop(Ledger())
        ledger.register("momo")
        ledger.fund(MERCHANT, merchant_has)
        set_caps(ledger, holder=CAP)
        answers.add(answer_to(ledger, "momo", order(ledger)))

    assert len(answers) == 1


def test_an_agent_is_not_told_what_its_grantor_has():
    answers = set()
    for grantor_has in (1, 99):
        ledger = Ledger()
        ledger.fund("nairobi", grantor_has)
        name = grant(ledger)
        asked = pay(ledger, 100, mandate=name)
        answers.add(answer_to(ledger, "lanzhou", asked))

    assert len(answers) == 1


# ------------------------------------------------------------------------------------------- whether there is anything


def with_a_hold(ledger):
    ledger.fund(PAYER, 100)
    place(ledger, 60)


def with_a_file(ledger):
    ledger.must("nairobi", OpenPartyFile())


def suspended(ledger):
    ledger.register("samarkand", country="UZ")
    ledger.must("registrar", SuspendParty(account=ledger.account("samarkand"), reason="Papers missing"))


def with_an_appeal(ledger):
    suspended(ledger)
    ledger.must("samarkand", AppealSuspension())


def committing(ledger):
    return CommitDocument(
        reference="paper",
        about=b"\x02" + ledger.account("nairobi"),
        document_class=int(DocumentClass.IDENTITY),
        commitment=bytes(32),
        size=1,
    )


def paying_in_the_name_of_nairobi(ledger):
    return pay(ledger, 1, to="bukhara", mandate=hold_name(ledger, "agent", "nairobi"))


def carrier_is_agent(ledger):
    ledger.must("nairobi", mandate(ledger, agent=ledger.account("carrier"), consent_needed=True))


WHETHER_THERE_IS = [
    pytest.param(None, with_a_hold, lambda it: CaptureHold(hold=hold_name(it), units=1), id="hold"),
    pytest.param(None, with_a_file, committing, id="file"),
    pytest.param(suspended, with_an_appeal, lambda it: UpholdSuspension(account=it.account("samarkand")), id="appeal"),
    pytest.param(None, carrier_is_agent, paying_in_the_name_of_nairobi, id="mandate"),
    pytest.param(
        None,
        carrier_is_agent,
        lambda it: GiveConsent(to=hold_name(it, "agent", "nairobi"), code=bytes(10)),
        id="consent",
    ),
]


@pytest.mark.parametrize(("without", "with_it", "ask"), WHETHER_THERE_IS)
def test_a_stranger_is_told_the_same_whether_there_is_one_or_not(without, with_it, ask):
    answers = set()
    for prepare in (without, with_it):
        ledger = Ledger()
        if prepare is not None:
            prepare(ledger)
        answers.add(answer_to(ledger, STRANGER, ask(ledger)))

    assert len(answers) == 1


# ------------------------------------------------------------------------------------------ who, and in which money


@pytest.mark.parametrize("ask", [ShipOrder, CancelOrder, SettleOrder])
def test_who_the_merchant_of_an_order_is_is_not_told(ask):
    ledger = open_shop(Ledger())
    name = bring(ledger, OrderState.ACCEPTED)
    merchant = ledger.account(MERCHANT).hex()

    _code, facts = answer_to(ledger, STRANGER, ask(order=name))

    assert merchant not in str(facts)


def test_in_which_money_an_order_was_paid_is_told_to_its_merchant_alone():
    ledger = open_shop(Ledger())
    lines = settle(ledger)
    asked = late(order_name(ledger), lines, 1, 1)

    costs = [asked.cost(ledger.state, ledger.account(who)) for who in (MERCHANT, STRANGER, "nairobi")]

    units = costs[0][1]
    assert costs == [(asset_key(ledger.asset()), units), (UNKNOWN_MONEY, units), (UNKNOWN_MONEY, units)]
