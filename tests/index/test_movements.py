"""Statements from the index are those from all blocks, entry by entry, wherever the index stands; damage is noticed."""

from __future__ import annotations

import random
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from sogdia.index import following
from sogdia.index.batch import Batch
from sogdia.index.database import open_engine
from sogdia.index.projections.movements import HOLDINGS, MOVEMENTS
from sogdia.index.reading import movements as reading
from sogdia.index.reading.movements import begin, holdings_of, holdings_page
from sogdia.index.writer import IndexWriter
from sogdia.kernel.stored_block import decode_block
from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, DeclineOrder, SettleOrder, ShipOrder
from sogdia.modules.market.returns import RefundLines
from sogdia.modules.money import BALANCES, Asset
from sogdia.modules.money.holds import PlaceHold
from sogdia.modules.money.transfers import Transfer
from sogdia.rails.books import Balances, Book
from sogdia.rails.looking_up import fact_of, height_in
from sogdia.rails.statements import Account, Period, StatementUnbalancedError, TooManyEntriesError, compare
from sogdia.testing.ledger import START
from tests.index.recorder import RecordedSource, RecordingLedger, dump
from tests.index.test_projections import assert_same_orders
from tests.modules.market.at_a_rate import at_rate
from tests.modules.market.backed import ALL, COVER_POINTS, FALLEN_FURTHER, WHOLE, backed_shop, placed, sells_back
from tests.modules.market.shop import BUYER, MERCHANT, order, order_name, quantities
from tests.network.random_life import RandomLife
from tests.properties import random_trade
from tests.rails.test_steps_told import told_town
from tests.rails.watched import balances_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Table

