"""Cancellations matched to the purchases before them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sogdia.simulate.online_retail.matching import Purchase, refund_up_to
from tests.simulate.online_retail.invoices import classes, plan, row


def pieces(planned):
    """Give the pieces of every return: order, line, quantity, pence."""
    return [
        [(piece.order_invoice, piece.order_line, piece.quantity, piece.refund_pence) for piece in back.pieces]
        for back in planned.returns
    ]


def test_a_cancellation_takes_from_the_oldest_purchase_first_and_may_span_several():
    planned = plan(
        row("536366", quantity=4, time="2010-12-02 09:00:00"),
        row("536365", quantity=6, time="2010-12-01 09:00:00"),
        row("C536379", quantity=-8, time="2010-12-03 09:00:00"),
    )

    assert classes(planned) == ["ordered", "ordered", "returned"]
    assert pieces(planned) == [[("536365", 1, 6, 1530), ("536366", 1, 2, 510)]]


def test_lines_of_one_order_are_taken_in_their_order():
    planned = plan(row(quantity=2), row(code="71053"), row(quantity=3), row("C536379", quantity=-4))

    assert pieces(planned) == [[("536365", 1, 2, 510), ("536365", 3, 2, 510)]]


def test_what_came_back_can_not_come_back_again():
    planned = plan(row(quantity=6), row("C536379", quantity=-6), row("C536380", quantity=-1))

    assert classes(planned) == ["ordered", "returned", "exceeds_purchase"]


def test_a_cancellation_larger_than_what_is_left_moves_nothing_and_leaves_all_to_the_next():
    planned = plan(row(quantity=6), row("C536379", quantity=-7), row("C536380", quantity=-6))

    assert classes(planned) == ["ordered", "exceeds_purchase", "returned"]
    assert pieces(planned) == [[("536365", 1, 6, 1530)]]


def test_each_line_of_a_cancellation_stands_alone():
    planned = plan(
        row(quantity=6), row("C536379", quantity=-7), row("C536379", quantity=-1), row("C536379", "71053", -1)
    )

    assert classes(planned) == ["ordered", "exceeds_purchase", "returned", "cancellation_without_purchase"]


def test_only_that_customer_and_that_code_as_written_count():
    planned = plan(
        row(code="85123a"),
        row("536366", customer="13047.0"),
        row("536367", customer=""),
        row("C536379", quantity=-1),
        row("C536380", quantity=-1, customer=""),
    )

    assert classes(planned) == ["ordered", "ordered", "guest_ordered", *["cancellation_without_purchase"] * 2]


def test_a_purchase_that_follows_is_not_earlier():
    planned = plan(row("C536379", quantity=-1, time="2010-12-01 08:25:59"), row())

    assert classes(planned) == ["cancellation_without_purchase", "ordered"]


def test_in_the_same_second_a_purchase_goes_before_a_cancellation():
    planned = plan(row("C536364", quantity=-1), row("536365"))

    assert classes(planned) == ["returned", "ordered"]


def test_refunds_go_at_the_price_paid():
    planned = plan(row(price="2.55"), row("C536379", quantity=-2, price="9.99"))

    assert pieces(planned) == [[("536365", 1, 2, 510)]]


def test_parts_of_an_odd_sum_are_rounded_down_and_the_last_part_makes_it_whole():
    planned = plan(row(quantity=3, price="0.335"), *(row(f"C53637{n}", quantity=-1, price="0.335") for n in range(3)))

    assert [back[0][3] for back in pieces(planned)] == [33, 34, 34]  # of 101 pence: up to 33, 67 and 101


@given(st.integers(1, 10**9), st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_refunds_in_any_parts_add_up_to_exactly_what_was_paid(paid_pence, parts):
    purchase = Purchase("536365", 1, 0, 0, sum(parts), paid_pence)

    refunds = [purchase.take_back(part).refund_pence for part in parts]

    assert min(refunds) >= 0
    assert sum(refunds) == paid_pence
    assert sum(refunds[:-1]) == refund_up_to(paid_pence, sum(parts), sum(parts[:-1]))
    assert purchase.left == 0
