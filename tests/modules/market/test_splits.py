"""Splits: what two sides agree on divides the escrow exactly, and nobody else is needed for it."""

from __future__ import annotations

import pytest

from sogdia.modules.market.orders import OrderLine
from sogdia.modules.market.records import NOTHING, Offer, OrderState, Outcome, Parts, Split
from sogdia.modules.market.refusals import MarketRefusal as Refuse
from sogdia.modules.market.returns import RefundLines
from sogdia.modules.market.settlement import parts_after
from sogdia.modules.market.splits import AcceptSplit, ProposeSplit
from sogdia.modules.money.currencies import FreezeHolder
from sogdia.testing.ledger import Ledger
from tests.modules.market.rows import table
from tests.modules.market.shop import (
    BUYER,
    BUYERS_MONEY,
    MERCHANT,
    PAID,
    STOCK,
    bring,
    brought_to,
    closed_order,
    events_of,
    held,
    money,
    open_order,
    open_shop,
    order_name,
    quantities,
    sell,
    settled,
    stock,
    terms,
)
from tests.refused import Row, assert_refused

SPLITTABLE = (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.RETURNING, OrderState.CONTESTED)


def propose(name, units):
    return ProposeSplit(order=name, to_buyer=units)


def accept(name, units):
    return AcceptSplit(order=name, to_buyer=units)


@pytest.mark.parametrize("state", SPLITTABLE, ids=lambda state: state.name)
@pytest.mark.parametrize(("first", "second"), [(BUYER, MERCHANT), (MERCHANT, BUYER)])
def test_an_agreed_split_pays_everybody_its_share(ledger, state, first, second):
    name = bring(ledger, state)
    deadline = open_order(ledger, name).deadline

    proposed = ledger.must(first, propose(name, 4_000))
    assert open_order(ledger, name).split == Split(ledger.account(first), 4_000)
    assert open_order(ledger, name).deadline == deadline
    receipt = ledger.must(second, accept(name, 4_000))

    # 5159 of 9159 are left: freight ⌊1150 × 5159/9159⌋ = 647, tax ⌊1202 × 5159/9159⌋ = 677, price 3835, fee 95.875.
    assert money(ledger) == {
        BUYER: BUYERS_MONEY - PAID + 4_000,
        MERCHANT: 3_740,
        "platform": 95,
        "carrier": 647,
        "treasury": 677,
    }
    assert held(ledger) == 0
    closed = closed_order(ledger, name)
    assert (closed.outcome, closed.refunded) == (Outcome.SPLIT, Parts(6_807 - 3_835, 1_150 - 647, 1_202 - 677))
    assert events_of(proposed) == ["SplitProposed"]
    assert events_of(receipt) == ["OrderClosed", "OrderDigested"]
    assert stock(ledger, "silk") == STOCK - 3


@pytest.mark.parametrize("to_buyer", [0, 1, PAID - 1, PAID])
def test_a_split_may_give_anything_between_nothing_and_all(ledger, to_buyer):
    name = bring(ledger, OrderState.CONTESTED)
    ledger.must(BUYER, propose(name, to_buyer))

    ledger.must(MERCHANT, accept(name, to_buyer))

    assert money(ledger)[BUYER] == BUYERS_MONEY - PAID + to_buyer
    assert sum(money(ledger).values()) == BUYERS_MONEY


def test_a_split_divides_what_refunds_have_left(ledger):
    name = bring(ledger, OrderState.DELIVERED)
    ledger.must(MERCHANT, RefundLines(order=name, lines=quantities((1, 3))))
    ledger.must(MERCHANT, propose(name, 966))

    ledger.must(BUYER, accept(name, 966))

    assert money(ledger)[BUYER] == BUYERS_MONEY
    assert closed_order(ledger, name).refunded == closed_order(ledger, name).paid


def test_the_last_proposal_counts(ledger):
    name = bring(ledger, OrderState.CONTESTED)
    ledger.must(BUYER, propose(name, 5_000))
    ledger.must(MERCHANT, propose(name, 3_000))

    too_late = ledger.send(MERCHANT, accept(name, 5_000))
    ledger.must(BUYER, accept(name, 3_000))

    assert too_late.code == Refuse.NOTHING_PROPOSED
    assert money(ledger)[BUYER] == BUYERS_MONEY - PAID + 3_000


def test_a_split_is_agreed_upon_once(ledger):
    name = bring(ledger, OrderState.CONTESTED)
    ledger.must(BUYER, propose(name, 5_000))

    answers = ledger.block(*(ledger.sign(MERCHANT, accept(name, 5_000)) for _ in range(2)))

    assert [answer.code for answer in answers] == [0, Refuse.ORDER_UNKNOWN]


def test_both_sides_may_agree_in_one_envelope(ledger):
    name = bring(ledger, OrderState.CONTESTED)

    ledger.must(
        (BUYER, MERCHANT),
        ProposeSplit(order=name, to_buyer=100, signer=0),
        AcceptSplit(order=name, to_buyer=100, signer=1),
    )

    assert money(ledger)[BUYER] == BUYERS_MONEY - PAID + 100


