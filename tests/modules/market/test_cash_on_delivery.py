"""Cash on delivery: the receipt, the carrier's liability and stake, and who refuses; who has what, to the unit."""

from __future__ import annotations

import pytest

from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.market.cash import CollectCash, ContestRefusal, RemitCash, ReportRefusal
from sogdia.modules.market.events import DeadlinePutOff
from sogdia.modules.market.listings import AddVariant
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, SettleOrder, ShipOrder
from sogdia.modules.market.queries import CashRecordQuery
from sogdia.modules.market.records import DoorRecord, Offer, OrderState, Outcome
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RequestReturn
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.modules.market.worst_cases import Ends, Method, WorstCasesQuery
from sogdia.modules.money.currencies import FreezeHolder, SetCaps, UnfreezeHolder
from sogdia.modules.money.refusals import MoneyRefusal as Money
from sogdia.modules.money.transfers import Transfer
from tests.modules.market.in_steps import (
    AT_THE_DOOR,
    BALANCE,
    DAY,
    DEPOSIT,
    HALF_STAKED,
    UNSTAKED,
    at_the_door,
    at_the_doors,
    collected,
    first_order,
    pay,
    record,
    shop_in_steps,
    unknown,
    wait_out,
)
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BUYER,
    BUYERS_MONEY,
    MERCHANT,
    PAID,
    STOCK,
    available,
    closed_order,
    events_of,
    held,
    listing,
    listing_name,
    open_order,
    order,
    place,
    quantities,
    state_of,
    stock,
    terms,
)
from tests.modules.market.test_refused_at_a_rate import fill_storage
from tests.modules.money.issuing import at_most, impose, in_order, spent_by
from tests.refused import Row, assert_refused

CARRIERS = 20_000
REASON = b"\x07" * 32


@pytest.fixture
def ledger():
    """A shop that is paid at the door, by a carrier who stakes all that it takes."""
    return shop_in_steps(AT_THE_DOOR)


def staking_half():
    """The shop with a deposit of 30 %, whose carrier stakes half of what it takes: 3206 (3205.5)."""
    return shop_in_steps(HALF_STAKED)


def test_nothing_is_set_aside_until_the_carrier_stands_at_the_door(ledger):
    name = at_the_door(ledger)

    assert (available(ledger, BUYER), held(ledger)) == (BUYERS_MONEY, 0)
    assert open_order(ledger, name).balance_due == PAID


def test_the_carrier_owes_what_it_took_until_it_hands_over(ledger):
    name = at_the_door(ledger)

    (receipt,) = ledger.must("carrier", CollectCash(order=name, units=PAID)).events
    assert (receipt.carrier, receipt.units, receipt.staked) == (ledger.account("carrier"), PAID, PAID)
    assert (state_of(ledger, name), receipt.deadline) == (OrderState.COLLECTED, ledger.time + 3 * DAY)
    assert (available(ledger, "carrier"), held(ledger, "carrier")) == (CARRIERS - PAID, PAID)
    ledger.wait(DAY)
    events = ledger.must("carrier", RemitCash(order=name, units=PAID))
    assert events_of(events) == ["CashRemitted", "OrderDelivered"]
    assert (available(ledger, "carrier"), held(ledger, "carrier"), held(ledger)) == (CARRIERS - PAID, 0, PAID)
    ledger.must(BUYER, SettleOrder(order=name))

    assert (available(ledger, BUYER), available(ledger, MERCHANT), held(ledger)) == (BUYERS_MONEY, 6_637, 0)
    assert available(ledger, "carrier") == CARRIERS - PAID + 1_150
    carrier = record(ledger, "carrier")
    assert (carrier.collected, carrier.remitted, carrier.kept) == (1, 1, 0)
    assert at_the_doors(ledger) == DoorRecord(1, 0, 0)


def test_what_a_buyer_returns_it_gets_in_money(ledger):
    name = collected(ledger)
    ledger.must("carrier", RemitCash(order=name, units=PAID))
    ledger.must(BUYER, RequestReturn(order=name, lines=quantities((2, 2))))

    ledger.must(MERCHANT, ApproveReturn(order=name))

    assert (available(ledger, BUYER), held(ledger)) == (BUYERS_MONEY + 966, PAID - 966)


