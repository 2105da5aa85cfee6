"""Statements: they balance over whatever happens, agree with the ledger, and are refused loudly when they do not."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from itertools import pairwise

import html5lib
import pytest

from sogdia.client.codes import account_code
from sogdia.client.locales import read_locale
from sogdia.modules.money import Asset, balance
from sogdia.modules.money.holds import PlaceHold, ReleaseHold
from sogdia.modules.money.transfers import Transfer
from sogdia.rails import statements as room
from sogdia.rails.books import Balances, Book
from sogdia.rails.camt import statement_message
from sogdia.rails.csv_files import statements_csv
from sogdia.rails.pages import statements_page
from sogdia.rails.statements import Account, Period, StatementUnbalancedError, TooManyEntriesError, compare
from sogdia.testing.ledger import START
from tests.rails.walks import PayingLedger, walk
from tests.rails.watched import balances_of

DAY = 86_400
MIDNIGHT = START // DAY * DAY
TODAY = Period(MIDNIGHT, MIDNIGHT + DAY)
TOMORROW = Period(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)


def making(ledger, who, period):
    """Feed an account's statements with all that was told."""
    account = who if isinstance(who, bytes) else ledger.account(who)
    made = Account(account, period, ledger.book)
    for told in ledger.told:
        made.take(told)
    return made


def stated(ledger, who, period=TODAY):
    """An account's statements."""
    return making(ledger, who, period).statements(ledger.height, ledger.time)


def transfer(ledger, units, reference="silk-17", to="bukhara"):
    """A payment in dollars."""
    asset = ledger.asset()
    return Transfer(to=ledger.account(to), asset=asset, units=units, purpose="GDDS", end_to_end=reference)


def hold(ledger, units, reference="h1"):
    """Money set aside for Bukhara for an hour."""
    return PlaceHold(
        reference=reference,
        payee=ledger.account("bukhara"),
        asset=ledger.asset(),
        units=units,
        deadline=ledger.time + 3_600,
        purpose="GDDS",
    )


@pytest.fixture
def ledger():
    """A ledger whose blocks are read, on which Nairobi has a thousand dollars."""
    made = PayingLedger()
    made.fund("nairobi", 100_000)
    return made


def test_a_day_opens_with_what_was_there_and_closes_with_what_is(ledger):
    ledger.must("nairobi", transfer(ledger, 1_250))
    ledger.must("nairobi", hold(ledger, 3_000))

    (today,) = stated(ledger, "nairobi")

    assert (today.opening, today.closing) == (Balances(), Balances(95_750, 3_000))
    assert [each.movement.booked for each in today.entries] == [100_000, -1_250, 0]
    assert not today.is_over


def test_the_next_day_begins_where_the_last_one_ended(ledger):
    ledger.must("nairobi", transfer(ledger, 1_250))
    ledger.must("nairobi", transfer(ledger, 50), at=MIDNIGHT + DAY - 1)
    ledger.must("nairobi", transfer(ledger, 70), at=MIDNIGHT + DAY)

    (today,) = stated(ledger, "nairobi")
    (tomorrow,) = stated(ledger, "nairobi", TOMORROW)

    assert today.is_over
    assert today.closing == tomorrow.opening == Balances(98_700, 0)
    assert [each.movement.booked for each in tomorrow.entries] == [-70]
    assert not tomorrow.is_over


def test_a_quiet_day_is_stated_too(ledger):
    ledger.block(at=MIDNIGHT + 2 * DAY)

    (tomorrow,) = stated(ledger, "nairobi", TOMORROW)

    assert tomorrow.opening == tomorrow.closing == Balances(100_000, 0)
    assert tomorrow.entries == ()
    assert tomorrow.is_over


def test_what_is_set_aside_and_goes_home_changes_nothing_in_what_is_owned(ledger):
    ledger.must("nairobi", hold(ledger, 3_000))
    name = ledger.account("nairobi") + b"h1"
    ledger.must("bukhara", ReleaseHold(hold=name))

    (today,) = stated(ledger, "nairobi")

    assert [each.movement.booked for each in today.booked] == [100_000]
    assert [each.movement.held for each in today.entries] == [0, 3_000, -3_000]
    assert b"<Cd>INFO</Cd>" in statement_message([today], ledger.network)


