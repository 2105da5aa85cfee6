"""What is always true of issuers: each breach is noticed, so that the invariants are not empty words."""

from __future__ import annotations

import pytest
from msgspec import structs

from sogdia.kernel import calendar
from sogdia.kernel.refusal import Broken
from sogdia.kernel.state import State
from sogdia.modules.money import BALANCES, Balance
from sogdia.modules.money.issuer_records import CONDUCT, FREEZES, MEASURES, REDEMPTIONS, SPENDING, Redeemed, Spending
from sogdia.modules.money.records import CURRENCIES
from tests.modules.money.issuing import (
    LIMITS,
    agree,
    claw_back,
    conduct,
    measure_name,
    minting,
    open_pounds,
    policy_of,
    pounds,
    redeeming,
    redemption_name,
)
from tests.modules.money.purse import PAYER, currency, freeze, pay
from tests.refused import poke


@pytest.fixture
def sound(ledger):
    """Pounds under a policy, with a payment, a redemption, a measure and a freeze under way."""
    open_pounds(ledger, limits=LIMITS)
    ledger.must("bank", minting(ledger, 1_000))
    ledger.must(PAYER, pay(ledger, 100, asset=pounds(ledger)), redeeming(ledger, 30))
    ledger.must("bank", claw_back(ledger, 600))
    agree(ledger, "treasury")
    freeze(ledger, code="GBP")
    ledger.machine.check_invariants(ledger.state)
    return ledger


def assert_noticed(ledger, what):
    """Look that the ledger is found to be broken."""
    with pytest.raises(Broken, match=what):
        ledger.machine.check_invariants(ledger.state)


def holder(ledger):
    """The key of what Nairobi has in pounds."""
    return ledger.account(PAYER), pounds(ledger)


def forgotten(ledger, table, key, deadline):
    """Take an object out of the calendar."""
    state = State(ledger.base)
    calendar.unschedule(state, deadline, table.full_key(key))
    ledger.base.tree.update(state.encoded_changes())


def test_a_freeze_that_nothing_ends_is_noticed(sound):
    forgotten(sound, FREEZES, holder(sound), FREEZES.must(sound.state, holder(sound)).until)

    assert_noticed(sound, "missing in the calendar")


def test_a_frozen_balance_without_a_freeze_is_noticed(sound):
    poke(sound, BALANCES, (sound.account("lanzhou"), sound.asset()), Balance(frozen=True))

    assert_noticed(sound, "frozen without an end")


def test_a_frozen_balance_whose_freeze_is_over_is_noticed(sound):
    sound.wait(31 * 86_400)
    known = BALANCES.must(sound.state, holder(sound))
    poke(sound, BALANCES, holder(sound), structs.replace(known, frozen=True))

    assert_noticed(sound, "frozen without an end")


def test_a_redemption_without_its_deadline_is_noticed(sound):
    name = redemption_name(sound)
    forgotten(sound, REDEMPTIONS, name, REDEMPTIONS.must(sound.state, name).deadline)

    assert_noticed(sound, "missing in the calendar")


def test_a_measure_without_its_deadline_is_noticed(sound):
    name = measure_name(sound)
    forgotten(sound, MEASURES, name, MEASURES.must(sound.state, name).deadline)

    assert_noticed(sound, "missing in the calendar")


@pytest.mark.parametrize("agreed", [("treasury", "treasury"), ("bank",), ("treasury", "carrier")])
def test_agreements_that_should_not_be_there_are_noticed(sound, agreed):
    found = MEASURES.must(sound.state, measure_name(sound))
    approvals = tuple(sound.account(each) for each in agreed)
    poke(sound, MEASURES, measure_name(sound), structs.replace(found, approvals=approvals))

    assert_noticed(sound, "agreements that it should not have")


def test_an_issuer_on_its_own_panel_is_noticed(sound):
    found = MEASURES.must(sound.state, measure_name(sound))
    panel = (*found.panel, sound.account("bank"))
    poke(sound, MEASURES, measure_name(sound), structs.replace(found, panel=panel))

    assert_noticed(sound, "sits on its own panel")


def test_spending_beyond_the_highest_limit_is_noticed(sound):
    poke(sound, SPENDING, holder(sound), Spending(day=1, units=20_001))

    assert_noticed(sound, "more than a day allows")


@pytest.mark.parametrize("field", ["asked", "paid", "declined", "missed"])
@pytest.mark.parametrize(("times", "units"), [(1, 0), (0, 1)])
def test_a_redemption_counted_wrongly_is_noticed(sound, field, times, units):
    known = getattr(conduct(sound), field)
    wrong = Redeemed(known.times + times, known.units + units)
    poke(sound, CONDUCT, pounds(sound), structs.replace(conduct(sound), **{field: wrong}))

    assert_noticed(sound, "redemptions do not add up")


def test_redemptions_that_nobody_counts_are_noticed(sound):
    poke(sound, CONDUCT, pounds(sound), None)

    assert_noticed(sound, "nobody has counted")


def test_units_that_are_set_aside_for_no_redemption_are_noticed(sound):
    name = redemption_name(sound)
    found = REDEMPTIONS.must(sound.state, name)
    poke(sound, REDEMPTIONS, name, structs.replace(found, units=29))
    poke(sound, CONDUCT, pounds(sound), structs.replace(conduct(sound), asked=Redeemed(1, 29)))

    assert_noticed(sound, "held money does not match")


def test_a_policy_that_nobody_could_have_opened_is_noticed(sound):
    known = currency(sound, "GBP")
    poke(
        sound,
        CURRENCIES,
        pounds(sound),
        structs.replace(known, policy=structs.replace(policy_of(sound), panel_needed=1)),
    )

    assert_noticed(sound, "nobody could have opened: OVERSEERS_NEEDED")


def test_an_issuer_that_watches_over_itself_is_noticed(sound):
    known = currency(sound, "GBP")
    policy = structs.replace(policy_of(sound), auditors=(sound.account("bank"),))
    poke(sound, CURRENCIES, pounds(sound), structs.replace(known, policy=policy))

    assert_noticed(sound, "watched over by itself")
