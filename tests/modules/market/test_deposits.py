"""A deposit with the order and the rest before shipping: who has what after every way it can go, to the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sogdia.modules.identity import Role
from sogdia.modules.identity.attestations import WithdrawAttestation
from sogdia.modules.market.deposits import PayBalance
from sogdia.modules.market.events import DeadlinePutOff
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    DeclineOrder,
    OrderLine,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import Offer, Outcome, Payment, RestPaid, Share
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import RefundLines
from sogdia.modules.market.worst_cases import Ends, Method, WorstCasesQuery
from sogdia.modules.money.currencies import AuthoriseHolder, FreezeHolder, Mint, OpenCurrency, UnfreezeHolder
from sogdia.modules.money.holds import PlaceHold
from sogdia.modules.money.records import TierLimit
from sogdia.modules.money.refusals import MoneyRefusal as Money
from tests.modules.exchange.bureau import open_bureau
from tests.modules.market.at_a_rate import at_rate
from tests.modules.market.in_steps import (
    AT_THE_DOOR,
    BALANCE,
    BEFORE_SHIPPING,
    DAY,
    DEPOSIT,
    accepted,
    first_order,
    pay,
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
    held,
    listing_name,
    money,
    open_order,
    order,
    order_name,
    place,
    quantities,
    sell,
    stock,
    terms,
)
from tests.modules.money.issuing import at_most, impose, in_order, show
from tests.modules.money.purse import pay as transfer
from tests.refused import Row, assert_refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.modules.market.listings import PublishTerms
    from sogdia.testing.ledger import Ledger


@pytest.fixture
def ledger():
    """A shop that asks for 30 % with the order and for the rest before it ships."""
    return shop_in_steps(BEFORE_SHIPPING)


def test_the_deposit_is_set_aside_with_the_order_and_the_rest_before_it_ships(ledger):
    receipt = ledger.must(BUYER, order(ledger))
    name = first_order(ledger)
    assert (held(ledger), open_order(ledger, name).balance_due) == (DEPOSIT, BALANCE)
    assert receipt.events[0].balance_due == BALANCE

    ledger.must(MERCHANT, AcceptOrder(order=name))
    assert open_order(ledger, name).deadline == ledger.time + 7 * DAY
    ledger.wait(DAY)
    (paid,) = ledger.must(BUYER, pay(ledger, name)).events
    assert (held(ledger), open_order(ledger, name).balance_due) == (PAID, 0)
    assert (paid.units, paid.deadline) == (BALANCE, ledger.time + 7 * DAY)
    assert open_order(ledger, name).deadline == paid.deadline
    ledger.must(MERCHANT, ShipOrder(order=name))
    ledger.must("carrier", ConfirmDelivery(order=name))
    ledger.must(BUYER, SettleOrder(order=name))

    assert money(ledger) == {
        BUYER: BUYERS_MONEY - PAID,
        MERCHANT: 6_637,
        "platform": 170,
        "carrier": 20_000 + 1_150,
        "treasury": 1_202,
    }


@pytest.mark.parametrize(("points", "deposit"), [(0, 0), (1, 1), (3_000, 2_748), (9_999, 9_159), (10_000, 9_159)])
def test_a_deposit_is_rounded_up(points, deposit):
    ledger = shop_in_steps(Payment(points, RestPaid.BEFORE_SHIPPING))

    name = place(ledger)

    assert (held(ledger), open_order(ledger, name).balance_due) == (deposit, PAID - deposit)


def test_the_rest_may_be_paid_before_the_order_is_accepted(ledger):
    name = place(ledger)
    before = open_order(ledger, name).deadline

    ledger.must(BUYER, pay(ledger, name))
    assert open_order(ledger, name).deadline == before
    ledger.must(MERCHANT, AcceptOrder(order=name), ShipOrder(order=name))

    assert held(ledger) == PAID


def test_a_rest_that_is_not_paid_costs_the_deposit(ledger):
    name = accepted(ledger)

    wait_out(ledger, name)

    assert money(ledger)[BUYER] == BUYERS_MONEY - DEPOSIT
    assert (available(ledger, MERCHANT), available(ledger, "platform"), held(ledger)) == (DEPOSIT, 0, 0)
    assert (stock(ledger, "silk"), stock(ledger, "bowl")) == (STOCK, STOCK)
    closed = closed_order(ledger, name)
    assert (closed.outcome, closed.paid.minus(closed.refunded).total()) == (Outcome.FORFEITED, DEPOSIT)


@pytest.mark.parametrize("pays", [False, True])
@pytest.mark.parametrize("lifted", [False, True])
def test_no_issuer_lets_a_deposit_be_lost_by_a_freeze(ledger, lifted, pays):
    """The freeze can hold for thirty days; then the buyer has its seven days anew, and no more."""
    name = accepted(ledger)
    freeze(ledger)
    until = ledger.time + 30 * DAY
    if lifted:
        ledger.wait(7 * DAY - 10)
        lift(ledger)

    (receipt,) = ledger.wait(open_order(ledger, name).deadline + 1 - ledger.time)

    put_off = DeadlinePutOff(order=name, deadline=until + 7 * DAY)
    assert receipt.events == (put_off,)
    ledger.wait(until + 1 - ledger.time)
    assert held(ledger) == DEPOSIT
    if pays:
        ledger.must(BUYER, pay(ledger, name), at=put_off.deadline)
        assert held(ledger) == PAID
        return
    ledger.wait(put_off.deadline + 1 - ledger.time)
    assert closed_order(ledger, name).outcome == Outcome.FORFEITED


def test_a_freeze_that_ends_just_before_the_deadline_counts(ledger):
    """Of the buyer's seven days all but the last seconds were taken, by a freeze that had been tried out before."""
    freeze(ledger)
    until = ledger.time + 30 * DAY
    lift(ledger)
    ledger.wait(23 * DAY + 5)
    name = accepted(ledger)
    freeze(ledger)
    deadline = open_order(ledger, name).deadline
    assert 0 < deadline - until < 10

    ledger.wait(deadline + 1 - ledger.time)
    assert open_order(ledger, name).deadline == until + 7 * DAY
    ledger.wait(until + 7 * DAY + 1 - ledger.time)

    assert closed_order(ledger, name).outcome == Outcome.FORFEITED


