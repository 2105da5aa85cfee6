"""Limits: what a holder may pay at once and in a day, by how well it is known."""

from __future__ import annotations

import pytest

from sogdia.modules.identity import AttestationType
from sogdia.modules.identity.attestations import WithdrawAttestation
from sogdia.modules.money.currencies import Burn
from sogdia.modules.money.events import LimitsSet, StandingShown
from sogdia.modules.money.holds import CaptureHold, ReleaseHold
from sogdia.modules.money.issuer_queries import Allowance, AllowanceQuery
from sogdia.modules.money.issuer_records import Spending
from sogdia.modules.money.policies import SetLimits, ShowStanding
from sogdia.modules.money.records import Policy, TierLimit
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from tests.modules.money.issuing import (
    LIMITS,
    at_most,
    attest,
    impose,
    open_pounds,
    opening,
    pounds,
    show,
    spending,
    spent_by,
)
from tests.modules.money.purse import DAY, PAYEE, PAYER, currency, has, hold, pay, place

MIDNIGHT = 1_700_006_400
"""A new day begins in UTC."""


@pytest.fixture
def limited(ledger):
    """Dollars with limits by tier; Nairobi has plenty, Bukhara a few."""
    ledger.fund(PAYER, 100_000)
    ledger.fund(PAYEE, 50)
    impose(limits=LIMITS)(ledger)
    return ledger


