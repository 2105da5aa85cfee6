"""Plans: parties, articles, orders and returns, in the order of time."""

from __future__ import annotations

import pytest

from sogdia.simulate.online_retail import plan as planning
from sogdia.simulate.online_retail.lines import InputRefused, in_order
from sogdia.simulate.online_retail.plan import WINDOW_SECONDS, Order, Party, Way, make_plan, way_back
from tests.simulate.online_retail.invoices import classes, plan, row, sheet


def test_an_invoice_becomes_an_order_of_its_sold_lines():
    planned = plan(row(), row(code="POST", price="18.0"), row(code="71053", quantity=2, price="3.39"), row())

    (order,) = planned.orders
    assert (order.invoice, order.party, order.country_name, order.country_code) == (
        "536365",
        "C-17850",
        "United Kingdom",
        "GB",
    )
    assert [(line.number, line.source.stock_code, line.quantity, line.total_pence) for line in order.lines] == [
        (1, "85123A", 6, 1530),
        (2, "71053", 2, 678),
        (3, "85123A", 6, 1530),
    ]
    assert order.total_pence == 3738


def test_there_is_one_variant_for_each_code_as_written_and_price():
    planned = plan(row(price="2.5"), row(price="2.50"), row(price="2.55"), row(code="85123a", price="2.5"))

    assert [
        (variant.stock_code, variant.unit_price_e12 // 10**10, variant.quantity) for variant in planned.variants
    ] == [
        ("85123A", 250, 12),
        ("85123A", 255, 6),
        ("85123a", 250, 6),
    ]
    (order,) = planned.orders
    assert [line.variant for line in order.lines] == [0, 0, 1, 2]


def test_a_title_is_the_first_description_that_says_anything_without_invisible_characters():
    planned = plan(
        row(description="LATER", time="2010-12-02 09:00:00"),
        row("536364", description=" ", time="2010-12-01 09:00:00"),
        row("536366", description="HEART\u200b\u202e  HOLDER", time="2010-12-01 10:00:00"),
        row("536367", code="71053", description=""),
    )

    assert [variant.title for variant in planned.variants] == ["71053", "HEART HOLDER"]


def test_stock_counts_sales_only():
    planned = plan(row(quantity=6), row(quantity=-2), row("C536379", quantity=-3), row("C536380", quantity=2))

    assert [variant.quantity for variant in planned.variants] == [6]


def test_a_customer_is_one_party_and_each_guest_invoice_another():
    planned = plan(
        row("536365"),
        row("536366", customer="17850", country="EIRE"),
        row("536367", customer=""),
        row("536368", customer=""),
    )

    assert planned.parties == (
        Party("C-17850", "17850", "United Kingdom", "GB"),
        Party("G-536367", None, "United Kingdom", "GB"),
        Party("G-536368", None, "United Kingdom", "GB"),
    )
    assert [order.country_code for order in planned.orders] == ["GB", "IE", "GB", "GB"]


def test_whoever_buys_nothing_is_no_party():
    assert plan(row(code="POST"), row("C536379", quantity=-1, customer="13047")).parties == ()


def test_customers_who_share_an_invoice_have_an_order_each():
    planned = plan(row(), row(customer="13047"), row(customer=""), row(quantity=1))

    assert [(order.invoice, order.party, len(order.lines)) for order in planned.orders] == [
        ("536365", "C-17850", 2),
        ("536365", "C-13047", 1),
        ("536365", "G-536365", 1),
    ]
    assert classes(planned) == ["ordered", "ordered", "guest_ordered", "ordered"]
    assert [(odd.line_number, odd.column) for odd in planned.disagreements] == [(3, "CustomerID"), (4, "CustomerID")]


def test_an_invoices_time_and_country_are_its_first_readable_lines_and_others_are_listed():
    planned = plan(
        row(time="2010-02-30 00:00:00"),
        row(code="POST", time="2010-12-01 16:57:00", country="EIRE"),
        row(time="2010-12-01 16:58:00", country="France"),
    )

    (order,) = planned.orders
    assert (order.time, order.country_name, order.country_code) == (1_291_222_620, "EIRE", "IE")
    assert [(odd.line_number, odd.column, odd.on_line, odd.on_invoice) for odd in planned.disagreements] == [
        (4, "InvoiceDate", "2010-12-01 16:58:00", "2010-12-01 16:57:00"),
        (4, "Country", "France", "EIRE"),
    ]


def test_steps_go_by_time_then_by_invoice_number():
    planned = plan(
        row("536367", time="2010-12-02 09:00:00"),
        row("C536366", quantity=-1, time="2010-12-01 09:00:00"),
        row("536366", time="2010-12-01 09:00:00"),
        row("536365", time="2010-12-01 09:00:00"),
    )

    assert [step.invoice for step in planned.steps] == ["536365", "536366", "C536366", "536367"]


def test_an_invoice_may_go_on_in_another_file_and_is_then_named():
    monday = sheet(row(time="2010-12-01 23:59:00"), row("536364"), name="monday.csv")
    tuesday = sheet(row(code="71053", time="2010-12-02 00:00:00"), name="tuesday.csv")

    planned = make_plan(in_order([tuesday, monday]))

    assert [(order.invoice, len(order.lines)) for order in planned.orders] == [("536364", 1), ("536365", 2)]
    assert planned.invoices_in_several_files == ("536365",)
    assert planned.files == ("monday.csv", "tuesday.csv")


def test_an_order_of_as_many_lines_as_allowed_is_planned_and_one_more_is_refused(monkeypatch):
    monkeypatch.setattr(planning, "ORDER_LINES_MAX", 3)
    allowed = [row(), row(code="POST"), row(), row()]

    assert [len(order.lines) for order in plan(*allowed).orders] == [3]
    with pytest.raises(InputRefused) as refused:
        plan(*allowed, row(quantity=9))

    assert refused.value.where == "invoice 536365"
    assert refused.value.reason == "sells 4 lines to one buyer; an order holds at most 3"
    assert refused.value.way_out.endswith("give another number from day.csv, line 6, on.")


def test_goods_come_back_in_the_window_until_its_last_second():
    assert way_back(1000, 1000 + WINDOW_SECONDS, WINDOW_SECONDS) == Way.RETURN
    assert way_back(1000, 1001 + WINDOW_SECONDS, WINDOW_SECONDS) == Way.REFUND


def test_a_plan_of_no_lines_is_empty():
    planned = plan()

    assert (planned.steps, planned.judged, planned.parties, planned.variants) == ((), (), (), ())


def test_a_malformed_line_is_kept_with_its_reason_beside_its_class():
    planned = plan(row(), "dirt")

    assert classes(planned) == ["ordered", "malformed"]
    assert [(line.line_number, line.reason) for line in planned.malformed] == [(3, "the number of columns is 1, not 8")]
    assert all(isinstance(step, Order) for step in planned.steps)