@pytest.mark.parametrize("number", range(2))
def test_whatever_happens_every_account_has_statements_that_chain_and_agree(number, rotation, monkeypatch):
    ledger = walk(rotation + number, 1_000, monkeypatch)
    first, last = ledger.told[0].time, ledger.time
    cuts = [first - 1, (2 * first + last) // 3, (first + 2 * last) // 3, last + 1]
    own = balances_of(ledger)

    for account in sorted({key[0] for key in ledger.holdings}):
        chained: dict[Asset, Balances] = {}
        for since, until in pairwise(cuts):
            made = making(ledger, account, Period(since, until))
            compare(account, made.present, own)
            for each in made.statements(ledger.height, ledger.time):
                assert each.opening == chained.get(each.asset, Balances())
                chained[each.asset] = each.closing
        for asset, closing in chained.items():
            found = balance(ledger.state, account, asset)
            assert closing == Balances(found.available, found.held)


def test_an_entry_that_is_missing_is_not_printed_over(ledger):
    ledger.must("nairobi", transfer(ledger, 1_250))
    (today,) = stated(ledger, "nairobi")

    with pytest.raises(StatementUnbalancedError, match="opening and 1 entries"):
        today._replace(entries=today.entries[1:]).check()


@pytest.mark.parametrize("wrong", [Balances(99_999, 1), Balances(100_001, 0), Balances()])
def test_books_that_do_not_agree_with_the_ledger_are_not_printed(ledger, wrong):
    account, asset = ledger.account("nairobi"), ledger.asset()
    made = making(ledger, "nairobi", TODAY)
    compare(account, made.present, {(account, asset): Balances(100_000, 0)})

    with pytest.raises(StatementUnbalancedError, match=r"by its facts .* 1000\.00 USD and 0\.00 set aside"):
        compare(account, made.present, {(account, asset): wrong})


def test_books_are_read_in_order(ledger):
    book = Book(ledger.network)

    with pytest.raises(ValueError, match="block 2 does not follow block 0"):
        list(book.block(2, START, ()))


def test_a_statement_has_a_limit(ledger, monkeypatch):
    monkeypatch.setattr(room, "ENTRIES_MAX", 2)
    for _ in range(2):
        ledger.must("nairobi", transfer(ledger, 1))

    with pytest.raises(TooManyEntriesError):
        stated(ledger, "nairobi")


# --------------------------------------------------------------------------------------------------------- other forms


def test_the_table_adds_up_by_its_own_numbers(rotation, monkeypatch):
    ledger = walk(rotation, 1_000, monkeypatch)
    for account in sorted({key[0] for key in ledger.holdings}):
        made = stated(ledger, account, Period(START - START % DAY, ledger.time + 1))
        rows = list(csv.DictReader(io.StringIO(statements_csv(made))))

        sums: dict[tuple[str, str], Decimal] = {}
        for row in rows:
            money = row["currency"], row["issuer"]
            owned = Decimal(row["available"]) + Decimal(row["set_aside"])
            if row["row"] == "opening":
                sums[money] = owned
            sums[money] += Decimal(row["amount"] or 0)
            assert owned == sums[money], row


@pytest.mark.parametrize("reference", ["=1+1", "+1", "-1", "@x", '=HYPERLINK("http://192.0.2.1","x")'])
def test_a_reference_that_a_spreadsheet_would_run_is_shown_instead(ledger, reference):
    ledger.must("nairobi", transfer(ledger, 1, reference))

    rows = list(csv.DictReader(io.StringIO(statements_csv(stated(ledger, "nairobi")))))

    assert rows[2]["reference"] == f"'{reference}"


def test_a_reference_is_text_on_the_page_too(ledger):
    ledger.must("nairobi", transfer(ledger, 123_45, "<script>alert(1)</script>"))
    ledger.must("nairobi", transfer(ledger, 1, "a&b"))

    page = statements_page(stated(ledger, "nairobi"), account_code, str, read_locale("en"))

    assert "<script" not in page
    html5lib.HTMLParser(strict=True).parse(page)
    assert "-123.45" in page
    assert "987.54" not in page
    assert "876.54" in page
