"""Redemptions: a holder asks for its money, and everybody sees how its issuer answers."""

from __future__ import annotations

import pytest

from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.money.currencies import Mint, OpenCurrency
from sogdia.modules.money.events import RedemptionDeclined, RedemptionMissed, RedemptionPaid, RedemptionRequested
from sogdia.modules.money.issuer_queries import Issuance, IssuanceQuery, RedemptionQuery
from sogdia.modules.money.issuer_records import Redeemed, Statement
from sogdia.modules.money.redemptions import ConfirmRedemption, DeclineRedemption, RequestRedemption
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.modules.money.reserves import conduct_of
from tests.modules.money.issuing import (
    AUDITOR,
    at_most,
    conduct,
    minting,
    open_pounds,
    policy,
    pounds,
    redeeming,
    redemption,
    redemption_name,
)
from tests.modules.money.purse import DAY, LARGEST, PAYER, currency, freeze, has


@pytest.fixture
def asked(ledger):
    """Nairobi has 1,000 pounds and has asked for 400 of them."""
    open_pounds(ledger, limits=at_most(10))
    ledger.must("bank", minting(ledger, 1_000))
    ledger.must(PAYER, redeeming(ledger, 400))
    return ledger


def confirm(ledger, reference="r1"):
    return ConfirmRedemption(redemption=redemption_name(ledger, reference))


def decline(ledger, reference="r1"):
    return DeclineRedemption(redemption=redemption_name(ledger, reference), reason="Payout reference unknown")


def test_asking_sets_the_units_aside_beyond_all_limits(ledger):
    open_pounds(ledger, limits=at_most(10))
    ledger.must("bank", minting(ledger, 1_000))

    receipt = ledger.must(PAYER, redeeming(ledger, 1_000))

    fact = RedemptionRequested(
        redemption=redemption_name(ledger),
        asset=pounds(ledger),
        units=1_000,
        payout="RF18 5390 0754 7034",
        deadline=ledger.time + 5 * DAY,
    )
    assert receipt.events == (fact,)
    assert has(ledger, PAYER, "GBP") == (0, 1_000)
    assert RedemptionQuery(name=redemption_name(ledger)).answer(ledger.state) == redemption(ledger)


@pytest.mark.parametrize("ends", ["declined", "missed"])
def test_who_asks_for_the_same_again_and_again_stops_nothing(ledger, ends):
    """The sums stop at the most that they can say; how often it was asked goes on being counted."""
    open_money(ledger)
    for number in range(3):
        reference = f"r{number}"
        asked = RequestRedemption(reference=reference, asset=ledger.asset("EUR"), units=UNITS_MAX, payout="x")
        ledger.must(PAYER, asked)
        if ends == "declined":
            ledger.must("bank", decline(ledger, reference))
        else:
            ledger.wait(5 * DAY + 1)

    found = conduct_of(ledger.state, ledger.asset("EUR"))
    assert (found.asked, getattr(found, ends)) == (Redeemed(3, UNITS_MAX), Redeemed(3, UNITS_MAX))
    assert has(ledger, PAYER, "EUR") == (UNITS_MAX, 0)


def open_money(ledger):
    """Nairobi has as many euros as there can be."""
    euros = OpenCurrency(currency="EUR", supply_max=UNITS_MAX, holder_max=UNITS_MAX, by_authorisation=False)
    ledger.must("bank", euros, Mint(currency="EUR", to=ledger.account(PAYER), units=UNITS_MAX))


def test_what_an_issuer_redeems_is_no_more(asked):
    receipt = asked.must("bank", confirm(asked))

    paid = RedemptionPaid(redemption=redemption_name(asked), asset=pounds(asked), units=400)
    assert receipt.events == (paid,)
    assert has(asked, PAYER, "GBP") == (600, 0)
    assert currency(asked, "GBP").supply == 600
    assert redemption(asked) is None


def test_what_an_issuer_declines_comes_back_with_its_reason(asked):
    receipt = asked.must("bank", decline(asked))

    assert receipt.events == (
        RedemptionDeclined(
            redemption=redemption_name(asked), asset=pounds(asked), units=400, reason="Payout reference unknown"
        ),
    )
    assert has(asked, PAYER, "GBP") == (1_000, 0)


@pytest.mark.parametrize(("late", "code"), [(0, 0), (1, Refuse.REDEMPTION_UNKNOWN)])
def test_an_issuer_has_time_until_the_deadline(asked, late, code):
    asked.time += 5 * DAY + late

    assert asked.send("bank", confirm(asked)).code == code


def test_what_an_issuer_lets_run_out_comes_back_and_is_a_miss(asked):
    receipts = asked.wait(5 * DAY + 1)

    missed = RedemptionMissed(redemption=redemption_name(asked), asset=pounds(asked), units=400)
    assert [receipt.events for receipt in receipts] == [(missed,)]
    assert has(asked, PAYER, "GBP") == (1_000, 0)
    assert conduct(asked).missed == Redeemed(1, 400)


def test_everybody_sees_how_often_an_issuer_was_asked_paid_declined_and_missed(asked):
    asked.must(PAYER, redeeming(asked, 30, "r2"), redeeming(asked, 7, "r3"), redeeming(asked, 2, "r4"))
    asked.must("bank", confirm(asked), decline(asked, "r2"))
    asked.wait(5 * DAY + 1)
    asked.must(PAYER, redeeming(asked, 1, "r5"))

    found = IssuanceQuery(currency="GBP", issuer=asked.account("bank"), at=asked.time).answer(asked.state)

    stated = conduct(asked).statements[0]
    assert found == Issuance(
        supply=600,
        supply_max=LARGEST,
        holder_max=LARGEST,
        by_authorisation=False,
        policy=policy(asked, limits=at_most(10)),
        statements=(Statement(asked.account(AUDITOR), 10_000, stated.as_of, stated.valid_until),),
        vouched_for=10_000,
        asked=Redeemed(5, 440),
        paid=Redeemed(1, 400),
        declined=Redeemed(1, 30),
        missed=Redeemed(2, 9),
    )
    later = IssuanceQuery(currency="GBP", issuer=asked.account("bank"), at=stated.valid_until + 1)
    answer = later.answer(asked.state)
    assert answer is not None
    assert answer.vouched_for is None


def test_of_a_currency_that_nobody_issues_there_is_nothing_to_see(ledger):
    assert IssuanceQuery(currency="CHF", issuer=ledger.account("bank"), at=0).answer(ledger.state) is None


def test_a_freeze_stops_no_answer_to_what_was_asked_before(asked):
    freeze(asked, code="GBP")

    assert asked.send(PAYER, redeeming(asked, 1, "r2")).code == Refuse.HOLDER_FROZEN
    asked.must("bank", confirm(asked))
    assert has(asked, PAYER, "GBP") == (600, 0)


def test_a_reference_can_be_used_again_once_its_redemption_has_ended(asked):
    asked.must("bank", confirm(asked))
    asked.must(PAYER, redeeming(asked, 5))
    asked.time += 5 * DAY + 1

    asked.must(PAYER, redeeming(asked, 6))

    found = redemption(asked)
    assert found is not None
    assert found.units == 6
    assert conduct(asked).missed == Redeemed(1, 5)
