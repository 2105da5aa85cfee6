"""The report: its keys, its sums, and its tables."""

from __future__ import annotations

import json

from sogdia.simulate.online_retail.plan import WINDOW_SECONDS, Way
from sogdia.simulate.online_retail.report import (
    LedgerFigures,
    LedgerRefusal,
    Report,
    build_report,
    planned_money,
    planned_returns,
    report_as_json,
)
from sogdia.simulate.online_retail.tables import report_as_text
from tests.simulate.online_retail.invoices import plan, row

STORY = (
    row(time="2010-12-01 08:26:00"),
    row(code="71053", quantity=10, price="0.335", time="2010-12-01 08:26:00"),
    row("536366", customer="", country="EIRE", time="2010-12-02 00:00:00"),
    row("C536379", quantity=-2, price="2.10", time="2010-12-15 08:26:00"),
    row("C536380", code="71053", quantity=-1, price="0.335", time="2010-12-15 08:26:01", country="France"),
    row("C536381", quantity=-5, time="2010-12-16 00:00:00"),
    row("C536381", customer="", quantity=-5, time="2010-12-16 00:00:00"),
    row(code="POST", quantity=1, price="18.0"),
    row(code="D", quantity=-1, price="27.5"),
    row(price="0.0"),
    row("536367", quantity=-3),
    "dirt",
)


def reported(
    *rows: str, refusals: tuple[LedgerRefusal, ...] = (), refused_lines: frozenset[tuple[str, int]] = frozenset()
) -> Report:
    """Report what the plan expects of the ledger."""
    planned = plan(*rows)
    figures = LedgerFigures(
        orders=len(list(planned.orders)),
        transactions=12,
        seconds=1.26,
        money=tuple(planned_money(planned)),
        returns=tuple(planned_returns(planned, WINDOW_SECONDS)),
        refusals=refusals,
        refused_lines=refused_lines,
    )
    return build_report(planned, figures)


def test_the_json_has_the_promised_keys_first_and_money_in_whole_pence():
    report = json.loads(report_as_json(reported(*STORY)))

    assert list(report)[:9] == [
        "lines",
        "lines_by_class",
        "orders",
        "money_by_country",
        "money_by_day",
        "money_by_product",
        "refusals",
        "seconds",
        "transactions",
    ]
    assert (report["lines"], report["orders"], report["transactions"], report["seconds"]) == (12, 2, 12, 1.3)
    assert report["money_by_country"] == {
        "EIRE": {"sold": 1530, "returned": 0},
        "United Kingdom": {"sold": 1865, "returned": 543},
    }
    assert report["money_by_day"] == {
        "2010-12-01": {"sold": 1865, "returned": 0},
        "2010-12-02": {"sold": 1530, "returned": 0},
        "2010-12-15": {"sold": 0, "returned": 543},
    }
    assert report["money_by_product"] == {
        "71053": {"sold": 335, "returned": 33},
        "85123A": {"sold": 3060, "returned": 510},
    }


def test_every_class_is_named_and_those_that_move_no_money_show_their_own_sums():
    report = reported(*STORY)

    assert report.lines_by_class == {
        "ordered": 2,
        "guest_ordered": 1,
        "returned": 2,
        "cancellation_without_purchase": 1,
        "exceeds_purchase": 1,
        "adjustment": 2,
        "zero_price": 1,
        "nonpositive_sale": 1,
        "malformed": 1,
        "refused": 0,
    }
    assert report.sums_by_class == {
        "cancellation_without_purchase": -1275,
        "exceeds_purchase": -1275,
        "adjustment": 1800 - 2750,
        "zero_price": 0,
        "nonpositive_sale": -765,
        "refused": 0,
    }


def test_each_return_says_which_way_it_took():
    report = reported(*STORY)

    assert [(piece.cancellation, piece.order_invoice, piece.order_line, piece.way) for piece in report.returns] == [
        ("C536379", "536365", 1, Way.RETURN),
        ("C536380", "536365", 2, Way.REFUND),
    ]
    assert report.ways_back == {
        "returned_in_window": {"pieces": 1, "pence": 510},
        "refunded_after_window": {"pieces": 1, "pence": 33},
    }


def test_another_price_on_a_returned_line_is_listed_with_the_price_paid():
    (difference,) = reported(*STORY).price_differences

    assert (difference.line_number, difference.invoice, difference.stock_code) == (5, "C536379", "85123A")
    assert (difference.price_on_line, difference.prices_paid) == ("2.10", ("2.55",))
    assert (difference.pence_on_line, difference.pence_refunded) == (420, 510)


def test_a_return_from_two_orders_is_listed_when_one_was_paid_at_another_price():
    report = reported(row(quantity=1), row("536366", quantity=1, price="2.10"), row("C536379", quantity=-2))

    assert [difference.prices_paid for difference in report.price_differences] == [("2.55", "2.10")]


def test_a_day_ends_with_its_last_second():
    report = reported(row(time="2010-12-31 23:59:59"), row("536366", time="2011-01-01 00:00:00"))

    assert {day: sums.sold for day, sums in report.money_by_day.items()} == {"2010-12-31": 1530, "2011-01-01": 1530}


def test_a_line_that_the_ledger_refused_is_no_longer_counted_as_ordered():
    report = reported(*STORY, refused_lines=frozenset({("day.csv", 2)}))

    assert (report.lines, sum(report.lines_by_class.values())) == (12, 12)
    assert (report.lines_by_class["ordered"], report.lines_by_class["refused"]) == (1, 1)
    assert report.sums_by_class["refused"] == 1530


def test_refusals_are_counted_by_number_with_the_first_as_example():
    late = [LedgerRefusal(412, "WINDOW_CLOSED", f"invoice C53638{n}") for n in range(3)]
    report = reported(*STORY, refusals=(*late, LedgerRefusal(301, "BALANCE_TOO_LOW", "invoice 536366")))

    assert [(row.number, row.name, row.times, row.first) for row in report.refusals] == [
        (301, "BALANCE_TOO_LOW", 1, "invoice 536366"),
        (412, "WINDOW_CLOSED", 3, "invoice C536380"),
    ]


def test_the_table_shows_lines_money_and_what_to_look_at():
    shown = report_as_text(reported(*STORY, refusals=(LedgerRefusal(412, "WINDOW_CLOSED", "invoice C536380"),)))

    assert "12 lines, 2 orders, 12 transactions in 1.3 seconds" in shown
    assert "adjustment                         2         -9.50" in shown
    assert "EIRE                15.30           0.00" in shown
    assert "all                 33.95           5.43" in shown
    assert "412 WINDOW_CLOSED, 1 times, first: invoice C536380" in shown
    assert "day.csv:5 C536379 85123A: 2.10 on the line, 2.55 paid" in shown
    assert "day.csv:13 the number of columns is 1, not 8" in shown


def test_the_table_says_how_much_it_leaves_off():
    shown = report_as_text(reported(*(row(code=f"{code}") for code in range(10_000, 10_014)), *["dirt"] * 14))

    assert shown.count("… and 2 more in the JSON") == 2


def test_the_table_of_nothing_can_be_read():
    shown = report_as_text(reported())

    assert shown.startswith("0 lines, 0 orders")
