"""Currencies: who issues them, how much may exist, who may hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.money.currencies import (
    AuthoriseHolder,
    Burn,
    FreezeHolder,
    Mint,
    OpenCurrency,
    RevokeAuthorisation,
    SetCaps,
    UnfreezeHolder,
)
from sogdia.modules.money.events import (
    AuthorisationRevoked,
    Burned,
    CapsSet,
    CurrencyOpened,
    HolderAuthorised,
    HolderFrozen,
    HolderUnfrozen,
    Minted,
)
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.modules.money.records import BALANCES, Balance
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from tests.modules.money.purse import (
    LARGEST,
    PAYEE,
    PAYER,
    currency,
    forget,
    freeze,
    has,
    hold,
    open_euros,
    pay,
    set_caps,
)

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation


def code_of(ledger, who, *operations: Operation):
    """The number with which somebody's request ends, at the door or in the block."""
    return ledger.block(ledger.sign(who, *operations))[0].code


def mint(ledger, units, to=PAYER, code="USD"):
    """A request of the bank to create money."""
    return Mint(currency=code, to=ledger.account(to), units=units)


@pytest.mark.parametrize(("code", "digits"), [("JPY", 0), ("EUR", 2), ("TND", 3), ("CLF", 4), ("UZS", 2), ("MGA", 2)])
def test_a_new_currency_has_the_minor_digits_of_the_standard_and_no_supply(ledger, code, digits):
    receipt = ledger.must("bank", OpenCurrency(currency=code, supply_max=5, holder_max=3, by_authorisation=False))

    assert receipt.events == (CurrencyOpened(asset=ledger.asset(code), digits=digits),)
    found = currency(ledger, code)
    assert (found.digits, found.supply, found.supply_max, found.holder_max) == (digits, 0, 5, 3)


def test_every_code_of_the_standard_has_three_capitals_and_at_most_four_digits():
    assert len(MINOR_DIGITS) == 165
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in MINOR_DIGITS)
    assert set(MINOR_DIGITS.values()) == {0, 2, 3, 4}


def test_minted_money_is_the_supply_and_burned_money_is_gone(ledger):
    minted = ledger.must("bank", mint(ledger, 500))
    ledger.must("bank", mint(ledger, 300, "bank"))

    burned = ledger.must("bank", Burn(currency="USD", units=300))

    assert minted.events == (Minted(asset=ledger.asset(), to=ledger.account(PAYER), units=500),)
    assert burned.events == (Burned(asset=ledger.asset(), units=300),)
    assert currency(ledger).supply == 500
    assert [has(ledger, who) for who in (PAYER, "bank")] == [(500, 0), (0, 0)]


def test_redeemed_money_is_burned_and_no_unit_more(ledger):
    ledger.fund(PAYER, 500)
    ledger.must(PAYER, pay(ledger, 500, to="bank"))

    assert code_of(ledger, "bank", Burn(currency="USD", units=501)) == Refuse.FUNDS_INSUFFICIENT
    assert code_of(ledger, "bank", Burn(currency="USD", units=500)) == 0
    assert currency(ledger).supply == 0


def test_the_supply_may_reach_its_cap_and_not_pass_it(ledger):
    set_caps(ledger, supply=1_000)
    ledger.fund(PAYER, 999)

    assert code_of(ledger, "bank", mint(ledger, 2)) == Refuse.SUPPLY_CAP_PASSED
    assert code_of(ledger, "bank", mint(ledger, 1)) == 0
    assert code_of(ledger, "bank", mint(ledger, 1)) == Refuse.SUPPLY_CAP_PASSED
    assert currency(ledger).supply == 1_000


def test_a_holder_may_be_minted_up_to_its_cap_and_not_beyond(ledger):
    set_caps(ledger, holder=1_000)
    ledger.fund(PAYER, 999)
    ledger.must(PAYER, hold(ledger, 500))

    assert code_of(ledger, "bank", mint(ledger, 2)) == Refuse.HOLDER_CAP_PASSED
    assert code_of(ledger, "bank", mint(ledger, 1)) == 0
    assert code_of(ledger, "bank", mint(ledger, 1_000, PAYEE)) == 0
    assert code_of(ledger, "bank", mint(ledger, 1_001, "lanzhou")) == Refuse.HOLDER_CAP_PASSED


def test_the_largest_amount_there_is_can_exist_and_move(ledger):
    set_caps(ledger)
    ledger.fund(PAYER, LARGEST)

    answer = ledger.send("bank", mint(ledger, LARGEST))
    ledger.must(PAYER, pay(ledger, LARGEST))

    assert answer.code == Refuse.SUPPLY_CAP_PASSED
    assert dict(answer.facts) == {"supply": LARGEST, "cap": LARGEST, "asked": LARGEST}
    assert has(ledger, PAYEE) == (LARGEST, 0)


