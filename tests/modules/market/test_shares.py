"""An insurer and an arbitrator have shares of the price; the arbitrator may decide what two people contest."""

from __future__ import annotations

import pytest

from sogdia.modules.identity import Role
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, ShipOrder
from sogdia.modules.market.records import OrderState, Outcome, Share
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import RefuseReturn, RequestReturn
from sogdia.modules.market.splits import AwardSplit
from sogdia.testing.ledger import Ledger
from tests.modules.market.in_steps import ARBITRATOR, INSURER, RELEASED_EARLY, first_order, shared_shop, unknown
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BUYER,
    BUYERS_MONEY,
    MERCHANT,
    PAID,
    available,
    bring,
    closed_order,
    events_of,
    held,
    open_shop,
    place,
    quantities,
    settled,
)
from tests.refused import Row, assert_refused


@pytest.fixture
def ledger():
    """A shop with an insurer and an arbitrator among its payees."""
    return shared_shop()


def test_everybody_is_paid_in_one_step(ledger):
    """1 % of 6807 is 68 (68.07), half a percent 34 (34.035): of the 6637 without them the merchant has 6535."""
    settled(ledger)

    assert {who: available(ledger, who) for who in (MERCHANT, "platform", INSURER, ARBITRATOR)} == {
        MERCHANT: 6_535,
        "platform": 170,
        INSURER: 68,
        ARBITRATOR: 34,
    }
    assert (available(ledger, "carrier"), available(ledger, "treasury")) == (1_150, 1_202)
    assert held(ledger) == 0


def test_shares_are_paid_with_each_step_too():
    ledger = shared_shop(RELEASED_EARLY)

    settled(ledger)

    assert [available(ledger, who) for who in (MERCHANT, INSURER, ARBITRATOR)] == [6_535, 68, 34]


@pytest.mark.parametrize("to_buyer", [0, 4_000, PAID])
def test_an_arbitrator_divides_what_is_contested(ledger, to_buyer):
    name = bring(ledger, OrderState.CONTESTED)

    receipt = ledger.must(ARBITRATOR, AwardSplit(order=name, to_buyer=to_buyer))

    assert events_of(receipt) == ["SplitAwarded", "OrderClosed", "OrderDigested"]
    assert available(ledger, BUYER) == BUYERS_MONEY - PAID + to_buyer
    assert (closed_order(ledger, name).outcome, held(ledger)) == (Outcome.SPLIT, 0)
    assert (available(ledger, ARBITRATOR) > 0) == (to_buyer < PAID)


def test_an_arbitrator_is_no_judge_of_its_own():
    ledger = Ledger()
    ledger.register("osh", roles=Role.ARBITRATOR)
    open_shop(ledger, shares=(Share(ledger.account("osh"), 50),))
    ledger.fund("osh", PAID)
    name = place(ledger, buyer="osh")
    ledger.must(MERCHANT, AcceptOrder(order=name), ShipOrder(order=name))
    ledger.must("osh", ConfirmDelivery(order=name), RequestReturn(order=name, lines=quantities((1, 1))))
    ledger.must(MERCHANT, RefuseReturn(order=name))

    assert ledger.send("osh", AwardSplit(order=name, to_buyer=PAID)).code == Refuse.SENDER_NOT_ARBITRATOR


def awards(to_buyer):
    """Divide the first order."""
    return lambda it: AwardSplit(order=first_order(it), to_buyer=to_buyer)


def contested(ledger):
    """The usual order is contested."""
    bring(ledger, OrderState.CONTESTED)


REFUSALS = [
    Row(Refuse.ORDER_UNKNOWN, ARBITRATOR, lambda it: AwardSplit(order=unknown(it), to_buyer=0)),
    Row(Refuse.ORDER_STATE_WRONG, "lanzhou", awards(PAID + 1), before=lambda it: bring(it, OrderState.RETURNING)),
    Row(Refuse.SENDER_NOT_ARBITRATOR, "lanzhou", awards(PAID + 1), before=contested),
    Row(Refuse.SENDER_NOT_ARBITRATOR, INSURER, awards(PAID + 1), before=contested, note="insurer"),
    Row(Refuse.SENDER_NOT_ARBITRATOR, BUYER, awards(0), before=contested, note="buyer"),
    Row(Refuse.SENDER_NOT_ARBITRATOR, MERCHANT, awards(0), before=contested, note="merchant"),
    Row(Refuse.SPLIT_TOO_LARGE, ARBITRATOR, awards(PAID + 1), before=contested),
]


@table(REFUSALS)
def test_an_award_is_refused(ledger, row):
    assert_refused(ledger, row)
