"""Payments: who has what afterwards, and both sides of every limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.money.events import Transferred
from sogdia.modules.money.records import BALANCES
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from tests.modules.money.purse import (
    LARGEST,
    NOBODY,
    PAYEE,
    PAYER,
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


def test_paid_money_reaches_the_payee_and_the_receipt_says_what_for(ledger):
    ledger.fund(PAYER, 800)

    receipt = ledger.must(PAYER, pay(ledger, 500))

    assert has(ledger, PAYER) == (300, 0)
    assert has(ledger, PAYEE) == (500, 0)
    assert receipt.events == (
        Transferred(
            asset=ledger.asset(),
            payer=ledger.account(PAYER),
            payee=ledger.account(PAYEE),
            units=500,
            purpose="GDDS",
            end_to_end="Invoice 17",
        ),
    )


def test_all_of_the_money_can_be_paid_and_one_unit_more_cannot(ledger):
    ledger.fund(PAYER, 800)

    assert code_of(ledger, PAYER, pay(ledger, 801)) == Refuse.FUNDS_INSUFFICIENT
    assert code_of(ledger, PAYER, pay(ledger, 800)) == 0
    assert has(ledger, PAYER) == (0, 0)


def test_who_has_nothing_left_leaves_no_record(ledger):
    ledger.fund(PAYER, 800)
    ledger.must(PAYER, pay(ledger, 800))

    assert [key[:20] for key, _balance in BALANCES.items(ledger.state)] == [ledger.account(PAYEE)]


def test_currencies_do_not_mix(ledger):
    ledger.fund(PAYER, 800, "USD")

    assert code_of(ledger, PAYER, pay(ledger, 1, currency="KWD")) == Refuse.FUNDS_INSUFFICIENT


def test_several_payments_of_one_envelope_happen_all_or_not_at_all(ledger):
    ledger.fund(PAYER, 100)

    refused = ledger.send(PAYER, pay(ledger, 60), pay(ledger, 30, to="lanzhou"), pay(ledger, 11))

    assert (refused.code, refused.operation) == (Refuse.FUNDS_INSUFFICIENT, 2)
    assert dict(refused.facts) == {"asked": 11}
    assert [has(ledger, who) for who in (PAYER, PAYEE, "lanzhou")] == [(100, 0), (0, 0), (0, 0)]
    ledger.must(PAYER, pay(ledger, 60), pay(ledger, 30, to="lanzhou"), pay(ledger, 10))
    assert [has(ledger, who) for who in (PAYER, PAYEE, "lanzhou")] == [(0, 0), (70, 0), (30, 0)]


def test_a_payer_can_spend_what_it_has_just_received(ledger):
    ledger.fund(PAYER, 100)

    first, second = ledger.block(
        ledger.sign(PAYER, pay(ledger, 100)), ledger.sign(PAYEE, pay(ledger, 100, to="lanzhou"))
    )

    assert (first.code, second.code) == (0, 0)
    assert has(ledger, "lanzhou") == (100, 0)


def test_a_holder_may_be_paid_up_to_its_cap_and_not_a_unit_beyond(ledger):
    ledger.fund(PAYER, 100)
    set_caps(ledger, holder=70)
    ledger.must(PAYER, pay(ledger, 50))

    assert code_of(ledger, PAYER, pay(ledger, 21)) == Refuse.HOLDER_CAP_PASSED
    assert code_of(ledger, PAYER, pay(ledger, 20)) == 0


def test_held_money_counts_towards_the_cap(ledger):
    ledger.fund(PAYER, 100)
    ledger.fund(PAYEE, 50)
    set_caps(ledger, holder=70)
    ledger.must(PAYEE, hold(ledger, 40, payee=ledger.account("lanzhou")))

    assert code_of(ledger, PAYER, pay(ledger, 21)) == Refuse.HOLDER_CAP_PASSED
    assert code_of(ledger, PAYER, pay(ledger, 20)) == 0


def test_frozen_money_cannot_leave_but_more_can_arrive(ledger):
    ledger.fund(PAYER, 100)
    freeze(ledger, PAYER)

    assert code_of(ledger, PAYER, pay(ledger, 1)) == Refuse.HOLDER_FROZEN
    ledger.fund(PAYER, 1)
    assert has(ledger, PAYER) == (101, 0)
    ledger.fund(PAYER, 5, "KWD")
    assert code_of(ledger, PAYER, pay(ledger, 5, currency="KWD")) == 0


def test_money_on_a_list_goes_only_to_those_on_it(ledger):
    open_euros(ledger, PAYER, PAYEE)

    assert code_of(ledger, PAYER, pay(ledger, 1, to="lanzhou", currency="EUR")) == Refuse.HOLDER_NOT_AUTHORISED
    assert code_of(ledger, PAYER, pay(ledger, 1, currency="EUR")) == 0


def test_a_frozen_balance_is_not_forgotten_when_it_is_empty(ledger):
    freeze(ledger, PAYER)
    ledger.fund(PAYER, 1)

    assert code_of(ledger, PAYER, pay(ledger, 1)) == Refuse.HOLDER_FROZEN


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"units": 1}, 0),
        ({"units": 0}, Kernel.ENVELOPE_MALFORMED),
        ({"units": -1}, Kernel.ENVELOPE_MALFORMED),
        ({"units": LARGEST}, Refuse.FUNDS_INSUFFICIENT),
        ({"units": LARGEST + 1}, Kernel.ENVELOPE_MALFORMED),
        ({"units": 2**64 - 1}, Kernel.ENVELOPE_MALFORMED),
        ({"purpose": "GDD"}, Kernel.ENVELOPE_MALFORMED),
        ({"purpose": "GDDSS"}, Kernel.ENVELOPE_MALFORMED),
        ({"purpose": "gdds"}, Kernel.ENVELOPE_MALFORMED),
        ({"end_to_end": ""}, 0),
        ({"end_to_end": "x" * 35}, 0),
        ({"end_to_end": "x" * 36}, Kernel.ENVELOPE_MALFORMED),
        ({"end_to_end": "Счёт № 17"}, 0),
        ({"to": NOBODY}, Refuse.PAYEE_UNKNOWN),
        ({"to": bytes(19)}, Kernel.ENVELOPE_MALFORMED),
    ],
    ids=repr,
)
def test_the_fields_of_a_payment_have_bounds(ledger, changes, code):
    ledger.fund(PAYER, 800)

    assert code_of(ledger, PAYER, structs.replace(pay(ledger, 1), **changes)) == code