def test_a_freeze_that_was_lifted_before_the_order_puts_nothing_off(ledger):
    freeze(ledger)
    lift(ledger)
    ledger.wait(1)
    name = accepted(ledger)

    wait_out(ledger, name)

    assert closed_order(ledger, name).outcome == Outcome.FORFEITED


def test_a_freeze_after_the_deadline_puts_nothing_off(ledger):
    """It comes before the order's exit in its block, and yet too late."""
    name = accepted(ledger)

    ledger.time = open_order(ledger, name).deadline + 1
    freeze(ledger)

    assert closed_order(ledger, name).outcome == Outcome.FORFEITED


@pytest.mark.parametrize("times", [1, 3])
def test_a_freeze_that_is_made_again_after_the_deadline_puts_nothing_off(ledger, times):
    """It had been tried out before the order, and in the buyer's seven days it did not hold."""
    freeze(ledger)
    lift(ledger)
    ledger.wait(DAY)
    name = accepted(ledger)

    ledger.time = open_order(ledger, name).deadline + 1
    ledger.must("bank", *((taken_back(ledger), order_frozen(ledger)) * times)[1:])

    assert closed_order(ledger, name).outcome == Outcome.FORFEITED


def test_a_freeze_that_fell_into_the_days_counts_even_if_it_is_made_again_after_them(ledger):
    name = accepted(ledger)
    freeze(ledger)
    until = ledger.time + 30 * DAY
    lift(ledger)

    ledger.time = open_order(ledger, name).deadline + 1
    freeze(ledger)

    assert open_order(ledger, name).deadline == until + 7 * DAY


