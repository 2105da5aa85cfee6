"""Returns and refunds out of escrow: exact part by part, in whatever order they come."""

from __future__ import annotations

from itertools import permutations

import pytest

from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.market.listings import AddVariant
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, PlaceOrder, SettleOrder, ShipOrder
from sogdia.modules.market.records import Offer, OrderState, Parts
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import ApproveReturn, RefundLines, RefuseReturn, RequestReturn
from sogdia.modules.market.splits import ProposeSplit
from sogdia.modules.money.currencies import FreezeHolder
from sogdia.modules.money.refusals import MoneyRefusal
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import START, Ledger
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BUYER,
    BUYERS_MONEY,
    DAY,
    MERCHANT,
    PAID,
    STOCK,
    available,
    bring,
    brought_to,
    closed_order,
    events_of,
    held,
    line,
    listing,
    money,
    open_order,
    open_shop,
    order_name,
    place,
    quantities,
    sell,
    settled,
    state_of,
    stock,
    terms,
)
from tests.refused import Row, assert_refused

ODD = Offer(price=333, freight_per_unit=7, tax=1_999, promotion=777, promotion_until=START + 30 * DAY)
"""Seven of these cost 2150 (2331 less 181), with freight 117 and tax 453: nothing divides by 7."""


def odd_order(ledger):
    """Deliver seven odd things and a plain one."""
    ledger.must(MERCHANT, terms(ledger, "odd", freight_per_order=101))
    sell(ledger, "odd", ODD, of_terms="odd")
    sell(ledger, "plain", Offer(price=1_000), of_terms="odd")
    return bring(ledger, OrderState.DELIVERED, [OrderLine("odd", 1, 7), OrderLine("plain", 1, 1)])


def request(name, *pairs: tuple[int, int]):
    return RequestReturn(order=name, lines=quantities(*pairs))


def refund(name, *pairs: tuple[int, int]):
    return RefundLines(order=name, lines=quantities(*pairs))


# ------------------------------------------------------------------------------------------------------- stories


def test_an_approved_return_refunds_its_share_of_every_part(ledger):
    name = bring(ledger, OrderState.RETURNING, wanted=((1, 2),))

    receipt = ledger.must(MERCHANT, ApproveReturn(order=name))

    # Two of three silks: ⌊5997 × 2/3⌋, ⌊1066 × 2/3⌋, ⌊1130 × 2/3⌋.
    assert events_of(receipt) == ["LinesRefunded"]
    assert receipt.events[0].lines[0].parts == Parts(3_998, 710, 753)
    assert (available(ledger, BUYER), held(ledger)) == (BUYERS_MONEY - PAID + 5_461, PAID - 5_461)
    found = open_order(ledger, name)
    assert (found.state, found.requested, found.refunded) == (OrderState.DELIVERED, (), Parts(3_998, 710, 753))
    assert (line(ledger, name, 1).returned, stock(ledger, "silk")) == (2, STOCK - 3)


def test_everybody_gives_back_its_part_of_a_returned_line(ledger):
    name = bring(ledger, OrderState.RETURNING, wanted=((1, 2),))

    ledger.must(MERCHANT, ApproveReturn(order=name))
    ledger.must(BUYER, SettleOrder(order=name))

    # Left: price 6807 − 3998 = 2809 (fee 70.225), freight 1150 − 710, tax 1202 − 753.
    assert money(ledger) == {
        BUYER: BUYERS_MONEY - PAID + 5_461,
        MERCHANT: 2_739,
        "platform": 70,
        "carrier": 440,
        "treasury": 449,
    }
    assert closed_order(ledger, name).refunded == Parts(3_998, 710, 753)


def test_an_order_returned_whole_gives_back_all_that_was_paid(ledger):
    name = bring(ledger, OrderState.RETURNING, wanted=((1, 3), (2, 2)))

    ledger.must(MERCHANT, ApproveReturn(order=name))
    ledger.must(BUYER, SettleOrder(order=name))

    assert money(ledger) == {BUYER: BUYERS_MONEY, MERCHANT: 0, "platform": 0, "carrier": 0, "treasury": 0}
    assert closed_order(ledger, name).refunded == closed_order(ledger, name).paid


@pytest.mark.parametrize("pieces", sorted(set(permutations((1, 1, 2, 3)))), ids=str)
def test_partial_returns_in_any_order_give_back_exactly_what_was_paid(ledger, pieces):
    name = odd_order(ledger)
    before = available(ledger, BUYER)
    paid = line(ledger, name, 1).paid

    parts = []
    for piece in pieces:
        ledger.must(BUYER, request(name, (1, piece)))
        parts.append(ledger.must(MERCHANT, ApproveReturn(order=name)).events[0].lines[0])

    assert Parts(*(sum(getattr(each.parts, part) for each in parts) for part in ("price", "freight", "tax"))) == paid
    assert sum(each.promotion for each in parts) == 181
    assert available(ledger, BUYER) == before + paid.total()
    assert (line(ledger, name, 1).returned, line(ledger, name, 2).returned) == (7, 0)