def test_caps_may_be_lowered_to_the_supply_and_holders_keep_what_they_have(ledger):
    ledger.fund(PAYER, 500)

    assert code_of(ledger, "bank", SetCaps(currency="USD", supply_max=499, holder_max=10)) == Refuse.CAP_BELOW_SUPPLY
    receipt = ledger.must("bank", SetCaps(currency="USD", supply_max=500, holder_max=10))

    assert receipt.events == (CapsSet(asset=ledger.asset(), supply_max=500, holder_max=10),)
    assert has(ledger, PAYER) == (500, 0)
    assert code_of(ledger, PAYER, pay(ledger, 11)) == Refuse.HOLDER_CAP_PASSED
    assert code_of(ledger, PAYER, pay(ledger, 10)) == 0


def test_a_frozen_holder_pays_again_once_it_is_unfrozen(ledger):
    ledger.fund(PAYER, 500)
    account = ledger.account(PAYER)

    frozen = ledger.must("bank", FreezeHolder(currency="USD", account=account, reason="Court order 7/2026"))
    refused = code_of(ledger, PAYER, pay(ledger, 1))
    unfrozen = ledger.must("bank", UnfreezeHolder(currency="USD", account=account))
    ledger.must(PAYER, pay(ledger, 500))

    assert frozen.events == (HolderFrozen(asset=ledger.asset(), account=account, reason="Court order 7/2026"),)
    assert unfrozen.events == (HolderUnfrozen(asset=ledger.asset(), account=account),)
    assert refused == Refuse.HOLDER_FROZEN
    assert has(ledger, PAYER) == (0, 0)


def test_a_freeze_lifted_from_an_empty_account_leaves_no_record(ledger):
    freeze(ledger)
    assert len(list(BALANCES.items(ledger.state))) == 1

    ledger.must("bank", UnfreezeHolder(currency="USD", account=ledger.account(PAYER)))

    assert list(BALANCES.items(ledger.state)) == []


def test_who_is_taken_off_the_list_receives_no_more(ledger):
    open_euros(ledger, PAYER)
    authorised = ledger.must("bank", AuthoriseHolder(currency="EUR", account=ledger.account(PAYEE)))
    ledger.must(PAYER, pay(ledger, 1, currency="EUR"))
    ledger.must(PAYEE, pay(ledger, 1, to=PAYER, currency="EUR"))

    revoked = ledger.must("bank", RevokeAuthorisation(currency="EUR", account=ledger.account(PAYEE)))

    assert authorised.events == (HolderAuthorised(asset=ledger.asset("EUR"), account=ledger.account(PAYEE)),)
    assert revoked.events == (AuthorisationRevoked(asset=ledger.asset("EUR"), account=ledger.account(PAYEE)),)
    assert code_of(ledger, PAYER, pay(ledger, 1, currency="EUR")) == Refuse.HOLDER_NOT_AUTHORISED


def test_freezing_and_authorising_do_not_disturb_each_other(ledger):
    open_euros(ledger)
    ledger.must("bank", AuthoriseHolder(currency="EUR", account=ledger.account(PAYER)))
    freeze(ledger, PAYER, "EUR")

    forget(ledger, PAYER)

    key = (ledger.account(PAYER), ledger.asset("EUR"))
    assert BALANCES.find(ledger.state, key) == Balance(frozen=True)


def test_the_issuer_itself_needs_no_less_than_others(ledger):
    open_euros(ledger)

    assert code_of(ledger, "bank", mint(ledger, 1, "bank", "EUR")) == Refuse.HOLDER_NOT_AUTHORISED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"supply_max": 1, "holder_max": 1}, 0),
        ({"supply_max": LARGEST, "holder_max": LARGEST}, 0),
        ({"supply_max": 0}, Kernel.ENVELOPE_MALFORMED),
        ({"supply_max": LARGEST + 1}, Kernel.ENVELOPE_MALFORMED),
        ({"holder_max": 0}, Kernel.ENVELOPE_MALFORMED),
        ({"holder_max": LARGEST + 1}, Kernel.ENVELOPE_MALFORMED),
        ({"currency": "eur"}, Kernel.ENVELOPE_MALFORMED),
        ({"currency": "EURO"}, Kernel.ENVELOPE_MALFORMED),
        ({"currency": "EU"}, Kernel.ENVELOPE_MALFORMED),
        ({"by_authorisation": 1}, Kernel.ENVELOPE_MALFORMED),
    ],
    ids=repr,
)
def test_the_fields_of_a_currency_have_bounds(ledger, changes, code):
    fields = {"currency": "EUR", "supply_max": 9, "holder_max": 9, "by_authorisation": False}

    assert code_of(ledger, "bank", OpenCurrency(**(fields | changes))) == code


@pytest.mark.parametrize(("size", "code"), [(1, 0), (200, 0), (0, 101), (201, 101)])
def test_a_reason_has_1_to_200_characters(ledger, size, code):
    request = FreezeHolder(currency="USD", account=ledger.account(PAYER), reason="x" * size)

    assert code_of(ledger, "bank", request) == code