def test_a_buyer_may_pay_by_its_own_hand_until_then(ledger):
    name = at_the_door(ledger)

    ledger.must(BUYER, pay(ledger, name))

    assert ledger.send("carrier", CollectCash(order=name, units=PAID)).code == Refuse.BALANCE_NOT_DUE
    ledger.must("carrier", ConfirmDelivery(order=name))
    ledger.must(BUYER, SettleOrder(order=name))
    assert (available(ledger, BUYER), available(ledger, MERCHANT)) == (BUYERS_MONEY - PAID, 6_637)


def test_what_is_refunded_on_the_way_is_not_collected(ledger):
    name = at_the_door(ledger)

    ledger.must(MERCHANT, RefundLines(order=name, lines=quantities((2, 2))))

    assert ledger.send("carrier", CollectCash(order=name, units=PAID)).code == Refuse.BALANCE_DIFFERS
    ledger.must("carrier", CollectCash(order=name, units=PAID - 966))


def test_with_half_a_stake_the_rest_is_paid_when_it_is_handed_over():
    ledger = staking_half()
    name = collected(ledger)
    assert (available(ledger, "carrier"), held(ledger, "carrier")) == (CARRIERS - 3_206, 3_206)

    ledger.must("carrier", RemitCash(order=name, units=BALANCE))

    assert (available(ledger, "carrier"), held(ledger, "carrier"), held(ledger)) == (CARRIERS - BALANCE, 0, PAID)


# ----------------------------------------------------------------------------------------------------- what goes wrong


def test_who_does_not_hand_over_loses_the_stake_and_its_good_record(ledger):
    """All that it took was staked, so the order is paid, and its buyer may return goods like any other."""
    name = collected(ledger)

    (receipt,) = ledger.wait(3 * DAY + 1)

    assert events_of(receipt) == ["CashKept", "OrderDelivered"]
    assert (available(ledger, "carrier"), held(ledger, "carrier"), held(ledger)) == (CARRIERS - PAID, 0, PAID)
    assert (record(ledger, "carrier").kept, record(ledger, "carrier").remitted) == (1, 0)
    order_now = open_order(ledger, name)
    assert (order_now.state, order_now.balance_due, order_now.delivery_confirmed) == (OrderState.DELIVERED, 0, True)
    ledger.must(BUYER, RequestReturn(order=name, lines=quantities((1, 1))))
    ledger.must(MERCHANT, ApproveReturn(order=name))
    back = available(ledger, BUYER) - BUYERS_MONEY
    ledger.wait(14 * DAY + 1)
    assert (closed_order(ledger, name).outcome, held(ledger)) == (Outcome.SETTLED, 0)
    everybody = (MERCHANT, "platform", "treasury", "carrier")
    assert sum(available(ledger, who) for who in everybody) + back == CARRIERS
    assert 0 < back < PAID


def test_a_stake_of_half_pays_everybody_in_proportion():
    """2748 were set aside and 3206 staked: of 9159 5954 are there. Freight 1150 → 747, tax 1202 → 781, price 4426."""
    ledger = staking_half()
    name = collected(ledger)

    wait_out(ledger, name)

    platform = 110
    assert (available(ledger, MERCHANT), available(ledger, "platform")) == (4_426 - platform, platform)
    assert (available(ledger, "treasury"), available(ledger, "carrier")) == (781, CARRIERS - 3_206 + 747)
    assert (available(ledger, BUYER), held(ledger)) == (BUYERS_MONEY - DEPOSIT, 0)
    closed = closed_order(ledger, name)
    assert closed.paid.minus(closed.refunded).total() == 5_954


def test_without_stake_and_deposit_nobody_has_anything():
    ledger = shop_in_steps(UNSTAKED)
    name = collected(ledger)

    wait_out(ledger, name)

    assert (available(ledger, MERCHANT), available(ledger, BUYER), held(ledger)) == (0, BUYERS_MONEY, 0)
    assert closed_order(ledger, name).refunded.total() == PAID


def test_goods_that_never_come_to_the_door_cost_the_buyer_nothing():
    ledger = staking_half()
    name = at_the_door(ledger)

    wait_out(ledger, name)

    assert (available(ledger, BUYER), held(ledger)) == (BUYERS_MONEY, 0)
    assert closed_order(ledger, name).outcome == Outcome.NOT_DELIVERED
    assert stock(ledger, "silk") == STOCK - 3
    assert at_the_doors(ledger) == DoorRecord(0, 0, 0)


