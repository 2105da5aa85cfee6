"""Freezes: an issuer alone keeps nobody from paying for ever."""

from __future__ import annotations

import pytest

from sogdia.kernel.refusal import Broken
from sogdia.modules.money import balance
from sogdia.modules.money.currencies import FreezeHolder, UnfreezeHolder
from sogdia.modules.money.events import FreezeLapsed
from sogdia.modules.money.issuer_queries import FreezeQuery
from sogdia.modules.money.issuer_records import SPELLS_MAX, Freeze, Spell
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.testing.ledger import Ledger
from tests.modules.money.issuing import (
    REST,
    TERM,
    agree,
    freeze_of,
    is_over,
    longer,
    measure,
    minting,
    open_pounds,
    pounds,
)
from tests.modules.money.purse import DAY, PAYER, freeze, pay


@pytest.fixture
def frozen(ledger):
    """Nairobi has a hundred dollars, frozen now."""
    ledger.fund(PAYER, 100)
    freeze(ledger)
    return ledger


def is_frozen(ledger, who=PAYER, code="USD"):
    """Whether a balance says that it is frozen."""
    return balance(ledger.state, ledger.account(who), ledger.asset(code)).frozen


def again(ledger, code="USD"):
    """Ask for another freeze of Nairobi."""
    return ledger.send("bank", FreezeHolder(currency=code, account=ledger.account(PAYER), reason="Court order 8/2026"))


@pytest.mark.parametrize(("late", "code"), [(0, Refuse.HOLDER_FROZEN), (1, 0)])
def test_a_freeze_holds_to_its_last_second_and_no_longer(frozen, late, code):
    assert frozen.send(PAYER, pay(frozen, 1), at=frozen.time + TERM + late).code == code


def test_a_freeze_that_has_run_out_says_so_and_stands_no_more_on_the_balance(frozen):
    receipts = frozen.wait(TERM + 1)

    lapsed = FreezeLapsed(asset=frozen.asset(), account=frozen.account(PAYER))
    assert [receipt.events for receipt in receipts] == [(lapsed,)]
    assert not is_frozen(frozen)


def test_after_a_freeze_the_issuer_alone_cannot_freeze_again_for_a_time(frozen):
    began = frozen.time
    frozen.wait(TERM + 1)

    assert again(frozen).code == Refuse.FREEZE_RESTS
    frozen.time = began + TERM + REST
    assert again(frozen).code == Refuse.FREEZE_RESTS
    frozen.time += 1
    assert again(frozen).code == 0
    assert frozen.send(PAYER, pay(frozen, 1)).code == Refuse.HOLDER_FROZEN


def test_the_rest_begins_when_the_time_is_over_even_before_the_calendar_has_come_to_it(frozen):
    frozen.time += TERM + 1

    assert again(frozen).code == Refuse.FREEZE_RESTS


def test_lifting_a_freeze_and_making_another_gains_no_time(frozen):
    until = frozen.time + TERM
    spells: tuple[Spell, ...] = (Spell(frozen.time, until),)
    for _ in range(3):
        frozen.must("bank", UnfreezeHolder(currency="USD", account=frozen.account(PAYER)), at=frozen.time + 7 * DAY)
        frozen.must(PAYER, pay(frozen, 1))
        *earlier, last = spells
        spells = (*earlier, Spell(last.since, frozen.time))
        assert freeze_of(frozen) == Freeze(until=until, rests_until=until + REST, spells=spells)
        assert again(frozen).code == 0
        spells += (Spell(frozen.time, until),)

    assert freeze_of(frozen) == Freeze(until=until, rests_until=until + REST, spells=spells)
    frozen.must(PAYER, pay(frozen, 1), at=until + 1)


def test_a_lifted_freeze_rests_when_its_time_is_over_and_nothing_is_said_of_it(frozen):
    frozen.must("bank", UnfreezeHolder(currency="USD", account=frozen.account(PAYER)))

    receipts = frozen.wait(TERM + 1)

    assert [receipt.events for receipt in receipts] == [()]
    assert is_over(frozen)
    assert again(frozen).code == Refuse.FREEZE_RESTS


def test_a_freeze_is_forgotten_in_the_end(frozen):
    frozen.wait(TERM + 1)
    frozen.wait(REST)

    assert freeze_of(frozen) is None


