"""The twenty real days: what they hold, that the oracle agrees on every line, and that the shipped days are true."""

from __future__ import annotations

import random

import pytest

from sogdia.simulate.online_retail import shipped_files
from sogdia.simulate.online_retail.lines import read_files
from sogdia.simulate.online_retail.plan import WINDOW_SECONDS, Way, make_plan
from sogdia.simulate.online_retail.report import LedgerFigures, build_report, planned_money, planned_returns, total_of
from tests.simulate.online_retail.oracle import ALL_FILES, DATA, totals_of

pytestmark = pytest.mark.real("a real retailer's invoices of twenty days")


def reported(paths):
    """Plan some files and report what the ledger should say."""
    planned = make_plan(read_files(paths))
    figures = LedgerFigures(
        orders=len(list(planned.orders)),
        transactions=0,
        seconds=0.0,
        money=tuple(planned_money(planned)),
        returns=tuple(planned_returns(planned, WINDOW_SECONDS)),
    )
    return planned, build_report(planned, figures)


def test_the_twenty_days_come_to_what_the_oracle_says_line_by_line_in_any_order_of_files():
    shuffled = list(ALL_FILES)
    random.Random(3).shuffle(shuffled)

    planned, report = reported(shuffled)
    expected = totals_of(ALL_FILES)

    assert {(line.file, line.line_number): line.line_class.value for line in planned.judged} == expected.class_of
    assert {name: lines for name, lines in report.lines_by_class.items() if lines} == expected.lines_by_class()
    assert pence_of(report.money_by_country) == expected.money_by("country")
    assert pence_of(report.money_by_day) == expected.money_by("day")
    assert pence_of(report.money_by_product) == expected.money_by("product")
    assert {name: sums for name, sums in report.sums_by_class.items() if sums} == {
        name: sums for name, sums in expected.own_sums.items() if sums
    }
    assert {(order.invoice, order.party.removeprefix("C-")) for order in planned.orders if order.party[0] == "C"} == {
        (invoice, customer) for invoice, customer in expected.orders if customer
    }


def test_the_twenty_days_hold_what_we_say_they_hold():
    planned, report = reported(ALL_FILES)

    assert report.lines == 42_481
    assert {name: lines for name, lines in report.lines_by_class.items() if lines} == {
        "ordered": 26_056,
        "guest_ordered": 15_254,
        "returned": 298,
        "cancellation_without_purchase": 394,
        "exceeds_purchase": 6,
        "adjustment": 200,
        "zero_price": 273,
    }
    assert (report.orders, len(planned.parties), len(planned.variants)) == (1550, 1040, 5704)
    assert (total_of(report.money_by_country).sold, total_of(report.money_by_country).returned) == (77_786_564, 819_420)
    assert report.ways_back == {
        "returned_in_window": {"pieces": 293, "pence": 785_090},
        "refunded_after_window": {"pieces": 15, "pence": 34_330},
    }
    assert len(report.price_differences) == 16
    assert max(len(order.lines) for order in planned.orders) == 674


def test_the_shipped_days_are_the_real_ones_and_show_both_ways_back():
    planned, report = reported(shipped_files())

    assert [path.name for path in shipped_files()] == ["2010-12-03.csv", "2010-12-22.csv", "2010-12-23.csv"]
    assert all(path.read_bytes() == (DATA / path.name).read_bytes() for path in shipped_files())
    assert {piece.way for piece in report.returns} == set(Way)
    assert len(planned.files) == 3


def pence_of(table):
    """Give a money table as the report's JSON has it."""
    return {key: {"sold": sums.sold, "returned": sums.returned} for key, sums in table.items()}