def test_a_freeze_does_not_stop_a_split(ledger):
    name = bring(ledger, OrderState.CONTESTED)
    for who in (BUYER, MERCHANT):
        ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account(who), reason="Court order 17"))
    ledger.must(BUYER, propose(name, 9_000))

    ledger.must(MERCHANT, accept(name, 9_000))

    assert money(ledger)[BUYER] == BUYERS_MONEY - PAID + 9_000


@pytest.mark.parametrize("to_buyer", [1, 2, 50, 98, 99])
def test_a_split_of_mostly_freight_never_gives_a_part_more_than_was_paid_for_it(to_buyer):
    ledger = Ledger()
    open_shop(ledger)
    ledger.must(MERCHANT, terms(ledger, "far", freight_per_order=98))
    sell(ledger, "stamp", Offer(price=1, tax=100), of_terms="far")
    name = bring(ledger, OrderState.SHIPPED, [OrderLine("stamp", 1, 1)])
    assert open_order(ledger, name).paid == Parts(1, 98, 1)
    ledger.must(BUYER, propose(name, to_buyer))

    ledger.must(MERCHANT, accept(name, to_buyer))

    refunded = closed_order(ledger, name).refunded
    assert refunded.total() == to_buyer
    assert 0 <= refunded.price <= 1
    assert 0 <= refunded.freight <= 98
    assert 0 <= refunded.tax <= 1


@pytest.mark.parametrize(
    ("escrow", "to_buyer", "left"),
    [
        (Parts(100, 10, 10), 0, Parts(100, 10, 10)),
        (Parts(100, 10, 10), 120, NOTHING),
        (NOTHING, 0, NOTHING),
        (Parts(1, 1, 1), 1, Parts(1, 1, 0)),  # price can take one of the two that rounding leaves over
        (Parts(0, 3, 3), 1, Parts(0, 3, 2)),  # no price: freight takes first
        (Parts(0, 0, 7), 3, Parts(0, 0, 4)),
        (Parts(0, 7, 0), 3, Parts(0, 4, 0)),
        (Parts(7, 0, 0), 3, Parts(4, 0, 0)),
        (Parts(1, 98, 1), 1, Parts(1, 98, 0)),
    ],
)
def test_what_is_left_after_a_split_by_part(escrow, to_buyer, left):
    assert parts_after(escrow, to_buyer) == left


# ------------------------------------------------------------------------------------------------------ refusals

NO_ORDER = b"\x01" * 22
STRANGER = "lanzhou"
TOO_MUCH = PAID + 1


def contested(ledger):
    return bring(ledger, OrderState.CONTESTED)


def proposed_by(who, units):
    return lambda it: it.must(who, propose(contested(it), units))


def proposed_before_a_refund(ledger):
    """The buyer proposed the whole escrow, and the merchant then refunded some of it."""
    name = contested(ledger)
    ledger.must(BUYER, propose(name, PAID))
    ledger.must(MERCHANT, RefundLines(order=name, lines=quantities((2, 1))))


def state_rows(ask):
    """The rows that proposing and accepting have in common."""
    note = ask.__name__
    yield Row(Refuse.ORDER_UNKNOWN, STRANGER, lambda _: ask(NO_ORDER, TOO_MUCH), note=note)
    yield Row(Refuse.ORDER_UNKNOWN, BUYER, lambda it: ask(order_name(it), 1), before=settled, note=f"{note}-settled")
    for state in (OrderState.PLACED, OrderState.ACCEPTED):
        for who in (STRANGER, BUYER, MERCHANT):
            yield Row(
                Refuse.ORDER_STATE_WRONG,
                who,
                lambda it: ask(order_name(it), TOO_MUCH),
                before=brought_to(state),
                note=f"{note}-{state.name}-by-{who}",
            )
    for who in (STRANGER, "carrier", "platform"):
        yield Row(
            Refuse.SENDER_NOT_PARTY,
            who,
            lambda it: ask(order_name(it), TOO_MUCH),
            before=contested,
            note=f"{note}-by-{who}",
        )


REFUSALS = [
    *state_rows(propose),
    Row(Refuse.SPLIT_TOO_LARGE, BUYER, lambda it: propose(order_name(it), TOO_MUCH), before=contested, note="propose"),
    *state_rows(accept),
    Row(Refuse.NOTHING_PROPOSED, BUYER, lambda it: accept(order_name(it), TOO_MUCH), before=contested),
    Row(
        Refuse.NOTHING_PROPOSED,
        BUYER,
        lambda it: accept(order_name(it), 4_001),
        before=proposed_by(BUYER, 4_000),
        note="another-figure",
    ),
    Row(Refuse.SPLIT_IS_OWN, BUYER, lambda it: accept(order_name(it), 4_000), before=proposed_by(BUYER, 4_000)),
    Row(
        Refuse.SPLIT_IS_OWN,
        MERCHANT,
        lambda it: accept(order_name(it), 4_000),
        before=proposed_by(MERCHANT, 4_000),
        note="of-the-merchant",
    ),
    Row(
        Refuse.SPLIT_TOO_LARGE,
        MERCHANT,
        lambda it: accept(order_name(it), PAID),
        before=proposed_before_a_refund,
        note="since-a-refund",
    ),
]


@table(REFUSALS)
def test_a_split_is_refused(ledger, row):
    assert_refused(ledger, row)