def test_every_part_of_an_odd_price_is_rounded_down_until_the_last_piece(ledger):
    name = odd_order(ledger)
    # Price 2150 (a promotion of 181.1 rounded down), freight 49 + ⌊101 × 2150/3150⌋ = 117, tax half up of 453.17.
    assert line(ledger, name, 1).paid == Parts(2_150, 117, 453)

    parts = [ledger.must(MERCHANT, refund(name, (1, 1))).events[0].lines[0].parts for _ in range(7)]

    assert [each.price for each in parts] == [307, 307, 307, 307, 307, 307, 308]
    assert [each.freight for each in parts] == [16, 17, 17, 16, 17, 17, 17]
    assert [each.tax for each in parts] == [64, 65, 65, 64, 65, 65, 65]


def test_a_refused_return_can_still_be_approved(ledger):
    name = bring(ledger, OrderState.RETURNING)
    receipt = ledger.must(MERCHANT, RefuseReturn(order=name, reason=b"\x22" * 32))
    assert (receipt.events[0].reason, receipt.events[0].deadline) == (b"\x22" * 32, ledger.time + 14 * DAY)

    ledger.must(MERCHANT, ApproveReturn(order=name))

    assert (state_of(ledger, name), line(ledger, name, 1).returned) == (OrderState.DELIVERED, 1)


def test_a_merchant_may_refund_without_being_asked(ledger):
    name = bring(ledger, OrderState.SHIPPED)

    receipt = ledger.must(MERCHANT, refund(name, (2, 1)))

    assert receipt.events[0].lines[0].parts == Parts(405, 42, 36)
    assert receipt.events[0].lines[0].promotion == 45
    assert state_of(ledger, name) == OrderState.SHIPPED
    assert stock(ledger, "bowl") == STOCK - 2


def test_goods_refunded_before_they_are_shipped_go_back_into_stock(ledger):
    name = bring(ledger, OrderState.ACCEPTED)

    ledger.must(MERCHANT, refund(name, (1, 2)))

    assert (stock(ledger, "silk"), line(ledger, name, 1).returned) == (STOCK - 1, 2)
    ledger.must(MERCHANT, ShipOrder(order=name))
    ledger.must(BUYER, ConfirmDelivery(order=name), SettleOrder(order=name))
    assert stock(ledger, "silk") == STOCK - 1


def test_goodwill_counts_towards_a_return_of_the_same_line(ledger):
    name = bring(ledger, OrderState.RETURNING, wanted=((1, 2), (2, 1)))
    deadline = open_order(ledger, name).deadline

    ledger.must(MERCHANT, refund(name, (1, 1)))

    found = open_order(ledger, name)
    assert (found.state, found.deadline, found.requested) == (
        OrderState.RETURNING,
        deadline,
        quantities((1, 1), (2, 1)),
    )
    ledger.must(MERCHANT, ApproveReturn(order=name))
    assert [line(ledger, name, number).returned for number in (1, 2)] == [2, 1]


def test_a_line_that_goodwill_has_fulfilled_leaves_the_return(ledger):
    name = bring(ledger, OrderState.RETURNING, wanted=((1, 2), (2, 1)))

    ledger.must(MERCHANT, refund(name, (1, 2)))

    assert open_order(ledger, name).requested == quantities((2, 1))


@pytest.mark.parametrize("state", [OrderState.RETURNING, OrderState.CONTESTED])
def test_a_return_that_goodwill_has_fulfilled_is_over(ledger, state):
    name = bring(ledger, state, wanted=((1, 2),))

    ledger.must(MERCHANT, refund(name, (1, 3)))

    found = open_order(ledger, name)
    assert (found.state, found.deadline, found.requested) == (OrderState.DELIVERED, found.return_until, ())


def test_goodwill_for_another_line_leaves_a_return_as_it_is(ledger):
    name = bring(ledger, OrderState.RETURNING, wanted=((1, 2),))

    ledger.must(MERCHANT, refund(name, (2, 2)))

    assert (state_of(ledger, name), open_order(ledger, name).requested) == (OrderState.RETURNING, quantities((1, 2)))


