"""An arbitrator whom the terms name decides what two people contest: by a figure, or that goods go back, and why."""

from __future__ import annotations

from typing import Any

import pytest

from sogdia.modules.identity import Role
from sogdia.modules.market.awards import AwardReturn, AwardSplit
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, SettleOrder, ShipOrder
from sogdia.modules.market.records import OrderState, Outcome, Share
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import RefuseReturn, RequestReturn
from sogdia.modules.market.worst_cases import Ends, Method, WorstCasesQuery
from sogdia.testing.ledger import Ledger
from tests.modules.exchange.bureau import DEALER, card_name, money_of
from tests.modules.market.backed import (
    ALL,
    BOND,
    COVER,
    COVER_POINTS,
    FALLEN_FURTHER,
    WHOLE,
    backed,
    bond_of,
    changed,
    delivered,
    owned,
    placed,
    sells_back,
    swapped_of,
)
from tests.modules.market.in_steps import ARBITRATOR, INSURER, first_order, shared_shop, unknown
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BUYER,
    BUYERS_MONEY,
    DAY,
    MERCHANT,
    PAID,
    available,
    bring,
    closed_order,
    events_of,
    held,
    listing_name,
    open_order,
    open_shop,
    place,
    quantities,
)
from tests.refused import Row, assert_refused


@pytest.fixture
def ledger():
    """A shop with an insurer and an arbitrator among its payees."""
    return shared_shop()


@pytest.fixture
def backed_ledger():
    """A shop with a bond, a provider who sells covers, and an arbitrator."""
    made = Ledger()
    made.register(ARBITRATOR, roles=Role.ARBITRATOR)
    return backed(made, shares=(Share(made.account(ARBITRATOR), 50),))


def contested_at_rate(ledger, cause=Cause.MERCHANT):
    """All goods of an order at a rate are asked back, and the merchant refuses."""
    name = delivered(ledger)
    ledger.must(BUYER, RequestReturn(order=name, lines=quantities(*ALL), return_cause=cause))
    ledger.must(MERCHANT, RefuseReturn(order=name))
    return name


# ------------------------------------------------------------------------------------------------------------- figures


@pytest.mark.parametrize("to_buyer", [0, 4_000, PAID])
def test_an_arbitrator_divides_what_is_contested(ledger, to_buyer):
    name = bring(ledger, OrderState.CONTESTED)

    receipt = ledger.must(ARBITRATOR, AwardSplit(order=name, to_buyer=to_buyer))

    assert events_of(receipt) == ["SplitAwarded", "OrderClosed", "OrderDigested"]
    assert available(ledger, BUYER) == BUYERS_MONEY - PAID + to_buyer
    assert (closed_order(ledger, name).outcome, held(ledger)) == (Outcome.SPLIT, 0)
    assert (available(ledger, ARBITRATOR) > 0) == (to_buyer < PAID)


def test_a_figure_is_of_the_merchants_money_and_frees_bond_and_cover(backed_ledger):
    name = contested_at_rate(backed_ledger)
    sells_back(backed_ledger, FALLEN_FURTHER)
    before = {who: owned(backed_ledger, who) for who in (BUYER, MERCHANT, DEALER)}

    backed_ledger.must(ARBITRATOR, AwardSplit(order=name, to_buyer=PAID))

    assert {changed(backed_ledger, who, before[who]) for who in before} == {(0, 0)}
    assert bond_of(backed_ledger).bound == 0
    assert money_of(backed_ledger, DEALER)[1] == 0
    shown = WorstCasesQuery(
        under=listing_name(backed_ledger, "t1"), units=PAID, card=card_name(backed_ledger), cover=COVER_POINTS
    ).answer(backed_ledger.state)
    assert shown is not None
    (row,) = [each for each in shown.cases if each.ends == Ends.DIVIDED and each.method == Method.AT_A_RATE]
    assert (row.buyer_loses, row.merchant_loses, row.provider_loses, row.rest_on_buyer) == (0, 0, 0, True)