@pytest.mark.parametrize(("payment", "missing"), [(BEFORE_SHIPPING, MERCHANT), (AT_THE_DOOR, BUYER)])
def test_who_may_not_have_the_money_has_none_in_the_end(payment, missing):
    """The merchant's share is nothing here, but a forfeited deposit would be its own; cash comes back as money."""
    ledger = shop_in_steps(None)
    ledger.must("bank", OpenCurrency(currency="CNY", supply_max=10**9, holder_max=10**9, by_authorisation=True))
    known = [who for who in (BUYER, MERCHANT, "carrier", "platform", "treasury") if who != missing]
    ledger.must("bank", *(AuthoriseHolder(currency="CNY", account=ledger.account(who)) for who in known))
    if missing != BUYER:
        ledger.must("bank", Mint(currency="CNY", to=ledger.account(BUYER), units=5_000))
    ledger.must(MERCHANT, terms(ledger, "t2", asset=ledger.asset("CNY"), platform_fee=10_000, payment=payment))
    sell(ledger, "tea", Offer(price=500), of_terms="t2")
    asked = order(ledger, (OrderLine("tea", 1, 1),))

    receipt = ledger.send(BUYER, asked)

    assert (receipt.code, receipt.facts) == (Money.HOLDER_NOT_AUTHORISED, (("account", ledger.account(missing).hex()),))
    ledger.must("bank", AuthoriseHolder(currency="CNY", account=ledger.account(missing)))
    ledger.must(BUYER, asked)


def freeze(ledger):
    """The buyer's money is frozen."""
    ledger.must("bank", order_frozen(ledger))


def lift(ledger):
    """The freeze is lifted."""
    ledger.must("bank", taken_back(ledger))


def order_frozen(ledger):
    """Freeze the buyer's money."""
    return FreezeHolder(currency="USD", account=ledger.account(BUYER), reason="Court order 17")


def taken_back(ledger):
    """Let the buyer pay again."""
    return UnfreezeHolder(currency="USD", account=ledger.account(BUYER))


@pytest.mark.parametrize("ends", ["cancel", "decline", "decline-accepted", "not-accepted"])
def test_before_that_the_deposit_comes_back(ledger, ends):
    name = accepted(ledger) if ends == "decline-accepted" else place(ledger)

    match ends:
        case "cancel":
            ledger.must(BUYER, CancelOrder(order=name))
        case "not-accepted":
            wait_out(ledger, name)
        case _:
            ledger.must(MERCHANT, DeclineOrder(order=name))

    assert (money(ledger)[BUYER], held(ledger)) == (BUYERS_MONEY, 0)
    assert closed_order(ledger, name).refunded.total() == PAID


def test_who_has_paid_and_is_not_shipped_to_gets_everything_back(ledger):
    name = accepted(ledger)
    ledger.must(BUYER, pay(ledger, name))

    wait_out(ledger, name)

    assert (money(ledger)[BUYER], closed_order(ledger, name).outcome) == (BUYERS_MONEY, Outcome.CANCELLED)


@pytest.mark.parametrize(
    ("declined", "to_buyer", "due"), [((2,), 0, BALANCE - 966), ((1,), 8_193 - BALANCE, 0)], ids=["bowls", "silks"]
)
def test_what_is_declined_is_taken_off_the_rest_first(ledger, declined, to_buyer, due):
    name = place(ledger)

    receipt = ledger.must(MERCHANT, AcceptOrder(order=name, declined=declined))

    assert receipt.events[0].to_buyer == to_buyer
    assert (open_order(ledger, name).balance_due, held(ledger)) == (due, DEPOSIT - to_buyer)


def test_goods_that_are_refunded_before_they_leave_are_taken_off_the_rest_first(ledger):
    name = accepted(ledger)

    ledger.must(MERCHANT, RefundLines(order=name, lines=quantities((1, 2))))

    assert open_order(ledger, name).balance_due == BALANCE - 5_461
    ledger.must(BUYER, pay(ledger, name))
    assert held(ledger) == PAID - 5_461


def test_the_table_of_worst_cases_names_the_deposit(ledger):
    answer = WorstCasesQuery(under=listing_name(ledger, "t1"), units=PAID).answer(ledger.state)

    assert answer is not None
    assert {each.method for each in answer.cases} == {Method.IN_STEPS}
    lost = {Ends(each.ends): (each.buyer_loses, each.merchant_loses) for each in answer.cases}
    assert lost.pop(Ends.BALANCE_NOT_PAID) == (DEPOSIT, 0)
    assert set(lost.values()) == {(0, 0)}


def dues(ledger, units=BALANCE):
    """Pay some rest of the first order."""
    return PayBalance(order=first_order(ledger), units=units)


def frozen(ledger):
    """The buyer is frozen after its order was accepted, and has too little."""
    poor(ledger)
    freeze(ledger)


