"""Lists come a page at a time on both databases, and a cursor that was changed is noticed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogdia.index import following
from sogdia.index.cursors import CURSOR_CHARACTERS, Cursors, CursorWrongError, Place
from sogdia.index.database import open_engine
from sogdia.index.reading import chain, series, trade
from sogdia.index.reading.pages import ROWS_MAX, Pages
from sogdia.index.schema import position_of
from sogdia.kernel.values import UNITS_MAX, name_of
from sogdia.modules.money.transfers import Transfer
from tests.index.recorder import RecordedSource, RecordingLedger

if TYPE_CHECKING:
    from collections.abc import Callable

NETWORK = bytes(range(32))


@pytest.fixture
def connection(read_only):
    engine = open_engine(read_only)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def whole(pages, connection, limit, **filters):  # noqa: ANN003 - a column each
    """Join all pages of a list."""
    rows, cursor = [], None
    while True:
        page = pages.read(connection, cursor=cursor, limit=limit, **filters)
        rows += page.rows
        cursor = page.next
        if cursor is None:
            return rows


LISTS: dict[str, tuple[Pages[Any], Callable[[RecordingLedger], dict[str, Any]]]] = {
    "blocks": (chain.BLOCK_PAGES, lambda _ledger: {}),
    "results": (chain.RESULT_PAGES, lambda _ledger: {}),
    "facts": (chain.FACT_PAGES, lambda _ledger: {}),
    "facts of a kind": (chain.FACTS_OF_KIND, lambda _ledger: {"tag": 410}),
    "refusals": (chain.REFUSAL_PAGES, lambda _ledger: {"code": 326}),
    "account": (chain.RESULTS_OF_ACCOUNT, lambda ledger: {"account": ledger.account("nairobi")}),
    "parties": (trade.PARTY_PAGES, lambda _ledger: {}),
    "parties of a country": (trade.PARTIES_OF_COUNTRY, lambda _ledger: {"country": "KZ"}),
    "paid": (trade.TRANSFERS_BY_PAYER, lambda ledger: {"payer": ledger.account("nairobi")}),
    "received": (trade.TRANSFERS_BY_PAYEE, lambda ledger: {"payee": ledger.account("bukhara")}),
    "holds": (trade.HOLDS_BY_PAYER, lambda ledger: {"payer": ledger.account("nairobi")}),
    "listings": (trade.LISTING_PAGES, lambda _ledger: {}),
    "listings of a merchant": (trade.LISTINGS_OF_MERCHANT, lambda ledger: {"merchant": ledger.account("bukhara")}),
    "orders of a buyer": (trade.ORDERS_OF_BUYER, lambda ledger: {"buyer": ledger.account("nairobi")}),
    "orders of a carrier": (trade.ORDERS_OF_CARRIER, lambda ledger: {"carrier": ledger.account("carrier")}),
    "orders of a merchant": (trade.ORDERS_OF_MERCHANT, lambda ledger: {"merchant": ledger.account("bukhara")}),
}


@pytest.mark.parametrize("name", LISTS)
def test_pages_join_without_gaps_or_doubles(connection, played, name):
    pages, filters = LISTS[name]
    chosen = filters(played)

    at_once = whole(pages, connection, ROWS_MAX, **chosen)

    assert at_once or name == "refusals"
    for limit in (1, 2, 3):
        assert whole(pages, connection, limit, **chosen) == at_once


def test_a_page_has_a_row_at_least_and_a_hundred_at_most(connection):
    assert len(chain.FACT_PAGES.read(connection, limit=0).rows) == 1
    assert len(chain.FACT_PAGES.read(connection, limit=10**9).rows) <= ROWS_MAX


def test_a_transaction_is_found_by_its_id_with_its_facts(connection, played):
    (newest,) = trade.ORDERS_OF_BUYER.read(connection, buyer=played.account("nairobi"), limit=1).rows
    at = chain.results_of_block(connection, newest.placed >> 20)

    result = chain.RESULT_BY_ID.read(connection, at[newest.placed % 2**20].id)

    assert result is not None
    assert result.position == newest.placed == position_of(result.height, 0)
    assert result.operations.split() == ["PlaceOrderAtRate"] * 2
    facts = chain.facts_of_result(connection, result.position)
    assert [fact.name for fact in facts] == ["RateLocked", "OrderPlaced"] * 2
    assert json.loads(facts[3].fields)["order"] == newest.order.hex()
    assert chain.RESULT_BY_ID.read(connection, bytes(32)) is None


def test_a_refusal_states_the_values_that_were_compared(connection):
    refused = [row for row in whole(chain.RESULT_PAGES, connection, 50) if row.code]

    assert any(json.loads(row.facts) for row in refused)
    for row in refused:
        assert row in whole(chain.REFUSAL_PAGES, connection, 50, code=row.code)


def test_a_block_is_found_by_height_and_hash(connection, played):
    block = chain.BLOCK_BY_HEIGHT.read(connection, 3)

    assert block is not None
    assert block == chain.BLOCK_BY_HASH.read(connection, played.hashes[2])
    assert (block.hash, block.size) == (played.hashes[2], len(played.raws[2]))
    assert chain.BLOCK_BY_HEIGHT.read(connection, 10**6) is None


def test_a_listing_has_its_variants_and_currencies_their_supply(connection, played):
    silk = name_of(played.account("bukhara"), "silk")

    listing = trade.LISTING_BY_NAME.read(connection, silk)

    assert listing is not None
    assert (listing.title, listing.language, listing.unit) == ("Бухарский silk", "ru", "C62")
    assert [(row.variant, row.price) for row in trade.variants(connection, silk)] == [(1, 19_995)]
    assert {row.currency: row.supply for row in trade.currencies(connection)}["EUR"] == 900


def test_sums_by_hour_and_by_day_agree_with_the_lists(connection, played):
    measured: tuple[tuple[series.Measure, str, int], ...] = (
        ("envelopes", "", sum(row.envelopes for row in whole(chain.BLOCK_PAGES, connection, 100))),
        ("exits", "", sum(row.exits for row in whole(chain.BLOCK_PAGES, connection, 100))),
        ("events", "OrderPlaced", len(whole(chain.FACTS_OF_KIND, connection, 100, tag=410))),
    )
    for measure, subject, expected in measured:
        days = series.series(connection, measure, until=played.time, subject=subject, span="day", buckets=400)
        assert sum(days.count) == expected
    usd = f"USD/{played.account('bank').hex()}"
    assert usd in series.subjects(connection, "orders")
    placed = series.series(connection, "orders", until=played.time, subject=usd, span="day", buckets=400)
    orders = whole(trade.ORDERS_OF_BUYER, connection, 100, buyer=played.account("nairobi"))
    assert sum(placed.units) == sum(row.paid_price + row.paid_freight + row.paid_tax for row in orders)
    codes = series.subjects(connection, "refusals")
    refused = [row.code for row in whole(chain.RESULT_PAGES, connection, 100) if row.code]
    assert sorted(map(int, codes)) == sorted(set(refused))


def test_buckets_stand_where_the_hour_begins(connection, played):
    hours = series.series(connection, "envelopes", until=played.time, buckets=10**9)

    assert len(hours.count) == series.BUCKETS_MAX
    assert hours.start % 3_600 == 0
    assert hours.start + series.BUCKETS_MAX * 3_600 > played.time >= hours.start + (series.BUCKETS_MAX - 1) * 3_600
    assert series.lag(connection, until=played.time).units == [0] * 48


@pytest.mark.parametrize("name", LISTS)
def test_a_page_is_read_along_an_index_without_sorting(played, tmp_path, name):
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    following.build(RecordedSource(played), url)
    pages, filters = LISTS[name]
    engine = open_engine(url)
    asked = {"below": 1, "below_second": 1, "rows": 5} | filters(played)

    with engine.connect() as connection:
        statement = pages._statement.compile(engine)
        wanted = [asked.get(parameter, 0) for parameter in statement.positiontup or ()]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(wanted)).all()
    engine.dispose()

    steps = [row[3] for row in plan]
    assert all(step.startswith("SEARCH") for step in steps), steps


@pytest.mark.parametrize("beyond", [2**63, -(2**63), 10**30])
def test_a_number_that_no_database_holds_finds_nothing(connection, beyond):
    assert chain.BLOCK_BY_HEIGHT.read(connection, beyond) is None
    assert chain.FACTS_OF_KIND.read(connection, tag=beyond).rows == []
    assert trade.PARTIES_OF_COUNTRY.read(connection, country="K\x00").rows == []


def test_sums_may_pass_64_bits(database):
    currency = {"currency": "USD", "issuer": "bank", "supply_max": UNITS_MAX, "holder_max": UNITS_MAX}
    ledger = RecordingLedger(money={"currencies": [currency]})
    ledger.fund("nairobi", UNITS_MAX)
    for payer, payee in (("nairobi", "bukhara"), ("bukhara", "nairobi")) * 3:
        pay = Transfer(
            to=ledger.account(payee), asset=ledger.asset(), units=UNITS_MAX, purpose="GDDS", end_to_end="Счёт 17"
        )
        ledger.must(payer, pay)
        following.build(RecordedSource(ledger), database)

    engine = open_engine(database)
    with engine.connect() as connection:
        asset = f"USD/{ledger.account('bank').hex()}"
        paid = series.series(connection, "transfers", until=ledger.time, subject=asset)
        assert (sum(paid.count), sum(paid.units)) == (6, 6 * UNITS_MAX)
        assert [row.supply for row in trade.currencies(connection)] == [UNITS_MAX]
    engine.dispose()


# ----------------------------------------------------------------------------------------------------------- cursors


@given(number=st.integers(0, 2**63 - 1), second=st.integers(0, 2**31 - 1))
def test_a_cursor_says_again_what_was_written(number, second):
    cursors = Cursors(NETWORK, "blocks")

    written = cursors.write(Place(number, second))

    assert len(written) <= CURSOR_CHARACTERS
    assert cursors.read(written) == Place(number, second)


@given(number=st.integers(0, 2**63 - 1), at=st.integers(0, 26), letter=st.characters(max_codepoint=0x2FF))
def test_a_cursor_that_was_changed_is_refused(number, at, letter):
    cursors = Cursors(NETWORK, "blocks")
    written = cursors.write(Place(number))
    changed = written[:at] + letter + written[at + 1 :]
    if changed == written:
        return

    with pytest.raises(CursorWrongError, match="first page"):
        cursors.read(changed)


@pytest.mark.parametrize("text", ["", "x", "=", "A" * 27, "A" * 10_000, "é" * 27, "\x00", " " * 27])
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(CursorWrongError):
        Cursors(NETWORK, "blocks").read(text)


def test_a_cursor_belongs_to_one_network_one_list_and_its_filters():
    written = Cursors(NETWORK, "orders", b"nairobi").write(Place(7))

    for other in (
        Cursors(bytes(32), "orders", b"nairobi"),
        Cursors(NETWORK, "listings", b"nairobi"),
        Cursors(NETWORK, "orders", b"mombasa"),
        Cursors(NETWORK, "orders"),
    ):
        with pytest.raises(CursorWrongError):
            other.read(written)


def test_refusals_are_counted_since_the_beginning_by_their_number(connection):
    counted = dict(series.totals(connection, "refusals"))

    refused = [each for each in whole(chain.RESULT_PAGES, connection, ROWS_MAX) if each.code]
    codes = [each.code for each in refused]
    assert counted == {str(code): codes.count(code) for code in set(codes)}


def test_an_issuer_is_shown_with_its_currencies_alone(connection, played):
    bank = played.account("bank")

    found = trade.currencies_of(connection, bank)

    assert found == [each for each in trade.currencies(connection) if each.issuer == bank]
    assert found
    assert trade.currencies_of(connection, played.account("nairobi")) == []


def test_the_hold_of_a_name_is_the_last_one_that_had_been_placed_by_then(connection, played):
    for each in whole(trade.HOLDS_BY_PAYER, connection, ROWS_MAX, payer=played.account("nairobi")):
        assert trade.hold_at(connection, each.hold, each.placed) == each
        assert trade.hold_at(connection, each.hold, each.placed - 1) != each
    assert trade.hold_at(connection, played.account("nairobi") + b"none", 2**62) is None