# ------------------------------------------------------------------------------------------------------- goods go back


def test_an_arbitrator_lets_goods_go_back_and_the_time_for_returns_goes_on(ledger):
    name = bring(ledger, OrderState.CONTESTED)
    asked = open_order(ledger, name).requested

    receipt = ledger.must(ARBITRATOR, AwardReturn(order=name, return_cause=Cause.MERCHANT))

    assert events_of(receipt) == ["ReturnAwarded", "LinesRefunded"]
    (_awarded, refunded) = receipt.events
    assert [(each.number, each.quantity) for each in refunded.lines] == [(each.line, each.quantity) for each in asked]
    assert available(ledger, BUYER) == BUYERS_MONEY - PAID + refunded.to_buyer > BUYERS_MONEY - PAID
    after = open_order(ledger, name)
    assert (after.state, after.requested, after.deadline) == (OrderState.DELIVERED, (), after.return_until)
    ledger.must(BUYER, SettleOrder(order=name))
    assert (available(ledger, ARBITRATOR) > 0, held(ledger)) == (True, 0)


def test_a_merchant_at_fault_does_not_keep_its_bond_by_refusing(backed_ledger):
    """At 2.8 fils a cent 28,381 fils cost 10,137 cents: the escrow's 9,159, the bond's 458, and 1,455 of the cover."""
    name = contested_at_rate(backed_ledger)
    sells_back(backed_ledger, FALLEN_FURTHER)
    before = owned(backed_ledger, BUYER)

    receipt = backed_ledger.must(ARBITRATOR, AwardReturn(order=name, return_cause=Cause.MERCHANT))

    assert events_of(receipt) == ["ReturnAwarded", "RefundedAtRate", "Converted", "LinesRefunded"]
    assert changed(backed_ledger, BUYER, before).dinars == WHOLE
    swapped = swapped_of(backed_ledger, name)
    assert swapped.bond_used == BOND
    assert 0 < swapped.cover_used < COVER


def test_the_cause_that_counts_is_the_one_that_the_arbitrator_finds(backed_ledger):
    """The buyer says that the merchant is at fault; the carrier was, and the bond is none of it."""
    name = contested_at_rate(backed_ledger, Cause.MERCHANT)
    sells_back(backed_ledger, FALLEN_FURTHER)

    receipt = backed_ledger.must(ARBITRATOR, AwardReturn(order=name, return_cause=Cause.CARRIER))

    told = receipt.events[-1]
    assert told.return_cause == Cause.CARRIER
    assert swapped_of(backed_ledger, name).bond_used == 0