def test_a_proposal_ends_with_the_return_it_was_made_in(ledger):
    name = bring(ledger, OrderState.RETURNING)
    ledger.must(BUYER, ProposeSplit(order=name, to_buyer=5_000))

    ledger.must(MERCHANT, ApproveReturn(order=name))

    assert open_order(ledger, name).split is None


def test_a_frozen_buyer_still_gets_its_money_back(ledger):
    name = bring(ledger, OrderState.RETURNING, wanted=((1, 3), (2, 2)))
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account(BUYER), reason="Court order 17"))

    ledger.must(MERCHANT, ApproveReturn(order=name))

    assert available(ledger, BUYER) == BUYERS_MONEY


def test_a_frozen_merchant_can_refund_out_of_escrow(ledger):
    name = bring(ledger, OrderState.DELIVERED)
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account(MERCHANT), reason="Court order 17"))

    ledger.must(MERCHANT, refund(name, (1, 3), (2, 2)))

    assert available(ledger, BUYER) == BUYERS_MONEY


def shop_of_osh(ledger, buyer):
    """A delivered order with a merchant that a registrar can suspend."""
    ledger.register("osh")
    ledger.register(buyer)
    ledger.fund(buyer, 10_000)
    ledger.must(
        "osh", terms(ledger), listing("felt"), AddVariant(listing="felt", variant=1, offer=Offer(price=100), stock=9)
    )
    order = PlaceOrder(
        reference="o1", merchant=ledger.account("osh"), lines=(OrderLine("felt", 1, 2),), pay_at_most=10_000
    )
    ledger.must(buyer, order)
    name = order_name(ledger, "o1", buyer)
    ledger.must("osh", AcceptOrder(order=name), ShipOrder(order=name))
    return name


def test_suspended_parties_can_finish_what_is_under_way(ledger):
    name = shop_of_osh(ledger, "momo")
    for who in ("osh", "momo"):
        ledger.must("registrar", SuspendParty(account=ledger.account(who), reason="Papers are missing"))

    ledger.must("momo", ConfirmDelivery(order=name))
    ledger.must("momo", request(name, (1, 1)))
    ledger.must("osh", RefuseReturn(order=name))
    ledger.must("osh", ApproveReturn(order=name))
    ledger.must("momo", SettleOrder(order=name))

    assert available(ledger, "momo") == 10_000 - 450  # half of 200 and 700 is back
    assert available(ledger, "osh") == 98


@pytest.mark.parametrize(
    ("who", "step"),
    [("osh", lambda name: AcceptOrder(order=name)), ("osh", lambda name: refund(name, (1, 1)))],
    ids=["AcceptOrder", "RefundLines"],
)
def test_suspended_parties_begin_nothing_new(ledger, who, step):
    name = shop_of_osh(ledger, "momo")
    ledger.must("registrar", SuspendParty(account=ledger.account(who), reason="Papers are missing"))

    answer = ledger.block(ledger.sign(who, step(name)))[0]

    assert answer.code == Kernel.SIGNER_SUSPENDED


def test_a_line_that_cost_nothing_can_be_returned():
    ledger = open_shop(Ledger(), freight_per_order=0)
    sell(ledger, "gift", Offer(price=5, promotion=10_000, promotion_until=START + DAY))
    name = bring(ledger, OrderState.DELIVERED, [OrderLine("gift", 1, 2), OrderLine("silk", 1, 1)])

    ledger.must(BUYER, request(name, (1, 2)))
    receipt = ledger.must(MERCHANT, ApproveReturn(order=name))

    assert (receipt.events[0].lines[0].parts, receipt.events[0].lines[0].promotion) == (Parts(0, 0, 0), 10)
    assert available(ledger, BUYER) == BUYERS_MONEY - line(ledger, name, 2).paid.total()


# ------------------------------------------------------------------------------------------------------ refusals

NO_ORDER = b"\x01" * 22
STRANGER = "lanzhou"
STATES = tuple(state for state in OrderState if state <= OrderState.CONTESTED)


def rows_of(ask, who, allowed, wrong_sender):
    """The rows that every step of a return has."""
    step = ask(NO_ORDER).__class__.__name__
    yield Row(Refuse.ORDER_UNKNOWN, STRANGER, lambda _: ask(NO_ORDER), note=step)
    yield Row(Refuse.ORDER_UNKNOWN, who, lambda it: ask(order_name(it)), before=settled, note=f"{step}-settled")
    for state in STATES:
        if state not in allowed:
            for sender in (STRANGER, who):
                yield Row(
                    Refuse.ORDER_STATE_WRONG,
                    sender,
                    lambda it: ask(order_name(it)),
                    before=brought_to(state),
                    note=f"{step}-{state.name}-by-{sender}",
                )
    for sender in (STRANGER, BUYER, MERCHANT, "carrier"):
        if sender != who:
            yield Row(
                wrong_sender,
                sender,
                lambda it: ask(order_name(it)),
                before=brought_to(allowed[0]),
                note=f"{step}-by-{sender}",
            )


