"""Refunds after settlement: the merchant pays, the line is proven by its path, and its limit still holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from sogdia.kernel.codec import encode
from sogdia.kernel.merkle import path, root
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.market.late_refunds import PATH_MAX, RefundLate
from sogdia.modules.market.listings import AddVariant
from sogdia.modules.market.orders import (
    AcceptOrder,
    CancelOrder,
    ConfirmDelivery,
    OrderLine,
    PlaceOrder,
    SettleOrder,
    ShipOrder,
)
from sogdia.modules.market.records import LINES, FinalLine, Offer, OrderState, Outcome, Parts
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import RefundLines
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.modules.money.currencies import AuthoriseHolder, FreezeHolder, OpenCurrency, RevokeAuthorisation, SetCaps
from sogdia.modules.money.refusals import MoneyRefusal as Money
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BASKET,
    BUYER,
    BUYERS_MONEY,
    DAY,
    MERCHANT,
    PAID,
    SILK_3,
    available,
    bring,
    closed_order,
    events_of,
    listing,
    listing_name,
    open_order,
    order_name,
    place,
    quantities,
    terms,
)
from tests.refused import Row, assert_refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.testing.ledger import Ledger


def final_lines(ledger: Ledger, name: bytes) -> list[FinalLine]:
    """The lines of an open order as they will stand in the root if it is settled now."""
    found = []
    for number in range(1, open_order(ledger, name).lines + 1):
        it = LINES.must(ledger.state, (name, number))
        found.append(FinalLine(number, it.listing, it.variant, it.quantity, it.paid, it.promotion, it.returned))
    return found


def settle(ledger: Ledger, lines: tuple[OrderLine, ...] = BASKET, reference: str = "o1") -> list[FinalLine]:
    """Settle an order; give its final lines."""
    name = bring(ledger, OrderState.DELIVERED, lines, reference)
    found = final_lines(ledger, name)
    ledger.must(BUYER, SettleOrder(order=name))
    return found


def late(name: bytes, lines: list[FinalLine], number: int, quantity: int) -> RefundLate:
    """A late refund of a line, with its path in the tree over `lines`."""
    leaves = [encode(each) for each in lines]
    return RefundLate(order=name, line=lines[number - 1], path=path(leaves, number - 1), quantity=quantity)


def refunded(lines: list[FinalLine], number: int, quantity: int) -> list[FinalLine]:
    """The lines after a late refund."""
    changed = structs.replace(lines[number - 1], returned=lines[number - 1].returned + quantity)
    return [*lines[: number - 1], changed, *lines[number:]]


# ------------------------------------------------------------------------------------------------------- stories


def test_the_root_of_a_closed_order_is_the_tree_over_its_final_lines(ledger):
    lines = settle(ledger)

    assert [(each.number, each.quantity, each.returned) for each in lines] == [(1, 3, 0), (2, 2, 0)]
    assert closed_order(ledger, order_name(ledger)).lines_root == root([encode(each) for each in lines])


def test_a_cancelled_order_has_given_all_its_lines_back(ledger):
    name = place(ledger)
    lines = [structs.replace(each, returned=each.quantity) for each in final_lines(ledger, name)]

    ledger.must(BUYER, CancelOrder(order=name))

    assert closed_order(ledger, name).lines_root == root([encode(each) for each in lines])


def test_a_late_refund_is_paid_by_the_merchant(ledger):
    lines = settle(ledger)
    name = order_name(ledger)
    before = closed_order(ledger, name)

    receipt = ledger.must(MERCHANT, late(name, lines, 1, 2))

    assert (available(ledger, MERCHANT), available(ledger, BUYER)) == (6_637 - 5_461, BUYERS_MONEY - PAID + 5_461)
    assert (available(ledger, "platform"), available(ledger, "carrier"), available(ledger, "treasury")) == (
        170,
        1_150,
        1_202,
    )
    after = closed_order(ledger, name)
    assert after.lines_root == root([encode(each) for each in refunded(lines, 1, 2)])
    assert after.refunded == Parts(3_998, 710, 753)
    assert (
        structs.replace(after, lines_root=before.lines_root, refunded=before.refunded, history=before.history) == before
    )
    assert after.history != before.history
    assert events_of(receipt) == ["LinesRefunded"]
    assert receipt.events[0].late
    assert [(each.number, each.quantity, each.parts) for each in receipt.events[0].lines] == [
        (1, 2, Parts(3_998, 710, 753))
    ]


def test_late_refunds_of_a_line_add_up_to_what_was_paid_for_it(ledger):
    lines = settle(ledger)
    name = order_name(ledger)
    ledger.fund(MERCHANT, 10_000)
    units, promotion = 0, 0

    for number, quantity in ((1, 1), (2, 1), (1, 1), (2, 1), (1, 1)):
        fact = ledger.must(MERCHANT, late(name, lines, number, quantity)).events[0].lines[0]
        units += fact.parts.total()
        promotion += fact.promotion
        lines = refunded(lines, number, quantity)

    assert (units, promotion) == (PAID, 90)
    assert closed_order(ledger, name).refunded == closed_order(ledger, name).paid
    assert available(ledger, BUYER) == BUYERS_MONEY


def test_a_late_refund_goes_on_where_refunds_out_of_escrow_stopped(ledger):
    name = bring(ledger, OrderState.DELIVERED)
    ledger.must(MERCHANT, RefundLines(order=name, lines=quantities((1, 1))))
    lines = final_lines(ledger, name)
    ledger.must(BUYER, SettleOrder(order=name))
    ledger.fund(MERCHANT, 10_000)

    first = ledger.must(MERCHANT, late(name, lines, 1, 2))
    again = ledger.send(MERCHANT, late(name, refunded(lines, 1, 2), 1, 1))

    assert lines[0].returned == 1
    assert first.events[0].lines[0].parts == Parts(5_997 - 1_999, 1_066 - 355, 1_130 - 376)
    assert again.code == Refuse.RETURN_TOO_LARGE


def test_an_old_path_is_worth_nothing_after_a_refund(ledger):
    lines = settle(ledger)
    name = order_name(ledger)
    ledger.fund(MERCHANT, 10_000)
    ledger.must(MERCHANT, late(name, lines, 1, 1))

    same_line = ledger.send(MERCHANT, late(name, lines, 1, 1))
    other_line = ledger.send(MERCHANT, late(name, lines, 2, 1))
    fresh = ledger.send(MERCHANT, late(name, refunded(lines, 1, 1), 2, 1))

    assert [each.code for each in (same_line, other_line, fresh)] == [Refuse.LINE_NOT_PROVEN] * 2 + [0]


def test_two_late_refunds_in_one_block_are_not_one_too_many(ledger):
    lines = settle(ledger)
    name = order_name(ledger)
    ledger.fund(MERCHANT, 10_000)

    answers = ledger.block(*(ledger.sign(MERCHANT, late(name, lines, 1, 3)) for _ in range(2)))

    assert [answer.code for answer in answers] == [0, Refuse.LINE_NOT_PROVEN]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 33])
def test_every_line_of_an_order_of_any_length_can_be_refunded_late(ledger, count):
    ledger.must(MERCHANT, AddVariant(listing="silk", variant=2, offer=Offer(price=10), stock=1_000))
    lines = settle(ledger, tuple(OrderLine("silk", 2, 1) for _ in range(count)))
    name = order_name(ledger)
    ledger.fund(MERCHANT, 100_000)

    for number in sorted({1, 2, count // 2 + 1, count - 1, count} & set(range(1, count + 1))):
        ledger.must(MERCHANT, late(name, lines, number, 1))
        lines = refunded(lines, number, 1)

    assert closed_order(ledger, name).lines_root == root([encode(each) for each in lines])


def test_a_line_that_cost_nothing_is_refunded_late_without_money(ledger):
    ledger.must(MERCHANT, AddVariant(listing="silk", variant=2, offer=Offer(price=1, decimals=3), stock=9))
    lines = settle(ledger, (SILK_3, OrderLine("silk", 2, 1)))
    before = available(ledger, MERCHANT)

    ledger.must(MERCHANT, late(order_name(ledger), lines, 2, 1))

    assert available(ledger, MERCHANT) == before


def test_a_merchant_that_touches_an_overdue_order_can_refund_it_late(ledger):
    name = bring(ledger, OrderState.DELIVERED)
    lines = final_lines(ledger, name)

    ledger.must(MERCHANT, late(name, lines, 1, 1), at=ledger.time + 14 * DAY + 1)

    assert closed_order(ledger, name).refunded == Parts(1_999, 355, 376)


# ------------------------------------------------------------------------------------------------------ refusals

NO_ORDER = b"\x01" * 22
STRANGER = "lanzhou"


def basket(ledger: Ledger, silk: int = 0, bowls: int = 0) -> list[FinalLine]:
    """The final lines of the usual order, of which so much has come back."""
    return [
        FinalLine(1, listing_name(ledger, "silk"), 1, 3, Parts(5_997, 1_066, 1_130), 0, silk),
        FinalLine(2, listing_name(ledger, "bowl"), 1, 2, Parts(810, 84, 72), 90, bowls),
    ]


def split_up(ledger):
    name = bring(ledger, OrderState.DELIVERED)
    ledger.must(BUYER, ProposeSplit(order=name, to_buyer=0))
    ledger.must(MERCHANT, AcceptSplit(order=name, to_buyer=0))


def cancelled(ledger):
    ledger.must(BUYER, CancelOrder(order=place(ledger)))


def delivered(ledger):
    bring(ledger, OrderState.DELIVERED)


def two_silks_back(ledger):
    """A settled order of which the merchant has refunded two silks; it has 1176 left, and the third costs 2732."""
    settle(ledger)
    ledger.must(MERCHANT, late(order_name(ledger), basket(ledger), 1, 2))


def asked(quantity: int, *, silk: int = 0, **changes: object) -> Callable[[Ledger], RefundLate]:
    """Ask for a late refund of silk, of which so much has come back, with changes."""
    return lambda it: structs.replace(late(order_name(it), basket(it, silk), 1, quantity), **changes)


def forged(**changes: object) -> Callable[[Ledger], RefundLate]:
    """Ask for a late refund of a line that has been tampered with."""

    def ask(ledger: Ledger) -> RefundLate:
        honest = late(order_name(ledger), basket(ledger), 1, 99)
        return structs.replace(honest, line=structs.replace(honest.line, **changes))

    return ask


def freeze(ledger):
    settle(ledger)
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account(MERCHANT), reason="Court order 17"))


def listed_money(ledger):
    """A settled order for silk in listed money; its buyer has spent all of it and was taken off the list."""
    ledger.must("bank", OpenCurrency(currency="CNY", supply_max=10**9, holder_max=10**9, by_authorisation=True))
    for who in (MERCHANT, BUYER, "carrier"):
        ledger.must("bank", AuthoriseHolder(currency="CNY", account=ledger.account(who)))
    ledger.must(MERCHANT, terms(ledger, "cny", asset=ledger.asset("CNY"), platform=None, freight_per_order=7))
    ledger.must(MERCHANT, listing("tea", "cny"), AddVariant(listing="tea", variant=1, offer=Offer(price=93), stock=9))
    ledger.fund(BUYER, 100, "CNY")
    settle(ledger, (OrderLine("tea", 1, 1),))
    ledger.must("bank", RevokeAuthorisation(currency="CNY", account=ledger.account(BUYER)))
    ledger.fund(MERCHANT, 7, "CNY")


def tea(ledger: Ledger) -> RefundLate:
    """A late refund of the tea."""
    lines = [FinalLine(1, listing_name(ledger, "tea"), 1, 1, Parts(93, 7, 0), 0, 0)]
    return late(order_name(ledger), lines, 1, 1)


def cap(ledger):
    """Allow holders one unit less than the buyer would have after the refund."""
    settle(ledger)
    ledger.fund(MERCHANT, 10_000)
    ledger.must("bank", SetCaps(currency="USD", supply_max=10**15, holder_max=available(ledger, BUYER) + 8_192))


REFUSALS = [
    Row(Refuse.CLOSED_ORDER_UNKNOWN, STRANGER, asked(99, order=NO_ORDER), before=settle),
    Row(Refuse.CLOSED_ORDER_UNKNOWN, MERCHANT, asked(99), before=delivered, note="still-open"),
    Row(Refuse.SENDER_NOT_MERCHANT, STRANGER, asked(99), before=cancelled),
    Row(Refuse.SENDER_NOT_MERCHANT, BUYER, asked(99), before=settle, note="but-the-buyer"),
    Row(Refuse.NOT_SETTLED_BY_LINE, MERCHANT, asked(99, path=()), before=split_up, note="split"),
    Row(Refuse.NOT_SETTLED_BY_LINE, MERCHANT, asked(99, path=()), before=cancelled, note="cancelled"),
    Row(Refuse.LINE_NOT_PROVEN, MERCHANT, asked(99, path=()), before=settle, note="path-too-short"),
    Row(Refuse.LINE_NOT_PROVEN, MERCHANT, asked(99, path=(bytes(32),)), before=settle, note="path-wrong"),
    Row(
        Refuse.LINE_NOT_PROVEN,
        MERCHANT,
        asked(99, path=(bytes(32),) * PATH_MAX),
        before=settle,
        note="path-too-long",
    ),
    Row(Refuse.LINE_NOT_PROVEN, MERCHANT, forged(number=2), before=settle, note="another-number"),
    Row(Refuse.LINE_NOT_PROVEN, MERCHANT, forged(number=3), before=settle, note="number-beyond"),
    Row(Refuse.LINE_NOT_PROVEN, MERCHANT, forged(quantity=100), before=settle, note="another-quantity"),
    Row(Refuse.LINE_NOT_PROVEN, MERCHANT, forged(paid=Parts(10**6, 0, 0)), before=settle, note="another-price"),
    Row(Refuse.RETURN_TOO_LARGE, MERCHANT, asked(4), before=settle),
    Row(Refuse.RETURN_TOO_LARGE, MERCHANT, asked(2, silk=2), before=two_silks_back, note="since-the-last"),
    Row(Money.HOLDER_FROZEN, MERCHANT, asked(3), before=freeze),
    Row(Money.FUNDS_INSUFFICIENT, MERCHANT, asked(1, silk=2), before=two_silks_back),
    Row(Money.HOLDER_NOT_AUTHORISED, MERCHANT, tea, before=listed_money),
    Row(Money.HOLDER_CAP_PASSED, MERCHANT, asked(3), before=cap),
]


@table(REFUSALS)
def test_a_late_refund_is_refused(ledger, row):
    assert_refused(ledger, row)


def test_a_line_of_another_order_proves_nothing(ledger):
    first = settle(ledger, (SILK_3,), "o1")
    settle(ledger, (SILK_3, SILK_3), "o2")

    receipt = ledger.send(MERCHANT, late(order_name(ledger, "o2"), first, 1, 1))

    assert receipt.code == Refuse.LINE_NOT_PROVEN


def test_a_suspended_merchant_refunds_nothing_late(ledger):
    ledger.register("osh")
    ledger.must(
        "osh", terms(ledger), listing("felt"), AddVariant(listing="felt", variant=1, offer=Offer(price=100), stock=9)
    )
    name = order_name(ledger)
    ordered = PlaceOrder(
        reference="o1", merchant=ledger.account("osh"), lines=(OrderLine("felt", 1, 2),), pay_at_most=10_000
    )
    ledger.must(BUYER, ordered)
    ledger.must("osh", AcceptOrder(order=name), ShipOrder(order=name))
    lines = final_lines(ledger, name)
    ledger.must(BUYER, ConfirmDelivery(order=name), SettleOrder(order=name))
    ledger.must("registrar", SuspendParty(account=ledger.account("osh"), reason="Papers are missing"))

    answer = ledger.block(ledger.sign("osh", late(name, lines, 1, 1)))[0]

    assert closed_order(ledger, name).outcome == Outcome.SETTLED
    assert answer.code == Kernel.SIGNER_SUSPENDED