def test_who_refuses_loses_the_deposit_and_merchants_see_it_next_time():
    ledger = staking_half()
    name = at_the_door(ledger)

    events = ledger.must("carrier", ReportRefusal(order=name, reason=REASON))

    assert events_of(events) == ["ParcelRefused", "OrderClosed", "OrderDigested"]
    assert (available(ledger, BUYER), available(ledger, MERCHANT)) == (BUYERS_MONEY - DEPOSIT, DEPOSIT)
    assert (held(ledger), closed_order(ledger, name).outcome) == (0, Outcome.REFUSED)
    assert stock(ledger, "silk") == STOCK - 3
    assert open_order(ledger, place(ledger, reference="o2")).door_record == DoorRecord(0, 1, 0)


def test_a_refusal_that_is_contested_does_not_count_as_one(ledger):
    name = at_the_door(ledger)
    ledger.must("carrier", ReportRefusal(order=name))

    ledger.must(BUYER, ContestRefusal(order=name, reason=REASON))

    assert closed_order(ledger, name).outcome == Outcome.REFUSAL_CONTESTED
    assert at_the_doors(ledger) == DoorRecord(0, 0, 1)
    assert ledger.send(BUYER, ContestRefusal(order=name)).code == Refuse.REFUSAL_UNKNOWN


@pytest.mark.parametrize("to_buyer", [0, 1_000, DEPOSIT])
def test_a_deposit_can_be_divided_while_the_goods_are_on_their_way(to_buyer):
    ledger = staking_half()
    name = at_the_door(ledger)
    ledger.must(BUYER, ProposeSplit(order=name, to_buyer=to_buyer))

    ledger.must(MERCHANT, AcceptSplit(order=name, to_buyer=to_buyer))

    assert (available(ledger, BUYER), held(ledger)) == (BUYERS_MONEY - DEPOSIT + to_buyer, 0)


@pytest.mark.parametrize("paid", ["in-cash", "by-its-own-hand"])
def test_a_split_of_the_deposit_is_off_once_there_is_more(paid):
    ledger = staking_half()
    name = at_the_door(ledger)
    ledger.must(BUYER, ProposeSplit(order=name, to_buyer=1_000))

    if paid == "in-cash":
        ledger.must("carrier", CollectCash(order=name, units=BALANCE))
        ledger.must("carrier", RemitCash(order=name, units=BALANCE))
    else:
        ledger.must(BUYER, pay(ledger, name))

    assert ledger.send(MERCHANT, AcceptSplit(order=name, to_buyer=1_000)).code == Refuse.NOTHING_PROPOSED


def test_a_frozen_carrier_cannot_hand_over_but_its_stake_is_safe(ledger):
    name = collected(ledger)
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account("carrier"), reason="Court order 17"))
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account(BUYER), reason="Court order 18"))

    # All of it has been set aside already, so that no freeze comes between.
    ledger.must("carrier", RemitCash(order=name, units=PAID))

    assert held(ledger) == PAID


@pytest.mark.parametrize("lifted", [False, True])
def test_a_freeze_puts_off_what_a_carrier_has_to_hand_over(lifted):
    """The freeze can hold for thirty days; then the carrier has its three days anew, and no more."""
    ledger = staking_half()
    name = collected(ledger)
    ledger.wait(2 * DAY)
    freeze(ledger)
    until = ledger.time + 30 * DAY
    if lifted:
        ledger.wait(DAY - 10)
        ledger.must("bank", UnfreezeHolder(currency="USD", account=ledger.account("carrier")))

    (receipt,) = ledger.wait(open_order(ledger, name).deadline + 1 - ledger.time)

    put_off = DeadlinePutOff(order=name, deadline=until + 3 * DAY)
    assert receipt.events == (put_off,)
    assert state_of(ledger, name) == OrderState.COLLECTED
    ledger.wait(until + 1 - ledger.time)
    ledger.must("carrier", RemitCash(order=name, units=BALANCE), at=put_off.deadline)
    assert (held(ledger), record(ledger, "carrier").kept) == (PAID, 0)


def test_after_a_freeze_who_does_not_hand_over_has_kept_it():
    ledger = staking_half()
    name = collected(ledger)
    freeze(ledger)
    ledger.wait(3 * DAY + 1)

    ledger.wait(30 * DAY)

    assert closed_order(ledger, name).outcome == Outcome.CASH_KEPT
    assert record(ledger, "carrier").kept == 1


