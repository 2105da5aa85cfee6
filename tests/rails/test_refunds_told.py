"""Refunds by cause in the books: what bond, cover and card have paid is told once, and adds up to the balances."""

from __future__ import annotations

import pytest

from sogdia.modules.exchange.bonds import WithdrawBond
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.orders import DeclineOrder
from sogdia.modules.market.records import ORDERS
from sogdia.modules.market.returns import RefundLines
from sogdia.rails.clearing import message_of
from sogdia.rails.payments import Way
from tests.modules.exchange.bureau import DEALER
from tests.modules.market.backed import (
    ALL,
    BACK,
    BOND,
    FALLEN,
    FALLEN_FAR,
    FALLEN_FURTHER,
    RISEN,
    WHOLE,
    backed_shop,
    delivered,
    placed,
    sells_back,
    sent_back,
)
from tests.modules.market.shop import BUYER, DAY, MERCHANT, quantities
from tests.rails.walks import PayingLedger


@pytest.fixture
def ledger():
    """A shop with a bond on a ledger whose blocks are read."""
    made = backed_shop(kind=PayingLedger)
    assert isinstance(made, PayingLedger)
    return made


@pytest.mark.parametrize("rate", [None, RISEN, FALLEN, FALLEN_FURTHER, FALLEN_FAR])
@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("parts", [ALL, ((2, 1),)], ids=["whole", "a-part"])
def test_whatever_a_refund_comes_to_the_books_agree(ledger, cause, rate, parts):
    name = delivered(ledger)
    if rate is not None:
        sells_back(ledger, rate)
    ledger.agrees()

    sent_back(ledger, name, *parts, cause=cause)
    ledger.agrees()
    ledger.wait(15 * DAY)
    ledger.agrees()

    ledger.wait(DAY)
    assert ORDERS.find(ledger.state, name) is None
    ledger.agrees()


def test_a_refund_is_a_conversion_of_the_buyers_and_what_others_added(ledger):
    name = delivered(ledger)
    sells_back(ledger, FALLEN_FURTHER)
    before = len(ledger.payments)

    ledger.must(MERCHANT, RefundLines(order=name, lines=quantities(*ALL), return_cause=Cause.MERCHANT))

    told = ledger.payments[before:]
    dinars, dollars = ledger.asset("KWD"), ledger.asset()
    buyer, accounts = ledger.account(BUYER), {ledger.account(who): who for who in (MERCHANT, DEALER, BACK)}
    got = [(each.asset, each.units) for each in told if each.creditor == buyer]
    assert got == [(dollars, BOND), (dinars, 1_454), (dinars, 26_927)]
    assert sum(units for asset, units in got if asset == dinars) == WHOLE
    (exchanged,) = [each for each in told if each.exchange is not None]
    assert (exchanged.exchange.asset, exchanged.exchange.units) == (dollars, 9_617)
    assert [accounts[each.creditor] for each in told if each.way is Way.INSTITUTION] == [BACK]
    for each in told:
        assert message_of([each], ledger.network)


def test_what_a_merchant_pays_that_does_not_ship_is_told(ledger):
    name = placed(ledger)

    ledger.must(MERCHANT, DeclineOrder(order=name))
    ledger.must(MERCHANT, WithdrawBond(asset=ledger.asset(), units=500))

    ledger.agrees()
    assert [(each.units, each.way) for each in ledger.payments[-1:]] == [(5, Way.INSTITUTION)]