def poor(ledger):
    """The buyer has a unit less than the rest, and may not pay as much."""
    accepted(ledger)
    rest = BUYERS_MONEY - DEPOSIT - BALANCE + 1
    ledger.must(
        BUYER,
        PlaceHold(
            reference="h",
            payee=ledger.account(MERCHANT),
            asset=ledger.asset(),
            units=rest,
            deadline=ledger.time + 9 * DAY,
            purpose="GDDS",
        ),
    )


def spent_today(ledger):
    """The buyer may pay as much in a day as the order costs, and has spent some of it."""
    impose(limits=at_most(PAID))(ledger)
    ledger.must(BUYER, order(ledger, (OrderLine("bowl", 1, 1),), "o9"))


@pytest.mark.parametrize("afterwards", ["as-it-was", "spent", "attestation-withdrawn"])
def test_no_limit_comes_between_a_deposit_and_its_rest(ledger, afterwards):
    """Both have counted when the order was placed: what its institution or its day does to the buyer costs nothing."""
    known = show(ledger, 3, BUYER)
    impose(limits=(TierLimit(0, 0), *(TierLimit(PAID, PAID),) * 3))(ledger)
    name = accepted(ledger)
    if afterwards == "attestation-withdrawn":
        ledger.must("registrar", WithdrawAttestation(attestation=known))
    if afterwards == "spent":
        assert ledger.send(BUYER, order(ledger, (OrderLine("bowl", 1, 1),), "o9")).code == Money.DAY_LIMIT_PASSED

    ledger.must(BUYER, pay(ledger, name))

    assert held(ledger) == PAID


@pytest.mark.parametrize("deposit", [0, 3_000])
def test_what_a_buyer_may_not_pay_later_it_cannot_order(deposit):
    """Also without a deposit: the rest is under no limit any more when it is paid."""
    ledger = shop_in_steps(Payment(deposit, RestPaid.BEFORE_SHIPPING))
    impose(limits=at_most(PAID - 1))(ledger)

    assert ledger.send(BUYER, order(ledger)).code == Money.PAYMENT_ABOVE_LIMIT
    impose(limits=at_most(PAID))(ledger)
    ledger.must(BUYER, order(ledger))


def paid_already(ledger):
    """The rest has been paid."""
    name = accepted(ledger)
    ledger.must(BUYER, pay(ledger, name))


def due_at_the_door(ledger):
    """Cash is due, and the goods are on their way."""
    ledger.must(MERCHANT, terms(ledger, "door", payment=AT_THE_DOOR))
    sell(ledger, "tea", Offer(price=500), of_terms="door")
    name = place(ledger, (OrderLine("tea", 1, 1),), "o2")
    ledger.must(MERCHANT, AcceptOrder(order=name), ShipOrder(order=name))


def second(ledger):
    """The name of the order of tea."""
    return order_name(ledger, "o2")


def tea(ledger: Ledger) -> PayBalance:
    """Pay for it by the buyer's own hand, which need not be: cash would do, so limits hold."""
    return PayBalance(order=second(ledger), units=TEA)


def pays_one(ledger):
    """The buyer has spent a unit today."""
    ledger.must(BUYER, transfer(ledger, 1, MERCHANT))


def shared(points):
    """Terms of which somebody has a share."""
    return lambda it: terms(it, "t2", shares=(Share(it.account("lanzhou"), points),))


def paid_by(*steps: int, **changes: Any) -> Callable[[Ledger], PublishTerms]:  # noqa: ANN401 - any field
    """Terms that are paid in some steps."""
    return lambda it: terms(it, "t2", payment=Payment(*steps), **changes)


