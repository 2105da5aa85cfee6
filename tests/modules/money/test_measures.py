"""Measures: an issuer takes nothing from anybody alone."""

from __future__ import annotations

import pytest

from sogdia.modules.money.currencies import SetCaps
from sogdia.modules.money.events import ClawedBack, MeasureApproved, MeasureDropped, MeasureProposed
from sogdia.modules.money.holds import CaptureHold, ReleaseHold
from sogdia.modules.money.issuer_queries import MeasureQuery
from sogdia.modules.money.issuer_records import MeasureKind
from sogdia.modules.money.measures import ApproveMeasure, WithdrawMeasure
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from tests.modules.money.issuing import (
    ORDER,
    PANEL,
    agree,
    claw_back,
    measure,
    measure_name,
    minting,
    open_pounds,
    pounds,
    redeeming,
)
from tests.modules.money.purse import DAY, PAYEE, PAYER, freeze, has, hold, hold_name, pay


@pytest.fixture
def ordered(ledger):
    """Nairobi has 1,000 pounds, and the bank has proposed that 600 go to Bukhara."""
    open_pounds(ledger)
    ledger.must("bank", minting(ledger, 1_000))
    ledger.must("bank", claw_back(ledger, 600))
    return ledger


def accounts(ledger, names=PANEL):
    return tuple(ledger.account(each) for each in names)


def test_what_a_panel_agrees_to_is_done_with_the_last_agreement_that_is_needed(ordered):
    first = ordered.send("treasury", ApproveMeasure(measure=measure_name(ordered)))
    between = has(ordered, PAYER, "GBP")
    second = ordered.send("platform", ApproveMeasure(measure=measure_name(ordered)))

    holder, panel = ordered.account(PAYER), accounts(ordered)
    said = {"measure": measure_name(ordered), "account": holder, "panel": panel}
    assert first.events == (MeasureApproved(by=ordered.account("treasury"), **said),)
    assert second.events == (
        MeasureApproved(by=ordered.account("platform"), **said),
        ClawedBack(asset=pounds(ordered), to=ordered.account(PAYEE), units=600, **said),
    )
    assert between == (1_000, 0)
    assert (has(ordered, PAYER, "GBP"), has(ordered, PAYEE, "GBP")) == ((400, 0), (600, 0))
    assert measure(ordered) is None


def test_a_proposal_says_what_is_to_be_taken_from_whom_for_whom_and_by_which_order(ledger):
    open_pounds(ledger)

    receipt = ledger.must("bank", claw_back(ledger, 600))

    assert receipt.events == (
        MeasureProposed(
            measure=measure_name(ledger),
            measure_kind=int(MeasureKind.CLAW_BACK),
            asset=pounds(ledger),
            account=ledger.account(PAYER),
            units=600,
            to=ledger.account(PAYEE),
            court_order=ORDER,
            panel=accounts(ledger),
            deadline=ledger.time + 14 * DAY,
            reason="Restitution, section 17",
        ),
    )
    assert MeasureQuery(name=measure_name(ledger)).answer(ledger.state) == measure(ledger)


def test_an_issuer_takes_nothing_alone_and_with_one_of_its_panel_neither(ordered):
    agree(ordered, "carrier")

    for who, code in (
        ("carrier", Refuse.APPROVED_ALREADY),
        ("bank", Refuse.SENDER_NOT_ON_PANEL),
        (PAYER, Refuse.SENDER_NOT_ON_PANEL),
        (PAYEE, Refuse.MEASURE_UNKNOWN),
    ):
        assert agree(ordered, who).code == code
    assert has(ordered, PAYER, "GBP") == (1_000, 0)


@pytest.mark.parametrize("units", [999, 1_000, 1_001])
def test_at_most_what_is_there_is_taken(ledger, units):
    open_pounds(ledger)
    ledger.must("bank", minting(ledger, 1_000))
    ledger.must("bank", claw_back(ledger, units))
    agree(ledger, "treasury")

    agree(ledger, "platform")

    taken = min(units, 1_000)
    assert (has(ledger, PAYER, "GBP"), has(ledger, PAYEE, "GBP")) == ((1_000 - taken, 0), (taken, 0))


def test_what_is_set_aside_is_never_clawed_back(ordered):
    ordered.must(PAYER, hold(ordered, 500, asset=pounds(ordered), payee=ordered.account("lanzhou")))
    ordered.must(PAYER, redeeming(ordered, 300))
    agree(ordered, "treasury")
    agree(ordered, "platform")

    assert has(ordered, PAYER, "GBP") == (0, 800)
    assert has(ordered, PAYEE, "GBP") == (200, 0)
    ordered.must("lanzhou", CaptureHold(hold=hold_name(ordered), units=500))
    assert has(ordered, "lanzhou", "GBP") == (500, 0)


def test_what_came_back_later_can_be_taken_as_long_as_the_panel_has_time(ordered):
    ordered.must(PAYER, hold(ordered, 1_000, asset=pounds(ordered)))
    agree(ordered, "treasury")
    assert agree(ordered, "platform").code == Refuse.NOTHING_AVAILABLE

    ordered.must(PAYEE, ReleaseHold(hold=hold_name(ordered)))
    assert agree(ordered, "platform").code == 0
    assert has(ordered, PAYER, "GBP") == (400, 0)


def test_a_freeze_keeps_the_money_until_the_panel_has_agreed_and_does_not_stop_it(ordered):
    freeze(ordered, code="GBP")
    assert ordered.send(PAYER, pay(ordered, 1_000, asset=pounds(ordered))).code == Refuse.HOLDER_FROZEN
    agree(ordered, "treasury")
    agree(ordered, "platform")

    assert has(ordered, PAYER, "GBP") == (400, 0)


def test_who_gets_the_money_has_to_be_able_to_hold_it(ordered):
    ordered.must("bank", SetCaps(currency="GBP", supply_max=10**6, holder_max=599))
    agree(ordered, "treasury")

    assert agree(ordered, "platform").code == Refuse.HOLDER_CAP_PASSED
    assert has(ordered, PAYER, "GBP") == (1_000, 0)


@pytest.mark.parametrize(("late", "code"), [(0, 0), (1, Refuse.MEASURE_UNKNOWN)])
def test_a_panel_has_time_until_the_deadline(ordered, late, code):
    agree(ordered, "treasury")
    ordered.time += 14 * DAY + late

    assert agree(ordered, "platform").code == code


def test_a_measure_for_which_too_few_agree_is_dropped(ordered):
    agree(ordered, "treasury")

    receipts = ordered.wait(14 * DAY + 1)

    dropped = MeasureDropped(
        measure=measure_name(ordered), account=ordered.account(PAYER), panel=accounts(ordered), lapsed=True
    )
    assert [receipt.events for receipt in receipts] == [(dropped,)]
    assert has(ordered, PAYER, "GBP") == (1_000, 0)
    ordered.must("bank", claw_back(ordered, 600))


def test_an_issuer_withdraws_what_it_has_proposed(ordered):
    receipt = ordered.must("bank", WithdrawMeasure(measure="m1"))

    dropped = MeasureDropped(
        measure=measure_name(ordered), account=ordered.account(PAYER), panel=accounts(ordered), lapsed=False
    )
    assert receipt.events == (dropped,)
    assert agree(ordered, "treasury").code == Refuse.MEASURE_UNKNOWN