def test_a_freeze_of_one_holder_in_one_currency_says_nothing_of_others(frozen):
    frozen.wait(TERM + 1)

    assert again(frozen, "KWD").code == 0
    freeze(frozen, "bukhara")


def test_the_terms_are_the_networks():
    money = {"currencies": [{"currency": "USD", "issuer": "bank"}], "freeze_term": 10, "freeze_rest": 20}
    ledger = Ledger(money=money, market={"windows": {"pay": 19, "remit": 19}})
    freeze(ledger)

    until = ledger.time + 10
    assert freeze_of(ledger) == Freeze(until=until, rests_until=until + 20, spells=(Spell(ledger.time, until),))
    asked = FreezeQuery(account=ledger.account(PAYER), currency="USD", issuer=ledger.account("bank"))
    assert asked.answer(ledger.state) == freeze_of(ledger)


@pytest.mark.parametrize("longest", [{"pay": 20}, {"remit": 20}])
def test_a_freeze_rests_for_longer_than_anybody_has_to_pay(longest):
    """Else a deadline could be put off by one freeze after another, or a freeze be forgotten before it counts."""
    with pytest.raises(Broken, match="freeze_rest is not longer"):
        Ledger(money={"freeze_rest": 20}, market={"windows": {"pay": 19, "remit": 19} | longest})


@pytest.fixture
def accused(ledger):
    """Nairobi has a hundred pounds, frozen now, and the bank has asked its panel for more."""
    open_pounds(ledger)
    ledger.must("bank", minting(ledger, 100))
    freeze(ledger, code="GBP")
    ledger.must("bank", longer(ledger))
    return ledger


def test_a_panel_lets_a_freeze_last_another_term_from_its_agreement_on(accused):
    first = accused.time
    accused.time += 10 * DAY
    agree(accused, "treasury", "f1")
    agree(accused, "carrier", "f1")

    until = accused.time + TERM
    spells = (Spell(first, until),)
    assert freeze_of(accused, code="GBP") == Freeze(until=until, rests_until=until + REST, spells=spells)
    assert measure(accused, "f1") is None
    accused.time = until
    assert accused.send(PAYER, pay(accused, 1, asset=pounds(accused))).code == Refuse.HOLDER_FROZEN
    accused.must(PAYER, pay(accused, 1, asset=pounds(accused)), at=until + 1)


def test_a_panel_can_freeze_a_holder_whose_freeze_rests_and_one_who_was_never_frozen(accused):
    accused.wait(TERM + 1)
    accused.must("bank", longer(accused, "f2"))
    accused.must("bank", longer(accused, "f3", account=accused.account("bukhara")))
    for reference in ("f2", "f3"):
        agree(accused, "treasury", reference)
        agree(accused, "platform", reference)

    assert is_frozen(accused, PAYER, "GBP")
    assert is_frozen(accused, "bukhara", "GBP")
    assert not is_over(accused, "GBP")


def test_a_panel_can_freeze_a_holder_who_cannot_be_frozen_by_the_issuer_any_more(accused):
    """None of the times in which it held is forgotten: the first two become one."""
    accused.time += 1
    for _ in range(SPELLS_MAX - 1):
        accused.must("bank", UnfreezeHolder(currency="GBP", account=accused.account(PAYER)))
        freeze(accused, code="GBP")
        accused.time += 1
    accused.must("bank", UnfreezeHolder(currency="GBP", account=accused.account(PAYER)))
    assert again(accused, "GBP").code == Refuse.FROZEN_TOO_OFTEN
    known = freeze_of(accused, code="GBP")
    assert known is not None
    accused.time += 1

    agree(accused, "treasury", "f1")
    agree(accused, "carrier", "f1")

    until = accused.time + TERM
    one, two, *others = known.spells
    spells = (Spell(one.since, two.until), *others, Spell(accused.time, until))
    assert is_frozen(accused, PAYER, "GBP")
    assert freeze_of(accused, code="GBP") == Freeze(until=until, rests_until=until + REST, spells=spells)


def test_one_member_of_a_panel_is_not_enough(accused):
    agree(accused, "treasury", "f1")

    accused.must(PAYER, pay(accused, 1, asset=pounds(accused)), at=accused.time + TERM + 1)
