"""Shares of the price that are paid out before the end: to whom, how much, and what comes back after that."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import structs

from sogdia.modules.market.causes import Cause
from sogdia.modules.market.orders import ConfirmDelivery, SettleOrder, ShipOrder
from sogdia.modules.market.payees import payees, released_of
from sogdia.modules.market.records import NOTHING, Order, OrderState, Outcome, Parts, Payment, RestPaid, Share
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RequestReturn
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.modules.market.worst_cases import Ends, WorstCasesQuery
from sogdia.modules.money import Asset
from sogdia.testing.ledger import Ledger
from tests.modules.market.in_steps import RELEASED_EARLY, accepted, shop_in_steps, wait_out
from tests.modules.market.shop import (
    BUYER,
    BUYERS_MONEY,
    MERCHANT,
    PAID,
    available,
    closed_order,
    held,
    listing_name,
    open_order,
    open_shop,
    quantities,
)
from tests.modules.market.test_worst_cases import RETURNS

ON_SHIPMENT, ON_DELIVERY = 2_722, 2_042
"""40 % of 6807 are 2722 (2722.8); 70 % are 4764 (4764.9), so 2042 more."""


@pytest.fixture
def ledger():
    """A shop to whose merchant 40 % of the price go on shipment, and 30 % on delivery."""
    return shop_in_steps(RELEASED_EARLY)


def delivered(ledger):
    """An order of which both shares have been paid out."""
    name = accepted(ledger)
    ledger.must(MERCHANT, ShipOrder(order=name))
    ledger.must("carrier", ConfirmDelivery(order=name))
    return name


def paid_to(ledger):
    """What merchant and platform have."""
    return available(ledger, MERCHANT), available(ledger, "platform")


def test_each_step_pays_its_share_and_all_together_what_one_would_have(ledger):
    name = accepted(ledger)
    assert (held(ledger), paid_to(ledger)) == (PAID, (0, 0))

    released, _shipped = ledger.must(MERCHANT, ShipOrder(order=name)).events
    assert (released.released, sum(each.units for each in released.payouts)) == (4_000, ON_SHIPMENT)
    assert (paid_to(ledger), held(ledger)) == ((2_654, 68), PAID - ON_SHIPMENT)
    ledger.must("carrier", ConfirmDelivery(order=name))
    assert (paid_to(ledger), held(ledger)) == ((2_654 + 1_991, 68 + 51), PAID - ON_SHIPMENT - ON_DELIVERY)
    assert available(ledger, "carrier") == 20_000
    ledger.must(BUYER, SettleOrder(order=name))

    assert (paid_to(ledger), held(ledger)) == ((6_637, 170), 0)
    assert (available(ledger, "carrier"), available(ledger, "treasury")) == (20_000 + 1_150, 1_202)
    assert closed_order(ledger, name).refunded == NOTHING


def test_a_delivery_that_nobody_confirms_pays_nothing_out(ledger):
    name = accepted(ledger)
    ledger.must(MERCHANT, ShipOrder(order=name))

    wait_out(ledger, name)

    assert (open_order(ledger, name).state, held(ledger)) == (OrderState.DELIVERED, PAID - ON_SHIPMENT)
    wait_out(ledger, name)
    assert paid_to(ledger) == (6_637, 170)


def test_what_was_paid_out_does_not_come_back_with_the_goods(ledger):
    """One silk of three is 1999, 355 and 376; of a price of 6807 4764 are out, and 3365 of the 4808 that are left."""
    name = delivered(ledger)

    (fact,) = ledger.must(MERCHANT, RefundLines(order=name, lines=quantities((1, 1)))).events

    assert fact.to_buyer == 1_999 + 355 + 376 - (4_764 - 3_365)
    assert available(ledger, BUYER) == BUYERS_MONEY - PAID + fact.to_buyer
    assert held(ledger) == PAID - ON_SHIPMENT - ON_DELIVERY - fact.to_buyer


@pytest.mark.parametrize("parts", list(permutations([(1, 1), (1, 2), (2, 1), (2, 1)], 4))[::3])
def test_in_whatever_order_all_comes_back_it_is_all_but_what_was_paid_out(ledger, parts):
    name = delivered(ledger)

    for each in parts:
        ledger.must(MERCHANT, RefundLines(order=name, lines=quantities(each)))

    assert available(ledger, BUYER) == BUYERS_MONEY - ON_SHIPMENT - ON_DELIVERY
    assert (held(ledger), paid_to(ledger)) == (0, (2_654 + 1_991, 68 + 51))
    ledger.must(BUYER, SettleOrder(order=name))
    assert paid_to(ledger) == (2_654 + 1_991, 68 + 51)


@pytest.mark.parametrize("to_buyer", [0, 1, 2_000, PAID - ON_SHIPMENT - ON_DELIVERY])
def test_what_is_left_can_be_divided(ledger, to_buyer):
    name = delivered(ledger)
    ledger.must(BUYER, ProposeSplit(order=name, to_buyer=to_buyer))

    ledger.must(MERCHANT, AcceptSplit(order=name, to_buyer=to_buyer))

    assert (available(ledger, BUYER), held(ledger)) == (BUYERS_MONEY - PAID + to_buyer, 0)
    others = sum(available(ledger, who) for who in (MERCHANT, "platform", "carrier", "treasury")) - 20_000
    assert others == PAID - to_buyer
    closed = closed_order(ledger, name)
    assert (closed.outcome, closed.refunded.total()) == (Outcome.SPLIT, to_buyer)


def test_no_more_can_be_divided_than_is_left(ledger):
    name = delivered(ledger)

    receipt = ledger.send(BUYER, ProposeSplit(order=name, to_buyer=PAID - ON_SHIPMENT - ON_DELIVERY + 1))

    assert receipt.code == Refuse.SPLIT_TOO_LARGE


def test_the_table_of_worst_cases_names_what_does_not_come_back(ledger):
    answer = WorstCasesQuery(under=listing_name(ledger, "t1"), units=PAID).answer(ledger.state)

    assert answer is not None
    lost = {Ends(each.ends): each.buyer_loses for each in answer.cases}
    assert lost[Ends.RETURNED_BY_REMORSE] == lost[Ends.RETURNED_BY_THE_MERCHANTS_FAULT] == 6_412
    assert lost[Ends.LOST_ON_THE_WAY] == 6_412
    assert Ends.BALANCE_NOT_PAID not in lost


@pytest.mark.parametrize("cause", list(Cause))
def test_goods_that_go_back_cost_the_buyer_what_the_table_says(ledger, cause):
    answer = WorstCasesQuery(under=listing_name(ledger, "t1"), units=PAID).answer(ledger.state)
    assert answer is not None
    lost = {Ends(each.ends): each.buyer_loses for each in answer.cases}
    name = delivered(ledger)

    ledger.must(BUYER, RequestReturn(order=name, lines=quantities((1, 3), (2, 2)), return_cause=cause))
    ledger.must(MERCHANT, ApproveReturn(order=name))

    assert BUYERS_MONEY - available(ledger, BUYER) == ON_SHIPMENT + ON_DELIVERY <= lost[RETURNS[cause]]


# ------------------------------------------------------------------------------------------------------- any figures

UNITS = some.integers(0, 10**7) | some.integers(0, 3) | some.just(10**18)
POINTS = some.integers(0, 10_000)


@given(
    price=UNITS,
    freight=UNITS,
    fees=some.lists(some.integers(1, 3_000), max_size=3),
    steps=some.lists(POINTS, max_size=4),
    back=UNITS,
)
def test_over_any_steps_nobody_loses_a_unit_and_nobody_pays_in(price, freight, fees, steps, back):
    accounts = [bytes([number]) * 20 for number in range(1, 8)]
    order = Order(
        merchant=accounts[0],
        asset=Asset("USD", accounts[6]),
        carrier=accounts[1],
        tax_collector=None,
        platform=accounts[2],
        platform_fee=100,
        shares=tuple(map(Share, accounts[3:], fees)),
        payment=Payment(10_000, RestPaid.BEFORE_SHIPPING),
        balance_due=0,
        due=0,
        lines=1,
        paid=Parts(price, freight, 0),
        refunded=NOTHING,
        commitment=None,
        sponsor=accounts[0],
        state=OrderState.SHIPPED,
        deadline=0,
        history=bytes(32),
    )
    got = dict.fromkeys(accounts, 0)

    def take(escrow, before) -> None:
        payouts = payees(order, escrow, before)
        assert all(units >= 0 for _account, units in payouts)
        assert sum(units for _account, units in payouts) == escrow.total()
        for account, units in payouts:
            got[account] += units

    before = 0
    for points in sorted(steps):
        after = released_of(structs.replace(order, released=points), price)
        take(Parts(after - before, 0, 0), before)
        before = after
    # Some of the price comes back, and with it only what is still there.
    last = structs.replace(order, released=max(steps, default=0))
    back = min(back, price)
    kept = released_of(last, price) - released_of(last, price - back)
    assert 0 <= kept <= back
    left = released_of(last, price - back)
    take(Parts(price - back - left, freight, 0), left)

    assert sum(got.values()) + back - kept == price + freight
    if not back:
        whole = dict(payees(order, Parts(price, freight, 0)))
        apart = len(fees) + 1 if fees else 0
        assert all(abs(got[account] - units) <= apart for account, units in whole.items())


def test_a_fee_is_rounded_once_and_not_in_every_step():
    """Of 0.09 % of 4764 the platform has 4 (4.29): 2 of 2722, and 2 more, though 2042 by themselves would give 1."""
    ledger = open_shop(Ledger(), payment=RELEASED_EARLY, platform_fee=9)

    name = delivered(ledger)

    assert available(ledger, "platform") == 4
    ledger.must(BUYER, SettleOrder(order=name))
    assert available(ledger, "platform") == 6
