"""Policies: what an issuer binds itself to when it opens a currency."""

from __future__ import annotations

import pytest

from sogdia.kernel.refusal import Broken
from sogdia.kernel.values import NO_ACCOUNT
from sogdia.modules.identity import Kind
from sogdia.modules.money.events import CurrencyOpened
from sogdia.modules.money.issuer_records import RULES, MoneyRules
from sogdia.modules.money.policies import is_apart
from sogdia.modules.money.records import Currency
from sogdia.testing.ledger import Ledger
from tests.modules.money.issuing import LIMITS, PANEL, opening, policy, policy_of
from tests.modules.money.purse import DAY, LARGEST, currency

STATED = {
    "auditors": ["platform"],
    "panel": ["treasury", "carrier", "platform"],
    "panel_needed": 2,
    "limits": [[each.payment_most, each.day_most] for each in LIMITS],
    "reference_from": 100_000,
}


def with_policy(**changes: object) -> Ledger:
    """A network that begins with pounds under a policy."""
    stated = {"currency": "GBP", "issuer": "bank", "policy": STATED | changes}
    return Ledger(money={"currencies": [stated]})


def test_a_currency_begins_with_its_policy(ledger):
    receipt = ledger.must("bank", opening(ledger, limits=LIMITS, reference_from=7))

    assert receipt.events == (CurrencyOpened(asset=ledger.asset("GBP"), digits=2),)
    assert currency(ledger, "GBP") == Currency(
        digits=2,
        supply=0,
        supply_max=LARGEST,
        holder_max=LARGEST,
        by_authorisation=False,
        policy=policy(ledger, limits=LIMITS, reference_from=7),
    )


def test_genesis_gives_a_policy_by_references():
    ledger = with_policy()

    assert currency(ledger, "GBP").policy == policy(ledger, limits=LIMITS, reference_from=100_000)


def test_genesis_needs_all_that_it_names_unless_it_says_fewer():
    ledger = with_policy(auditors=["platform", "carrier"], panel_needed=None)

    found = policy_of(ledger)
    assert (found.auditors_needed, found.panel_needed) == (2, 3)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"panel": ["treasury"], "panel_needed": 1}, "OVERSEERS_NEEDED"),
        ({"panel": ["treasury", "treasury"]}, "OVERSEER_NAMED_TWICE"),
        ({"limits": [[1, 2]]}, "LIMITS_OUT_OF_ORDER"),
        ({"auditors": ["bank"]}, "not apart from its issuer"),
        ({"auditors": ["nairobi"]}, "not apart from its issuer"),
        ({"panel": ["treasury", "bank"]}, "not apart from its issuer"),
    ],
)
def test_a_network_with_a_wrong_policy_does_not_start(changes, what):
    with pytest.raises(Broken, match=what):
        with_policy(**changes)


def test_the_rules_for_all_issuers_are_the_networks():
    usual = MoneyRules(freeze_term=30 * DAY, freeze_rest=90 * DAY, measure_period=14 * DAY, redemption_period=5 * DAY)
    assert RULES.must(Ledger().state, None) == usual

    fields = {"freeze_term": 1, "freeze_rest": 2, "measure_period": 3, "redemption_period": 4}
    shortest = {"windows": {"pay": 1, "remit": 1}}
    assert RULES.must(Ledger(money=fields, market=shortest).state, None) == MoneyRules(**fields)


def test_who_an_issuer_has_entered_is_not_apart_from_it(ledger):
    entered = ledger.register("friend", kind=Kind.ENTERPRISE)
    issuer = ledger.account("bank")

    assert is_apart(ledger.state, entered, issuer)
    assert not is_apart(ledger.state, entered, ledger.account("registrar"))
    assert not is_apart(ledger.state, ledger.register("somebody"), issuer)
    assert not is_apart(ledger.state, issuer, issuer)
    assert not is_apart(ledger.state, NO_ACCOUNT, issuer)
    assert all(is_apart(ledger.state, ledger.account(each), issuer) for each in PANEL)
