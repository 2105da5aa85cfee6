"""The travel rule: from an amount on a payment to another says where the names of both stand."""

from __future__ import annotations

import pytest

from sogdia.modules.money.events import HoldPlaced, ReferenceGiven, Transferred
from sogdia.modules.money.holds import PlaceHoldWithReference
from sogdia.modules.money.refusals import MoneyRefusal as Refuse
from sogdia.modules.money.transfers import TransferWithReference
from tests.modules.money.issuing import impose
from tests.modules.money.purse import PAYEE, PAYER, has, hold, hold_name, pay

DOCUMENT = bytes(range(32))


@pytest.fixture
def ruled(ledger):
    """Dollars that ask for a reference from 1,000 cents on."""
    ledger.fund(PAYER, 10_000)
    impose(reference_from=1_000)(ledger)
    return ledger


def referring(plain, kind):
    """Put the same payment with a reference."""
    fields = {name: getattr(plain, name) for name in plain.__struct_fields__}
    return kind(**fields, travel_reference=DOCUMENT)


@pytest.mark.parametrize(("units", "code"), [(999, 0), (1_000, Refuse.REFERENCE_MISSING)])
@pytest.mark.parametrize("asked", [pay, hold])
def test_from_the_amount_on_a_payment_without_a_reference_is_refused(ruled, asked, units, code):
    assert ruled.send(PAYER, asked(ruled, units)).code == code


def test_a_payment_with_a_reference_goes_through_and_states_it(ruled):
    plain = pay(ruled, 1_000)

    receipt = ruled.must(PAYER, referring(plain, TransferWithReference))

    payer, payee = ruled.account(PAYER), ruled.account(PAYEE)
    assert receipt.events == (
        Transferred(asset=plain.asset, payer=payer, payee=payee, units=1_000, purpose="GDDS", end_to_end="Invoice 17"),
        ReferenceGiven(payer=payer, payee=payee, asset=plain.asset, units=1_000, travel_reference=DOCUMENT),
    )
    assert has(ruled, PAYEE) == (1_000, 0)


def test_so_does_what_is_set_aside(ruled):
    plain = hold(ruled, 1_000)

    receipt = ruled.must(PAYER, referring(plain, PlaceHoldWithReference))

    payer, payee = ruled.account(PAYER), ruled.account(PAYEE)
    assert receipt.events == (
        HoldPlaced(hold=hold_name(ruled), payee=payee, asset=plain.asset, units=1_000, deadline=plain.deadline),
        ReferenceGiven(payer=payer, payee=payee, asset=plain.asset, units=1_000, travel_reference=DOCUMENT),
    )
    assert has(ruled, PAYER) == (9_000, 1_000)


def test_a_reference_may_be_given_where_none_is_needed(ledger):
    ledger.fund(PAYER, 5)

    ledger.must(PAYER, referring(pay(ledger, 5), TransferWithReference))

    assert has(ledger, PAYEE) == (5, 0)