TEA = 1_200  # at the door
FIRST, DOOR = RestPaid.BEFORE_SHIPPING, RestPaid.ON_DELIVERY
TERMS_ROWS = [
    Row(Refuse.FEES_TOO_LARGE, MERCHANT, shared(9_751), at_the_door=True),
    Row(Refuse.RELEASES_TOO_LARGE, MERCHANT, paid_by(10_000, FIRST, 0, 5_000, 5_001), at_the_door=True),
    Row(
        Refuse.RELEASES_TOO_LARGE,
        MERCHANT,
        paid_by(0, DOOR, 0, 9_000, 9_000, carrier=None),
        at_the_door=True,
        note="at-the-door",
    ),
    Row(Refuse.DOOR_NEEDS_CARRIER, MERCHANT, paid_by(10_000, DOOR, carrier=None), at_the_door=True),
    Row(Refuse.DOOR_TERMS_WRONG, MERCHANT, paid_by(0, DOOR, 0, 1, 0), at_the_door=True, note="early"),
    Row(Refuse.DOOR_TERMS_WRONG, MERCHANT, paid_by(10_000, DOOR), at_the_door=True, note="nothing-left"),
    Row(Refuse.STAKE_WITHOUT_CASH, MERCHANT, paid_by(0, FIRST, 1), at_the_door=True),
    Row(Refuse.PAYEE_LACKS_ROLE, MERCHANT, shared(9_750), note="share"),
]
PAYING_ROWS = [
    Row(Refuse.ORDER_UNKNOWN, BUYER, lambda it: PayBalance(order=unknown(it), units=1)),
    Row(
        Refuse.ORDER_STATE_WRONG,
        MERCHANT,
        lambda it: dues(it, 1),
        before=lambda it: (
            paid_already(it),
            it.must(MERCHANT, ShipOrder(order=first_order(it))),
            it.must("carrier", ConfirmDelivery(order=first_order(it))),
        ),
    ),
    Row(Refuse.SENDER_NOT_BUYER, MERCHANT, lambda it: dues(it, 1), before=paid_already),
    Row(Refuse.BALANCE_NOT_DUE, BUYER, lambda it: dues(it, 1), before=paid_already),
    Row(Refuse.BALANCE_DIFFERS, BUYER, lambda it: dues(it, BALANCE - 1), before=frozen),
    Row(Refuse.BALANCE_DIFFERS, BUYER, lambda it: dues(it, BALANCE + 1), before=frozen, note="more"),
    Row(Money.HOLDER_FROZEN, BUYER, dues, before=frozen),
    Row(Money.FUNDS_INSUFFICIENT, BUYER, dues, before=poor),
    Row(Money.PAYMENT_ABOVE_LIMIT, BUYER, tea, before=in_order(due_at_the_door, impose(limits=at_most(TEA - 1)))),
    Row(Money.DAY_LIMIT_PASSED, BUYER, tea, before=in_order(due_at_the_door, impose(limits=at_most(TEA)), pays_one)),
    Row(Money.PAYMENT_ABOVE_LIMIT, BUYER, order, before=impose(limits=at_most(PAID - 1)), note="rest"),
    Row(Money.DAY_LIMIT_PASSED, BUYER, order, before=spent_today, note="rest"),
]
STEP_ROWS = [
    Row(Refuse.BALANCE_DUE, MERCHANT, lambda it: ShipOrder(order=first_order(it)), before=accepted),
    Row(Refuse.BALANCE_DUE, "carrier", lambda it: ConfirmDelivery(order=second(it)), before=due_at_the_door),
    Row(Refuse.BALANCE_DUE, BUYER, lambda it: ConfirmDelivery(order=second(it)), before=due_at_the_door, note="buyer"),
    Row(Refuse.WHOLE_PAYMENT_NEEDED, BUYER, lambda it: at_rate(it, digest=bytes(32)), before=open_bureau),
]
REFUSALS = [*TERMS_ROWS, *PAYING_ROWS, *STEP_ROWS]


@table(REFUSALS)
def test_a_step_that_is_not_in_the_terms_is_refused(ledger, row):
    assert_refused(ledger, row)


def test_shares_may_take_all_that_the_platform_leaves(ledger):
    ledger.register("osh", roles=Role.INSURER)

    ledger.must(MERCHANT, terms(ledger, "t2", shares=(Share(ledger.account("osh"), 9_750),)))
    ledger.must(MERCHANT, terms(ledger, "t3", platform=None, shares=(Share(ledger.account("osh"), 10_000),)))


def test_no_freeze_and_no_limit_comes_between_what_was_set_aside_and_its_end(ledger):
    name = accepted(ledger)
    ledger.must(BUYER, pay(ledger, name))
    for who in (BUYER, MERCHANT, "carrier", "platform"):
        ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account(who), reason="Court order 17"))

    ledger.must(MERCHANT, ShipOrder(order=name))
    ledger.must("carrier", ConfirmDelivery(order=name))
    ledger.must(BUYER, SettleOrder(order=name))

    assert (available(ledger, MERCHANT), held(ledger)) == (6_637, 0)