def test_what_was_awarded_waits_for_a_rate_like_any_return(backed_ledger):
    name = contested_at_rate(backed_ledger)

    receipt = backed_ledger.must(ARBITRATOR, AwardReturn(order=name, return_cause=Cause.MERCHANT))

    assert events_of(receipt) == ["ReturnAwarded", "RefundWaits"]
    assert open_order(backed_ledger, name).state == OrderState.REFUNDING
    backed_ledger.wait(DAY // 12 - 1)
    sells_back(backed_ledger, FALLEN_FURTHER)
    before = owned(backed_ledger, BUYER)
    backed_ledger.wait(2)
    assert changed(backed_ledger, BUYER, before).dinars == WHOLE


@pytest.mark.parametrize("judge", [DEALER, "carrier"])
def test_nobody_judges_who_bears_what_comes_of_it(judge):
    """The dealer has a cover in it, and the carrier may be at fault."""
    ledger = Ledger()
    if judge == DEALER:
        ledger.register(DEALER, "KW", roles=int(Role.LIQUIDITY_PROVIDER | Role.ARBITRATOR))
    else:
        ledger.register("marshrutka", roles=int(Role.CARRIER | Role.ARBITRATOR))
    who = DEALER if judge == DEALER else "marshrutka"
    changes: dict[str, Any] = {} if judge == DEALER else {"carrier": ledger.account(who)}
    backed(ledger, shares=(Share(ledger.account(who), 50),), **changes)
    name = placed(ledger)
    ledger.must(MERCHANT, AcceptOrder(order=name), ShipOrder(order=name))
    ledger.must(BUYER, ConfirmDelivery(order=name), RequestReturn(order=name, lines=quantities(*ALL)))
    ledger.must(MERCHANT, RefuseReturn(order=name))

    for award in (AwardReturn(order=name, return_cause=Cause.REMORSE), AwardSplit(order=name, to_buyer=0)):
        assert ledger.send(who, award).code == Refuse.SENDER_NOT_ARBITRATOR


# ------------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("said", [{"to_buyer": PAID}, {"return_cause": Cause.MERCHANT}], ids=["figure", "return"])
def test_an_arbitrator_is_no_judge_of_its_own(said):
    ledger = Ledger()
    ledger.register("osh", roles=Role.ARBITRATOR)
    open_shop(ledger, shares=(Share(ledger.account("osh"), 50),))
    ledger.fund("osh", PAID)
    name = place(ledger, buyer="osh")
    ledger.must(MERCHANT, AcceptOrder(order=name), ShipOrder(order=name))
    ledger.must("osh", ConfirmDelivery(order=name), RequestReturn(order=name, lines=quantities((1, 1))))
    ledger.must(MERCHANT, RefuseReturn(order=name))

    award = AwardSplit if "to_buyer" in said else AwardReturn
    assert ledger.send("osh", award(order=name, **said)).code == Refuse.SENDER_NOT_ARBITRATOR


def awards(to_buyer):
    """Divide the first order."""
    return lambda it: AwardSplit(order=first_order(it), to_buyer=to_buyer)


def gives_back(ledger):
    """Let the goods of the first order go back."""
    return AwardReturn(order=first_order(ledger), return_cause=Cause.MERCHANT)


def contested(ledger):
    """The usual order is contested."""
    bring(ledger, OrderState.CONTESTED)


def returning(ledger):
    """Goods of the usual order are asked back."""
    bring(ledger, OrderState.RETURNING)


REFUSALS = [
    Row(Refuse.ORDER_UNKNOWN, ARBITRATOR, lambda it: AwardSplit(order=unknown(it), to_buyer=0)),
    Row(Refuse.ORDER_STATE_WRONG, "lanzhou", awards(PAID + 1), before=returning),
    Row(Refuse.SENDER_NOT_ARBITRATOR, "lanzhou", awards(PAID + 1), before=contested),
    Row(Refuse.SENDER_NOT_ARBITRATOR, INSURER, awards(PAID + 1), before=contested, note="insurer"),
    Row(Refuse.SENDER_NOT_ARBITRATOR, BUYER, awards(0), before=contested, note="buyer"),
    Row(Refuse.SENDER_NOT_ARBITRATOR, MERCHANT, awards(0), before=contested, note="merchant"),
    Row(Refuse.SPLIT_TOO_LARGE, ARBITRATOR, awards(PAID + 1), before=contested),
    Row(Refuse.ORDER_UNKNOWN, ARBITRATOR, lambda it: AwardReturn(order=unknown(it), return_cause=Cause.MERCHANT)),
    Row(Refuse.ORDER_STATE_WRONG, "lanzhou", gives_back, before=returning),
    Row(Refuse.SENDER_NOT_ARBITRATOR, "lanzhou", gives_back, before=contested),
    Row(Refuse.SENDER_NOT_ARBITRATOR, INSURER, gives_back, before=contested, note="insurer"),
    Row(Refuse.SENDER_NOT_ARBITRATOR, BUYER, gives_back, before=contested, note="buyer"),
    Row(Refuse.SENDER_NOT_ARBITRATOR, MERCHANT, gives_back, before=contested, note="merchant"),
]


@table(REFUSALS)
def test_an_award_is_refused(ledger, row):
    assert_refused(ledger, row)