def test_the_record_of_a_stranger_is_empty(ledger):
    assert CashRecordQuery(account=ledger.account("lanzhou")).answer(ledger.state) is None


def test_the_table_of_worst_cases_names_who_can_lose_what():
    ledger = staking_half()

    answer = WorstCasesQuery(under=listing_name(ledger, "t1"), units=PAID).answer(ledger.state)

    assert answer is not None
    assert {each.method for each in answer.cases} == {Method.AT_THE_DOOR}
    lost = {Ends(each.ends): (each.buyer_loses, each.merchant_loses) for each in answer.cases}
    assert lost.pop(Ends.REFUSED_AT_THE_DOOR) == (DEPOSIT, 0)
    assert lost.pop(Ends.CASH_KEPT) == (0, BALANCE - 3_205)
    assert set(lost.values()) == {(0, 0)}


# ------------------------------------------------------------------------------------------------------------ refusals


def takes(units=PAID):
    """Collect for the first order."""
    return lambda it: CollectCash(order=first_order(it), units=units)


def hands_over(units=PAID):
    """Hand over for the first order."""
    return lambda it: RemitCash(order=first_order(it), units=units)


def refuses(ledger):
    """Report the first order's refusal."""
    return ReportRefusal(order=first_order(ledger))


def contests(ledger):
    """Contest the first order's refusal."""
    return ContestRefusal(order=first_order(ledger))


def prepaid(ledger):
    """The buyer has paid by its own hand."""
    ledger.must(BUYER, pay(ledger, at_the_door(ledger)))


def plain(ledger):
    """The first order is one of another kind."""
    ledger.must(MERCHANT, terms(ledger, "plain"), listing("felt", "plain"))
    ledger.must(MERCHANT, AddVariant(listing="felt", variant=1, offer=Offer(price=9), stock=9))
    name = place(ledger, (OrderLine("felt", 1, 1),))
    ledger.must(MERCHANT, AcceptOrder(order=name), ShipOrder(order=name))


def freeze(ledger):
    """The issuer freezes the carrier."""
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account("carrier"), reason="Court order 17"))


def refused(ledger):
    """The first order was refused."""
    ledger.must("carrier", refuses(at_the_door(ledger) and ledger))


def paid_today(ledger):
    """The carrier has paid something today already, and has enough left."""
    spend(ledger, available(ledger, "carrier") - 3_205)


def test_no_limit_comes_between_the_receipt_and_handing_over():
    """All of it has counted when the carrier took the cash, also what it staked nothing for."""
    ledger = staking_half()
    name = at_the_door(ledger)
    impose(limits=at_most(BALANCE))(ledger)
    ledger.must("carrier", CollectCash(order=name, units=BALANCE))
    assert spent_by(ledger, "carrier") == BALANCE

    ledger.must("carrier", RemitCash(order=name, units=BALANCE))

    assert held(ledger) == PAID


def second_stake(ledger):
    """The carrier has set as much aside today already."""
    other = at_the_door(ledger, "o2")
    impose(limits=at_most(PAID, 2 * PAID - 1))(ledger)
    ledger.must("carrier", CollectCash(order=other, units=PAID))


