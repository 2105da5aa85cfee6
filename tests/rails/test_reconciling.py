"""Reconciliation: what matches, what differs, what is missing on which side, what stands twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.modules.money import Asset
from sogdia.rails.books import Balances
from sogdia.rails.csv_files import BankRow, TableWrongError, read_bank_table
from sogdia.rails.movements import Movement
from sogdia.rails.reconciling import reconcile
from sogdia.rails.statements import Entry, Statement

if TYPE_CHECKING:
    import random

NOON = 1_700_049_600
TODAY = "2023-11-15"
USD = Asset("USD", b"b" * 20)


def uetr(number):
    """A UETR for an entry."""
    return f"00000000-0000-4000-8000-{number:012}"


def entry(number, units, reference="", day=0):
    """A payment of the ledger."""
    movement = Movement(b"a" * 20, USD, units, 0, b"c" * 20, reference, "GDDS")
    return Entry(number, uetr(number), NOON + 86_400 * day, "Transferred", movement, None)


def statement(*entries: Entry) -> Statement:
    """A statement with these entries."""
    closing = Balances(sum(each.movement.booked for each in entries), 0)
    return Statement(b"a" * 20, USD, NOON, NOON + 86_400, True, 1, NOON, Balances(), closing, entries)  # noqa: FBT003


def row(line, units, reference="", date=TODAY):
    """A line of the institution's."""
    return BankRow(line, date, reference, units)


def test_the_same_reference_and_amount_match_whatever_the_day():
    report = reconcile(statement(entry(1, -100, "a")), [row(2, -100, "a", "2023-11-17")])

    assert report.all_matches
    assert [each.by_reference for each in report.matched] == [True]


@pytest.mark.parametrize("reference", [uetr(1), uetr(1).replace("-", ""), "a"])
def test_a_payment_is_known_by_its_uetr_or_its_payers_reference(reference):
    assert reconcile(statement(entry(1, -100, "a")), [row(2, -100, reference)]).all_matches


def test_without_a_reference_amount_and_day_match_and_that_is_said():
    report = reconcile(statement(entry(1, -100, "a")), [row(2, -100)])

    assert report.all_matches
    assert [each.by_reference for each in report.matched] == [False]


def test_another_day_does_not_match_by_the_amount():
    report = reconcile(statement(entry(1, -100)), [row(2, -100, date="2023-11-16")])

    assert (len(report.missing_there), len(report.missing_here)) == (1, 1)


def test_another_amount_under_the_same_reference_differs():
    report = reconcile(statement(entry(1, -100, "a")), [row(2, -99, "a")])

    assert [(each.entry.number, each.row.line) for each in report.differing] == [(1, 2)]
    assert not report.missing_there
    assert not report.missing_here
    assert not report.all_matches


def test_a_credit_is_not_a_debit():
    report = reconcile(statement(entry(1, -100, "a")), [row(2, 100, "a")])

    assert len(report.differing) == 1


def test_what_one_side_lacks_is_missing_there_or_here():
    report = reconcile(statement(entry(1, -100, "a")), [row(2, 70, "b")])

    assert [each.number for each in report.missing_there] == [1]
    assert [each.line for each in report.missing_here] == [2]


def test_a_line_that_stands_twice_is_a_duplicate():
    report = reconcile(statement(entry(1, -100, "a")), [row(2, -100, "a"), row(3, -100, "a")])

    assert [(again.line, pair.row.line) for again, pair in report.duplicates] == [(3, 2)]
    assert not report.all_matches


def test_the_same_payment_under_both_its_names_is_a_duplicate():
    report = reconcile(statement(entry(1, -100, "a")), [row(2, -100, "a"), row(3, -100, uetr(1))])

    assert [again.line for again, _pair in report.duplicates] == [3]


def test_two_payments_with_one_reference_match_two_lines():
    entries = entry(1, -100, "rent"), entry(2, -100, "rent")

    assert reconcile(statement(*entries), [row(2, -100, "rent"), row(3, -100, "rent")]).all_matches


def test_a_line_with_a_known_reference_is_never_matched_to_another_payment_by_amount():
    report = reconcile(statement(entry(1, -100, "a"), entry(2, -50)), [row(2, -50, "a")])

    assert [(each.entry.number, each.row.line) for each in report.differing] == [(1, 2)]
    assert [each.number for each in report.missing_there] == [2]


