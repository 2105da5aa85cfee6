"""Reserves: an issuer mints only for what its auditors vouch, and only while they do."""

from __future__ import annotations

import pytest

from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.money.currencies import Burn
from sogdia.modules.money.events import Minted, ReserveAttested
from sogdia.modules.money.issuer_records import Statement
from sogdia.modules.money.records import CURRENCIES
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from tests.modules.money.issuing import AUDITOR, SECOND, conduct, minting, open_pounds, opening, pounds, statement
from tests.modules.money.purse import DAY, PAYER, has


def test_an_issuer_mints_up_to_what_is_vouched_for_and_not_one_unit_more(ledger):
    open_pounds(ledger, 1_000)

    receipt = ledger.must("bank", minting(ledger, 1_000))
    beyond = ledger.send("bank", minting(ledger, 1))

    assert receipt.events == (Minted(asset=pounds(ledger), to=ledger.account(PAYER), units=1_000),)
    assert beyond.code == Refuse.RESERVE_PASSED
    assert has(ledger, PAYER, "GBP") == (1_000, 0)


def test_without_a_statement_nothing_is_minted(ledger):
    ledger.must("bank", opening(ledger))

    assert ledger.send("bank", minting(ledger, 1)).code == Refuse.RESERVE_NOT_VOUCHED_FOR


@pytest.mark.parametrize(("late", "code"), [(0, 0), (1, Refuse.RESERVE_NOT_VOUCHED_FOR)])
def test_a_statement_is_good_to_its_last_second(ledger, late, code):
    open_pounds(ledger)
    ledger.time += 30 * DAY + late

    assert ledger.send("bank", minting(ledger, 1)).code == code


def test_a_new_statement_replaces_the_one_before_and_a_lower_one_takes_nothing_away(ledger):
    open_pounds(ledger, 1_000)
    ledger.must("bank", minting(ledger, 800))

    receipt = ledger.must(AUDITOR, statement(ledger, 500))

    stated = Statement(ledger.account(AUDITOR), 500, ledger.time, ledger.time + 30 * DAY)
    assert conduct(ledger).statements == (stated,)
    assert receipt.events == (
        ReserveAttested(
            asset=pounds(ledger), auditor=stated.auditor, units=500, as_of=stated.as_of, valid_until=stated.valid_until
        ),
    )
    assert has(ledger, PAYER, "GBP") == (800, 0)
    assert ledger.send("bank", minting(ledger, 1)).code == Refuse.RESERVE_PASSED


def test_what_is_burned_can_be_minted_again(ledger):
    open_pounds(ledger, 100)
    ledger.must("bank", minting(ledger, 100, "bank"))
    ledger.must("bank", Burn(currency="GBP", units=40))

    ledger.must("bank", minting(ledger, 40))
    assert CURRENCIES.must(ledger.state, pounds(ledger)).supply == 100


@pytest.mark.parametrize(("needed", "most"), [(1, 900), (2, 700)])
def test_of_several_auditors_so_many_have_to_vouch_for_the_amount(ledger, needed, most):
    both = (ledger.account(AUDITOR), ledger.account(SECOND))
    ledger.must("bank", opening(ledger, auditors=both, auditors_needed=needed))
    ledger.must(AUDITOR, statement(ledger, 900))
    ledger.must(SECOND, statement(ledger, 700))

    assert ledger.send("bank", minting(ledger, most + 1)).code == Refuse.RESERVE_PASSED
    ledger.must("bank", minting(ledger, most))


def test_one_auditor_where_two_are_needed_vouches_for_nothing(ledger):
    both = (ledger.account(AUDITOR), ledger.account(SECOND))
    ledger.must("bank", opening(ledger, auditors=both, auditors_needed=2))
    ledger.must(AUDITOR, statement(ledger, 900))

    assert ledger.send("bank", minting(ledger, 1)).code == Refuse.RESERVE_NOT_VOUCHED_FOR


def test_an_auditor_that_is_suspended_vouches_for_nothing(ledger):
    entered = ledger.register("auditor", kind=2)
    ledger.must("bank", opening(ledger, auditors=(entered,)))
    ledger.must("auditor", statement(ledger, 900))
    ledger.must("registrar", SuspendParty(account=entered, reason="Licence withdrawn"))

    assert ledger.send("bank", minting(ledger, 1)).code == Refuse.RESERVE_NOT_VOUCHED_FOR


@pytest.mark.parametrize(
    ("as_of", "valid_until", "code"),
    [
        (0, 100 * DAY, 0),
        (0, 100 * DAY + 1, Refuse.STATEMENT_NOT_IN_TIME),
        (1, DAY, Refuse.STATEMENT_NOT_IN_TIME),
        (0, 1, 0),
        (0, 0, Refuse.STATEMENT_NOT_IN_TIME),
        (-5, 1, 0),
        (-6, 1, Refuse.STATEMENT_NOT_IN_TIME),
    ],
)
def test_a_statement_is_of_no_later_than_now_no_earlier_than_the_last_and_good_for_a_quarter(
    ledger, as_of, valid_until, code
):
    open_pounds(ledger)
    now = ledger.time = ledger.time + 5

    assert ledger.send(AUDITOR, statement(ledger, 1, as_of=now + as_of, valid_until=now + valid_until)).code == code