UNDER_WAY = (
    OrderState.ACCEPTED,
    OrderState.SHIPPED,
    OrderState.DELIVERED,
    OrderState.RETURNING,
    OrderState.CONTESTED,
)
FORM_ROWS = [
    Row(
        Refuse.LINES_NOT_IN_ORDER,
        STRANGER,
        lambda _: request(NO_ORDER, (2, 1), (1, 1)),
        at_the_door=True,
        note="falling",
    ),
    Row(
        Refuse.LINES_NOT_IN_ORDER, STRANGER, lambda _: request(NO_ORDER, (1, 1), (1, 1)), at_the_door=True, note="twice"
    ),
    Row(
        Refuse.LINES_NOT_IN_ORDER, STRANGER, lambda _: refund(NO_ORDER, (2, 1), (1, 1)), at_the_door=True, note="refund"
    ),
]
STEP_ROWS = [
    *rows_of(lambda name: request(name, (9, 1)), BUYER, (OrderState.DELIVERED,), Refuse.SENDER_NOT_BUYER),
    *rows_of(
        lambda name: ApproveReturn(order=name),
        MERCHANT,
        (OrderState.RETURNING, OrderState.CONTESTED),
        Refuse.SENDER_NOT_MERCHANT,
    ),
    *rows_of(lambda name: RefuseReturn(order=name), MERCHANT, (OrderState.RETURNING,), Refuse.SENDER_NOT_MERCHANT),
    *rows_of(lambda name: refund(name, (9, 1)), MERCHANT, UNDER_WAY, Refuse.SENDER_NOT_MERCHANT),
]


def out_of_time(ledger):
    """An order whose time for returns is over, while it still waits to be settled."""
    name = bring(ledger, OrderState.DELIVERED)
    ledger.must(BUYER, request(name, (1, 1)), at=open_order(ledger, name).return_until)
    ledger.must(MERCHANT, ApproveReturn(order=name), at=ledger.time + 1)


def one_back(ledger):
    ledger.must(MERCHANT, refund(bring(ledger, OrderState.DELIVERED), (1, 1)))


def asking(ask, *pairs: tuple[int, int]):
    return lambda it: ask(order_name(it), *pairs)


AMOUNT_ROWS = [
    Row(Refuse.RETURN_TIME_OVER, BUYER, lambda it: request(order_name(it), (9, 9)), before=out_of_time),
    *(
        Row(rule, who, asking(ask, *pairs), before=one_back, note=note)
        for who, ask in ((BUYER, request), (MERCHANT, refund))
        for rule, pairs, note in (
            (Refuse.LINE_UNKNOWN, ((3, 9),), f"{ask.__name__}"),
            (Refuse.RETURN_TOO_LARGE, ((1, 3),), f"{ask.__name__}"),
            (Refuse.RETURN_TOO_LARGE, ((1, 1), (2, 3)), f"{ask.__name__}-second-line"),
        )
    ),
]

REFUSALS = [*FORM_ROWS, *STEP_ROWS, *AMOUNT_ROWS]


@table(REFUSALS)
def test_a_step_of_a_return_is_refused(ledger, row):
    assert_refused(ledger, row)


@pytest.mark.parametrize(("who", "ask"), [(BUYER, request), (MERCHANT, refund)])
def test_all_that_is_left_of_a_line_can_be_returned(ledger, who, ask):
    one_back(ledger)

    ledger.must(who, ask(order_name(ledger), (1, 2), (2, 2)))


def test_a_return_is_answered_once(ledger):
    name = bring(ledger, OrderState.RETURNING)

    answers = ledger.block(*(ledger.sign(MERCHANT, ApproveReturn(order=name)) for _ in range(2)))

    assert [answer.code for answer in answers] == [0, Refuse.ORDER_STATE_WRONG]
    assert line(ledger, name, 1).returned == 1


def test_money_in_escrow_is_out_of_reach_of_its_owner(ledger):
    place(ledger)

    receipt = ledger.send(
        BUYER,
        Transfer(
            to=ledger.account(MERCHANT),
            asset=ledger.asset(),
            units=BUYERS_MONEY - PAID + 1,
            purpose="GDDS",
            end_to_end="",
        ),
    )

    assert receipt.code == MoneyRefusal.FUNDS_INSUFFICIENT
    assert held(ledger) == PAID