@pytest.mark.parametrize("tier", range(4))
def test_each_tier_pays_what_its_limit_says_and_not_one_unit_more(limited, tier):
    if tier:
        show(limited, tier)
    most, day = LIMITS[tier].payment_most, LIMITS[tier].day_most

    assert limited.send(PAYER, pay(limited, most + 1)).code == Refuse.PAYMENT_ABOVE_LIMIT
    limited.must(PAYER, pay(limited, most))
    while (left := day - spent_by(limited)) > 0:
        limited.must(PAYER, pay(limited, min(left, most)))
    assert limited.send(PAYER, pay(limited, 1)).code == Refuse.DAY_LIMIT_PASSED
    assert spending(limited) == Spending(day=limited.time // DAY, units=day)


@pytest.mark.parametrize(("at", "code"), [(MIDNIGHT - 1, Refuse.DAY_LIMIT_PASSED), (MIDNIGHT, 0)])
def test_a_new_day_begins_at_midnight_utc(limited, at, code):
    limited.must(PAYER, pay(limited, 100))
    limited.must(PAYER, pay(limited, 50))

    assert limited.send(PAYER, pay(limited, 100), at=at).code == code


def test_what_is_set_aside_counts_and_stays_counted_when_it_comes_back(limited):
    name = place(limited, 100)
    limited.must(PAYEE, ReleaseHold(hold=name))

    assert spent_by(limited) == 100
    assert limited.send(PAYER, hold(limited, 51, "h2")).code == Refuse.DAY_LIMIT_PASSED
    limited.must(PAYER, hold(limited, 50, "h2"))


def test_what_was_promised_is_paid_whatever_the_limits_are(ledger):
    ledger.fund(PAYER, 100)
    name = place(ledger, 100)
    impose(limits=at_most(1))(ledger)

    ledger.must(PAYEE, CaptureHold(hold=name, units=70))

    assert has(ledger, PAYEE) == (70, 0)
    assert spending(ledger, PAYEE) is None


def test_an_issuer_is_under_no_limit_in_its_own_money(limited):
    limited.fund("bank", 9_000)

    limited.must("bank", pay(limited, 8_000))
    limited.must("bank", Burn(currency="USD", units=1_000))

    assert spending(limited, "bank") is None


def test_a_policy_whose_limits_were_all_lifted_stays_a_policy(ledger):
    ledger.must(
        "bank",
        opening(ledger, limits=LIMITS, auditors=(), auditors_needed=0, panel=(), panel_needed=0),
    )

    ledger.must("bank", SetLimits(currency="GBP", limits=(), reference_from=0))

    assert currency(ledger, "GBP").policy == Policy()


def test_an_asset_without_limits_remembers_nothing(ledger):
    ledger.fund(PAYER, 10)
    impose(reference_from=5)(ledger)

    ledger.must(PAYER, pay(ledger, 4))

    assert spending(ledger) is None


def test_a_standing_counts_only_while_its_attestation_does(limited):
    name = show(limited, 2, days=10)
    limited.must(PAYER, pay(limited, 1_000))

    limited.time += 10 * DAY
    limited.must(PAYER, pay(limited, 1_000))
    limited.time += 1
    assert limited.send(PAYER, pay(limited, 101)).code == Refuse.PAYMENT_ABOVE_LIMIT
    show(limited, 3, reference="a2")
    limited.must(PAYER, pay(limited, 2_000))
    limited.must("registrar", WithdrawAttestation(attestation=name[:20] + b"a2"))
    assert limited.send(PAYER, pay(limited, 101)).code == Refuse.PAYMENT_ABOVE_LIMIT


@pytest.mark.parametrize("kind", list(AttestationType))
def test_only_what_says_who_a_party_is_makes_it_known(limited, kind):
    says = (
        AttestationType.LEI,
        AttestationType.LICENCE,
        AttestationType.IDENTITY,
        AttestationType.QUALIFIED_SIGNATURE,
    )
    name = attest(limited, 3, kind=int(kind))

    receipt = limited.send(PAYER, ShowStanding(attestation=name))

    assert receipt.code == (0 if kind in says else Refuse.ATTESTATION_NOT_USABLE)


def test_nobody_is_known_by_what_was_attested_of_another(limited):
    name = attest(limited, 3, who=PAYEE)

    assert limited.send(PAYER, ShowStanding(attestation=name)).code == Refuse.ATTESTATION_NOT_USABLE


def test_showing_a_standing_says_so(limited):
    name = attest(limited, 2)

    receipt = limited.must(PAYER, ShowStanding(attestation=name))

    assert receipt.events == (StandingShown(account=limited.account(PAYER), attestation=name, tier=2),)


def test_limits_are_widened_and_then_hold(ledger):
    open_pounds(ledger, limits=LIMITS)
    wider = (TierLimit(101, 151), *LIMITS[1:])

    receipt = ledger.must("bank", SetLimits(currency="GBP", limits=wider, reference_from=7))

    assert receipt.events == (LimitsSet(asset=pounds(ledger), limits=wider, reference_from=7),)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (LIMITS, 0),
        ((), 0),
        ((TierLimit(99, 150), *LIMITS[1:]), Refuse.LIMITS_NARROWER),
        ((TierLimit(100, 149), *LIMITS[1:]), Refuse.LIMITS_NARROWER),
        ((*LIMITS[:3], TierLimit(5_000, 19_999)), Refuse.LIMITS_NARROWER),
    ],
)
def test_limits_are_never_narrowed(ledger, limits, code):
    open_pounds(ledger, limits=LIMITS)

    assert ledger.send("bank", SetLimits(currency="GBP", limits=limits, reference_from=0)).code == code


def test_where_there_were_no_limits_none_come_into_being(ledger):
    open_pounds(ledger)

    asked = SetLimits(currency="GBP", limits=at_most(10**9), reference_from=0)
    assert ledger.send("bank", asked).code == Refuse.LIMITS_NARROWER


def test_a_holder_is_told_its_tier_and_what_is_left(limited):
    show(limited, 1)
    limited.must(PAYER, pay(limited, 180))
    account, issuer = limited.account(PAYER), limited.account("bank")
    asked = AllowanceQuery(account=account, currency="USD", issuer=issuer, at=limited.time)

    today = asked.answer(limited.state)
    tomorrow = AllowanceQuery(account=account, currency="USD", issuer=issuer, at=limited.time + DAY).answer(
        limited.state
    )

    assert today == Allowance(account=account, tier=1, payment_most=200, day_most=500, spent=180, left=320)
    assert (tomorrow.spent, tomorrow.left) == (0, 500)


def test_without_limits_nothing_is_left_to_say(ledger):
    account, issuer = ledger.account(PAYER), ledger.account("bank")

    answer = AllowanceQuery(account=account, currency="USD", issuer=issuer, at=ledger.time).answer(ledger.state)

    assert answer == Allowance(account=account, tier=0, payment_most=None, day_most=None, spent=0, left=None)