@given(
    st.lists(st.tuples(st.integers(-3, 3).filter(bool), st.sampled_from(["", "a", "b", "c"])), max_size=12), st.data()
)
def test_every_line_of_both_sides_is_told_exactly_once(payments, data):
    entries = [entry(number, units, reference) for number, (units, reference) in enumerate(payments, start=1)]
    names = st.sampled_from(["", "a", "b", "x", *(each.uetr for each in entries)])
    lines = data.draw(st.lists(st.tuples(st.integers(-3, 3), names), max_size=12))
    rows = [row(line, units, reference) for line, (units, reference) in enumerate(lines, start=2)]

    report = reconcile(statement(*entries), rows)

    told = [each.entry.number for each in report.matched] + [each.entry.number for each in report.differing]
    told += [each.number for each in report.missing_there]
    assert sorted(told) == [each.number for each in entries]
    told = [each.row.line for each in report.matched] + [each.row.line for each in report.differing]
    told += [again.line for again, _pair in report.duplicates] + [each.line for each in report.missing_here]
    assert sorted(told) == [each.line for each in rows]
    assert all(each.entry.movement.booked == each.row.units for each in report.matched)


@given(st.lists(st.integers(-(10**6), 10**6).filter(bool), max_size=20), st.randoms(use_true_random=False))
def test_books_that_say_the_same_match_in_whatever_order(amounts, chance: random.Random):
    entries = [entry(number, units, f"r{number}") for number, units in enumerate(amounts, start=1)]
    rows = [row(each.number + 1, each.movement.booked, each.movement.reference) for each in entries]
    chance.shuffle(rows)

    assert reconcile(statement(*entries), rows).all_matches


# ----------------------------------------------------------------------------------------------------------- the table


def test_a_table_is_read_by_its_head():
    raw = (
        "\ufeffReference;x,Amount,Date,Currency,Reference\r\n"
        'ignored,-1250.00,2023-11-15,USD,"silk, 17"\r\n'
        "ignored,7,2023-11-15,KWD,other\r\n"
        "\r\n"
        "ignored,+0.5,2023-11-16,USD,'=1+1\r\n"
    ).encode()

    rows = read_bank_table(raw, "USD")

    assert rows == [BankRow(2, "2023-11-15", "silk, 17", -125_000), BankRow(5, "2023-11-16", "=1+1", 50)]


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("", "line 1"),
        ("date,amount\n", "reference"),
        ("date,reference,amount,amount\n", "amount"),
        ("date,reference,amount\n2023-11-15,a\n", "line 2 has 2 cells"),
        ("date,reference,amount\n15.11.2023,a,1\n", "line 2: '15.11.2023' is no date"),
        ("date,reference,amount\n2023-02-30,a,1\n", "is no date"),
        ("date,reference,amount\n2023-11-15,a,1.005\n", "more than the 2 digits"),
        ('date,reference,amount\n2023-11-15,a,"1,000.00"\n', "is no amount"),
        ("date,reference,amount\n2023-11-15,a,1e3\n", "is no amount"),
        ("date,reference,amount\n2023-11-15,a,٣\n", "is no amount"),
        ("date,reference,amount\n2023-11-15,a,\n", "is no amount"),
        ('date,reference,amount\n2023-11-15,"a,1\n', "line"),
    ],
)
def test_a_table_that_cannot_be_read_is_said_with_its_line(table, why):
    with pytest.raises(TableWrongError, match=why):
        read_bank_table(table.encode(), "USD")


def test_a_table_that_is_not_utf_8_is_said_to_be_so():
    with pytest.raises(TableWrongError, match="UTF-8"):
        read_bank_table("date,reference,amount\n2023-11-15,Zürich,1\n".encode("latin-1"), "USD")


def test_a_table_has_a_limit(monkeypatch):
    monkeypatch.setattr("sogdia.rails.csv_files.ROWS_MAX", 2)

    with pytest.raises(TableWrongError, match="more than 2"):
        read_bank_table(b"date,reference,amount\n" + b"2023-11-15,a,1\n" * 3, "USD")