DAY = 86_400
STEPS = 900


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection to read an index by."""
    engine = open_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def walked(seed: int, monkeypatch: pytest.MonkeyPatch) -> RecordingLedger:
    """A ledger on which everything was done at random, with its blocks."""
    monkeypatch.setattr(random_trade, "Ledger", RecordingLedger)
    life = RandomLife(seed)
    for _ in range(STEPS):
        life.step()
    assert isinstance(life.ledger, RecordingLedger)
    return life.ledger


def accounts_of(ledger: RecordingLedger) -> list[bytes]:
    """Everybody with money."""
    return sorted({account for account, _asset in balances_of(ledger)})


def from_all_blocks(ledger: RecordingLedger, account: bytes, period: Period) -> Account:
    """Statements in the making, by every block from the first on."""
    book = Book(ledger.network)
    making = Account(account, period, book)
    for told in book.read(ledger.raws):
        making.take(told)
    return making


def from_the_index(connection: Connection, ledger: RecordingLedger, account: bytes, period: Period) -> Account:
    """Statements in the making, by the index and the blocks behind it."""
    book, making = begin(connection, account, period)
    for told in book.read(ledger.raws[book.height :]):
        making.take(told)
    return making


def periods(ledger: RecordingLedger, chance: random.Random) -> list[Period]:
    """Days at the edges and in the midst of what happened, whole and cut at a second with a block in it."""
    last = ledger.time
    cut = sorted(chance.choices(range(START, last + 1), k=2))
    return [Period(0, START), Period(START, last), Period(cut[0], cut[1] + 1), Period(last, last + DAY)]


def stated(making: Account, ledger: RecordingLedger) -> Any:  # noqa: ANN401 - statements with all their entries
    """The statements, and what the account has."""
    present = {asset: each for asset, each in making.present.items() if each != Balances()}
    return making.statements(len(ledger.raws), ledger.time), present


@pytest.mark.parametrize("number", range(3))
def test_both_ways_give_the_same_statements_wherever_the_index_stands(tmp_path, rotation, monkeypatch, number):
    chance = random.Random(f"{rotation} {number}")
    ledger = walked(chance.randrange(2**32), monkeypatch)
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    days, entries = periods(ledger, chance), 0
    whole = {
        (account, period): stated(from_all_blocks(ledger, account, period), ledger)
        for account in accounts_of(ledger)
        for period in days
    }

    with closing(IndexWriter(url, ledger.genesis_json())) as writer:
        for height in (0, *sorted(chance.sample(range(1, len(ledger.raws)), 2)), len(ledger.raws)):
            while writer.stand.height < height:
                batch = chance.randint(1, 40)
                writer.write(ledger.raws[writer.stand.height : min(height, writer.stand.height + batch)])
            with connected(url) as connection:
                for (account, period), wanted in whole.items():
                    made = from_the_index(connection, ledger, account, period)
                    assert stated(made, ledger) == wanted
                    compare(account, made.present, balances_of(ledger))
                    entries += sum(len(each.entries) for each in wanted[0])

    assert entries


def test_what_was_exchanged_and_returned_is_remembered_over_the_end_of_the_index(tmp_path):
    """Rates, bonds, covers and late refunds: what one half of the blocks says, the other needs."""
    ledger = backed_shop(kind=RecordingLedger)
    assert isinstance(ledger, RecordingLedger)
    refused = placed(ledger)
    ledger.must(MERCHANT, AcceptOrder(order=refused, declined=(1,)))
    ledger.must(MERCHANT, DeclineOrder(order=refused))
    name = order_name(ledger, "o2")
    ledger.must(BUYER, at_rate(ledger, order(ledger, reference="o2"), cover=COVER_POINTS, pay_at_most=WHOLE))
    ledger.must(MERCHANT, AcceptOrder(order=name))
    ledger.must(MERCHANT, ShipOrder(order=name))
    sells_back(ledger, FALLEN_FURTHER)
    ledger.must(MERCHANT, RefundLines(order=name, lines=quantities(*ALL), return_cause=Cause.MERCHANT))
    ledger.must(BUYER, ConfirmDelivery(order=name))
    ledger.must(BUYER, SettleOrder(order=name))
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    always = Period(0, ledger.time + 1)
    wanted = {each: stated(from_all_blocks(ledger, each, always), ledger) for each in accounts_of(ledger)}

    for raw in ledger.raws:
        with closing(IndexWriter(url, ledger.genesis_json())) as writer:
            writer.write([raw])
        with connected(url) as connection:
            for account, statements in wanted.items():
                assert stated(from_the_index(connection, ledger, account, always), ledger) == statements

    assert any(entry.exchange for statements, _now in wanted.values() for each in statements for entry in each.entries)


def test_a_hold_that_ran_out_is_told_before_the_next_one_under_its_name(tmp_path):
    ledger = RecordingLedger()
    for code in ("USD", "KWD"):
        ledger.fund(BUYER, 500, code)
    for code, units, later in (("USD", 100, 0), ("KWD", 200, DAY + 60), ("USD", 300, 3 * DAY)):
        ledger.time += later
        holding = PlaceHold(
            reference="h", payee=ledger.account(MERCHANT), asset=ledger.asset(code), units=units,
            deadline=ledger.time + DAY, purpose="GDDS",
        )  # fmt: skip
        ledger.must(BUYER, holding)
    assert ledger.last_block.exits_after == [0]
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    with closing(IndexWriter(url, ledger.genesis_json())) as writer:
        writer.write(ledger.raws)

    buyer, always = ledger.account(BUYER), Period(0, ledger.time + 1)
    with connected(url) as connection:
        made = from_the_index(connection, ledger, buyer, always)

    compare(buyer, made.present, balances_of(ledger))
    statements = stated(made, ledger)
    assert statements == stated(from_all_blocks(ledger, buyer, always), ledger)
    references = [entry.uetr for each in statements[0] for entry in each.entries]
    assert len(set(references)) == len(references) == 7
    for height, raw in enumerate(ledger.raws, 1):
        block = decode_block(raw)
        told = [each for each in references if height_in(ledger.network, each) == height]
        assert all(fact_of(block, ledger.network, each) is not None for each in told)


class Quiet(RecordingLedger):
    """A ledger whose books are looked at in the end."""

    def agrees(self) -> None:
        """Later."""


def test_orders_in_steps_are_the_same_by_both_ways(tmp_path):
    ledger = told_town(Quiet).ledger
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    period = Period(START, ledger.time)

    with closing(IndexWriter(url, ledger.genesis_json())) as writer:
        writer.write(ledger.raws[: len(ledger.raws) // 2])
        with connected(url) as connection:
            for account in accounts_of(ledger):
                made = from_the_index(connection, ledger, account, period)
                assert stated(made, ledger) == stated(from_all_blocks(ledger, account, period), ledger)
                compare(account, made.present, balances_of(ledger))
        writer.write(ledger.raws[len(ledger.raws) // 2 :])
        with connected(url) as connection:
            for account in accounts_of(ledger):
                has = {asset: each for asset, each in holdings_of(connection, account).items() if each != Balances()}
                assert has == {asset: each for (owner, asset), each in balances_of(ledger).items() if owner == account}
    assert_same_orders(url, ledger.state)


def test_what_everybody_has_by_the_index_is_what_the_ledger_says_after_every_block(tmp_path, rotation, monkeypatch):
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    compared = 0

    class Followed(RecordingLedger):
        def seal(self, *parts: Any) -> None:  # noqa: ANN401 - as a recording ledger
            nonlocal compared
            super().seal(*parts)
            if len(self.raws) == 1:
                self.writer = IndexWriter(url, self.genesis_json())
            self.writer.write(self.raws[-1:])
            with connected(url) as connection:
                found = {row.holding: (row.available, row.held) for row in connection.execute(HOLDINGS.select())}
            own = {key: (each.available, each.held) for key, each in BALANCES.items(self.state)}
            assert {key: each for key, each in found.items() if any(each)} == {
                key: each for key, each in own.items() if any(each)
            }
            compared += 1

    monkeypatch.setattr(random_trade, "Ledger", Followed)
    life = RandomLife(rotation)
    for _ in range(STEPS // 3):
        life.step()
    assert isinstance(life.ledger, Followed)
    life.ledger.writer.close()

    assert compared > STEPS // 10


def test_a_batch_that_breaks_off_leaves_nothing_in_what_is_remembered(database, rotation, monkeypatch, tmp_path):
    chance = random.Random(rotation)
    ledger = walked(chance.randrange(2**32), monkeypatch)
    anew = f"sqlite:///{tmp_path / 'anew.sqlite'}"
    following.build(RecordedSource(ledger), anew)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    append = Batch.append

    def fail_at_a_movement(batch: Batch, table: Table, *values: Any) -> None:  # noqa: ANN401 - any row
        if table is MOVEMENTS:
            raise KeyboardInterrupt
        append(batch, table, *values)

    with closing(IndexWriter(database, ledger.genesis_json())) as writer:
        while writer.stand.height < len(ledger.raws):
            batch = ledger.raws[writer.stand.height :][: chance.randint(1, 60)]
            if chance.random() < 0.5:
                with monkeypatch.context() as patched:
                    # At the end of a batch, or while its movements are being written down.
                    patched.setattr(*chance.choice([(writer, "_move", fail), (Batch, "append", fail_at_a_movement)]))
                    with suppress(KeyboardInterrupt):
                        writer.write(batch)
                        continue  # nobody had any money moved in these blocks
            writer.write(batch)

    assert rows_of(database) == rows_of(anew)


def rows_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that an index says of the ledger."""
    engine = open_engine(url)
    found = dump(engine)
    engine.dispose()
    return found