COLLECTING = [
    Row(Refuse.ORDER_UNKNOWN, "carrier", lambda it: CollectCash(order=unknown(it), units=1)),
    Row(Refuse.ORDER_STATE_WRONG, BUYER, takes(1), before=place),
    Row(Refuse.ORDER_STATE_WRONG, "carrier", takes(), before=collected, note="twice"),
    Row(Refuse.SENDER_NOT_CARRIER, BUYER, takes(1), before=at_the_door),
    Row(Refuse.CASH_NOT_TAKEN, "carrier", takes(1), before=plain),
    Row(Refuse.BALANCE_NOT_DUE, "carrier", takes(1), before=prepaid),
    Row(Refuse.BALANCE_DIFFERS, "carrier", takes(PAID - 1), before=in_order(at_the_door, freeze)),
    Row(Money.HOLDER_FROZEN, "carrier", takes(), before=in_order(at_the_door, impose(limits=at_most(1)), freeze)),
    Row(Money.FUNDS_INSUFFICIENT, "carrier", takes(), before=lambda it: (at_the_door(it), spend(it, PAID - 1))),
    Row(Money.PAYMENT_ABOVE_LIMIT, "carrier", takes(), before=in_order(at_the_door, impose(limits=at_most(PAID - 1)))),
    Row(Money.DAY_LIMIT_PASSED, "carrier", takes(), before=in_order(at_the_door, second_stake)),
    Row(Kernel.QUOTA_STORAGE_SPENT, "carrier", takes(), before=in_order(at_the_door, fill_storage(129))),
]
HANDING_OVER = [
    Row(Refuse.ORDER_UNKNOWN, "carrier", lambda it: RemitCash(order=unknown(it), units=1)),
    Row(Refuse.ORDER_STATE_WRONG, BUYER, hands_over(1), before=at_the_door),
    Row(Refuse.SENDER_NOT_CARRIER, BUYER, hands_over(1), before=collected),
    Row(Refuse.BALANCE_DIFFERS, "carrier", hands_over(PAID + 1), before=collected),
]
REFUSING = [
    Row(Refuse.ORDER_UNKNOWN, "carrier", lambda it: ReportRefusal(order=unknown(it))),
    Row(Refuse.ORDER_STATE_WRONG, BUYER, refuses, before=collected),
    Row(Refuse.SENDER_NOT_CARRIER, MERCHANT, refuses, before=at_the_door),
    Row(Refuse.CASH_NOT_TAKEN, "carrier", refuses, before=plain),
    Row(Refuse.BALANCE_NOT_DUE, "carrier", refuses, before=prepaid),
]
CONTESTING = [
    Row(Refuse.CLOSED_ORDER_UNKNOWN, BUYER, contests, before=at_the_door),
    Row(Refuse.SENDER_NOT_BUYER, MERCHANT, contests, before=lambda it: wait_out(it, place(it))),
    Row(Refuse.REFUSAL_UNKNOWN, BUYER, contests, before=lambda it: wait_out(it, place(it))),
    Row(Refuse.CONTEST_TIME_OVER, BUYER, contests, before=lambda it: (refused(it), it.wait(7 * DAY + 1))),
]
HALF_ROWS = [
    Row(Money.HOLDER_FROZEN, "carrier", hands_over(BALANCE), before=in_order(collected, freeze)),
    Row(Money.FUNDS_INSUFFICIENT, "carrier", hands_over(BALANCE), before=lambda it: (collected(it), spend(it, 3_204))),
    Row(
        Money.PAYMENT_ABOVE_LIMIT,
        "carrier",
        takes(BALANCE),
        before=in_order(at_the_door, impose(limits=at_most(BALANCE - 1))),
    ),
    Row(
        Money.DAY_LIMIT_PASSED,
        "carrier",
        takes(BALANCE),
        before=in_order(at_the_door, impose(limits=at_most(BALANCE + 3_204)), paid_today),
    ),
]
REFUSALS = [*COLLECTING, *HANDING_OVER, *REFUSING, *CONTESTING, *HALF_ROWS]


@table([*COLLECTING, *HANDING_OVER, *REFUSING, *CONTESTING])
def test_a_step_at_the_door_is_refused(ledger, row):
    assert_refused(ledger, row)


@table(HALF_ROWS)
def test_handing_over_the_rest_is_refused(row):
    assert_refused(staking_half(), row)


def spend(ledger, leave):
    """Let the carrier have so much left."""
    units = available(ledger, "carrier") - leave
    paid = Transfer(asset=ledger.asset(), to=ledger.account("platform"), units=units, purpose="GDDS", end_to_end="e1")
    ledger.must("carrier", paid)


def test_an_order_is_contested_in_time_to_the_second(ledger):
    refused(ledger)
    ledger.wait(7 * DAY - 1)

    ledger.must(BUYER, contests(ledger))


def test_who_could_not_be_paid_is_found_before_anything_is_ordered():
    ledger = shop_in_steps(AT_THE_DOOR)
    ledger.must("bank", SetCaps(currency="USD", supply_max=10**15, holder_max=6_636))

    receipt = ledger.send(BUYER, order(ledger))

    # The carrier has more than that already, and would get 1,150 for the freight. So has the buyer, who comes last.
    assert (receipt.code, receipt.facts) == (Money.HOLDER_CAP_PASSED, (("cap", 6_636), ("asked", 1_150)))