# ----------------------------------------------------------------------------------------------------------- on damage


@pytest.fixture
def paid(database):
    """A ledger with three payments of Nairobi's on three days, and its index."""
    ledger = RecordingLedger()
    ledger.fund("nairobi", 1_000)
    for day in range(3):
        asset, to = ledger.asset(), ledger.account("bukhara")
        paid = Transfer(to=to, asset=asset, units=10 + day, purpose="GDDS", end_to_end=f"d{day}")
        ledger.must("nairobi", paid, at=START + (day + 1) * DAY)
    following.build(RecordedSource(ledger), database)
    return ledger, database


MIDDLE = Period(START + 2 * DAY, START + 3 * DAY)


def change(url: str, statement: str) -> None:
    """Change the index behind its writer's back."""
    engine = open_engine(url, writing=True)
    with engine.begin() as connection:
        changed = connection.execute(text(statement))
        assert changed.rowcount > 0
    engine.dispose()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM movements WHERE reference = 'd1'",
        "DELETE FROM movements WHERE reference = 'd2'",
        "UPDATE movements SET available = available - 1 WHERE reference = 'd1'",
        "UPDATE movements SET available_after = available_after + 1 WHERE reference = 'd0'",
        "UPDATE movements SET held_after = held_after + 1 WHERE reference = 'd2'",
        "UPDATE holdings SET available = available + 1",
        "DELETE FROM movements",
    ],
)
def test_rows_that_do_not_join_are_not_believed(paid, damage):
    ledger, url = paid
    with connected(url) as connection:
        assert stated(begin(connection, ledger.account("nairobi"), MIDDLE)[1], ledger)

    change(url, damage)

    with connected(url) as connection, pytest.raises(StatementUnbalancedError, match="rebuild"):
        begin(connection, ledger.account("nairobi"), MIDDLE)


def test_a_statement_from_the_index_has_the_same_limit(paid, monkeypatch):
    ledger, url = paid
    monkeypatch.setattr(reading, "ENTRIES_MAX", 2)

    with connected(url) as connection, pytest.raises(TooManyEntriesError):
        begin(connection, ledger.account("nairobi"), Period(0, START + 9 * DAY))


def test_one_money_alone_can_be_asked_for(paid):
    ledger, url = paid
    account, dollars = ledger.account("nairobi"), ledger.asset()

    with connected(url) as connection:
        _book, making = begin(connection, account, MIDDLE, dollars)
        _book, other = begin(connection, account, MIDDLE, ledger.asset("KWD"))

    (statement,) = making.statements(len(ledger.raws), ledger.time)
    assert [each.movement.reference for each in statement.entries] == ["d1"]
    assert other.statements(len(ledger.raws), ledger.time) == []


def test_all_the_money_that_there_can_be_fits_into_a_row(database):
    ledger = RecordingLedger()
    key = {"holding": bytes(43), "time": 1, "position": 1, "number": 1, "fact": "", "reference": "", "purpose": ""}
    most = 2 * UNITS_MAX
    row = key | {"available": -most, "held": most, "available_after": most, "held_after": -most}
    IndexWriter(database, ledger.genesis_json()).close()
    engine = open_engine(database, writing=True)

    with engine.begin() as connection:
        connection.execute(MOVEMENTS.insert(), row)
        found = connection.execute(MOVEMENTS.select()).one()

    assert (found.available, found.held, found.available_after, found.held_after) == (-most, most, most, -most)
    engine.dispose()


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_what_an_account_has_comes_in_pages_that_join(read_only, played, limit):
    with connected(read_only) as connection:
        for account in accounts_of(played):
            rows, after = [], b""
            while True:
                page = holdings_page(connection, account, after, limit)
                rows += page.rows
                assert len(page.rows) <= limit
                assert page.height == len(played.raws)
                if page.next is None:
                    break
                after = page.next
            found = {Asset(each.currency, each.issuer): Balances(each.available, each.held) for each in rows}
            assert len(found) == len(rows)
            assert found == holdings_of(connection, account)
