"""What the tables say is what the ledger says, although the index never asks the ledger's state."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing

import msgspec
import pytest
from sqlalchemy import select

from sogdia.index import following
from sogdia.index.blocks import BlockReader
from sogdia.index.database import open_engine
from sogdia.index.declared import DeclaredEvents
from sogdia.index.projections import market, money
from sogdia.index.projections.identity import PARTIES as PARTY_ROWS
from sogdia.index.schema import EVENTS, INVOLVED, RESULTS, STATE
from sogdia.index.writer import IndexWriter
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.machine import Result
from sogdia.kernel.receipt import Receipt, encode_receipt
from sogdia.kernel.values import name_of, owner_of
from sogdia.modules import ALL
from sogdia.modules.market.orders import OrderLine, PlaceOrder
from sogdia.modules.market.records import CLOSED_ORDERS, LISTINGS, ORDERS, TERMS, VARIANTS, OrderState, Outcome
from sogdia.modules.money import HOLDS, asset_key
from sogdia.modules.money.records import CURRENCIES
from tests.index.recorder import RecordedSource, RecordingLedger

ALL_EVENTS = [event for module in ALL for event in module.events]


def rows(url: str, table) -> list[dict]:
    """Read a whole table."""
    engine = open_engine(url)
    with engine.connect() as connection:
        found = [dict(row) for row in connection.execute(select(table)).mappings()]
    engine.dispose()
    return found


def parts(row: dict, name: str) -> tuple[int, int, int]:
    """Give an amount of an order's row by what it is for."""
    return row[f"{name}_price"], row[f"{name}_freight"], row[f"{name}_tax"]


def assert_says_what_the_ledger_says(url: str, ledger: RecordingLedger) -> None:
    """Compare every typed table with the ledger's records."""
    state = ledger.state
    people = {row["account"]: row for row in rows(url, PARTY_ROWS)}
    records = dict(PARTIES.items(state))
    assert set(people) == set(records)
    for account, party in records.items():
        for name in ("registrar", "reference", "kind", "country", "roles", "sponsor", "suspended"):
            assert people[account][name] == getattr(party, name), (party.reference, name)

    currencies = {row["asset"]: row for row in rows(url, money.CURRENCIES)}
    for asset, currency in CURRENCIES.items(state):
        for name in ("digits", "supply", "supply_max", "holder_max", "by_authorisation"):
            assert currencies[asset][name] == getattr(currency, name), name
    open_holds = {row["hold"]: row for row in rows(url, money.HOLDS) if row["ended_at"] is None}
    holds = dict(HOLDS.items(state))
    assert set(open_holds) == set(holds)
    for hold, record in holds.items():
        for name in ("payee", "units", "deadline", "purpose"):
            assert open_holds[hold][name] == getattr(record, name)

    assert {row["terms"]: row["platform_fee"] for row in rows(url, market.TERMS)} == {
        name: record.platform_fee for name, record in TERMS.items(state)
    }
    listings = {row["listing"]: row for row in rows(url, market.LISTINGS)}
    records = dict(LISTINGS.items(state))
    assert set(listings) == set(records)
    for listing, record in records.items():
        for name in ("title", "language", "unit", "hs_code", "origin", "open"):
            assert listings[listing][name] == getattr(record, name)
    variants = {(row["listing"], row["variant"]): row for row in rows(url, market.VARIANTS)}
    for key, record in VARIANTS.items(state):
        name, number = key[:-2], int.from_bytes(key[-2:], "big")
        assert variants[name, number]["stock"] == record.stock
        assert json.loads(variants[name, number]["offer"])["price"] == record.offer.price

    found = {row["order"]: row for row in rows(url, market.ORDERS)}
    under_way, closed = dict(ORDERS.items(state)), dict(CLOSED_ORDERS.items(state))
    assert set(found) == {*under_way, *closed}
    for name, record in under_way.items():
        row = found[name]
        assert row["state"] == OrderState(record.state).name.lower()
        closing = record.state == OrderState.CLOSING
        assert row["deadline"] == (None if closing else record.deadline)
        assert parts(row, "paid") == msgspec.structs.astuple(record.paid)
        assert parts(row, "refunded") == msgspec.structs.astuple(record.refunded)
    for name, record in closed.items():
        row = found[name]
        assert (row["state"], row["outcome"]) == (Outcome(record.outcome).name.lower(), record.outcome)
        assert (row["lines"], row["closed_at"], row["merchant"]) == (record.lines, record.closed_at, record.merchant)
        assert row["asset"] == asset_key(record.asset)
        assert parts(row, "paid") == msgspec.structs.astuple(record.paid)
        assert parts(row, "refunded") == msgspec.structs.astuple(record.refunded)


def test_the_tables_say_what_the_ledger_says(indexed, played):
    assert_says_what_the_ledger_says(indexed, played)


def test_the_tables_say_what_the_ledger_says_after_every_block(tmp_path, played):
    """Play the script again and compare after each of its blocks: also in the midst of returns and contests."""
    from tests.golden.script import Script, money, orders, parties, shop  # noqa: PLC0415 - beside its use

    url = f"sqlite:///{tmp_path / 'index.sqlite'}"

    class Compared(RecordingLedger):
        def block(self, *signed, at=None):
            answers = super().block(*signed, at=at)
            following.build(RecordedSource(self), url)
            assert_says_what_the_ledger_says(url, self)
            return answers

    script = Script()
    script.ledger = Compared()
    for part in (parties, money, shop, orders):
        part(script)

    assert len(script.ledger.raws) == len(played.raws) - 4  # without the bad bytes, a block each


def test_every_result_stands_where_it_stands_in_its_block(indexed, played):
    found = {(row["position"] >> 20, row["position"] % 2**20): row for row in rows(indexed, RESULTS)}

    assert len(found) == len({row["id"] for row in found.values()})
    assert any(row["exit"] for row in found.values())
    assert sum(row["code"] != 0 for row in found.values()) > 3
    reader = BlockReader(ALL)
    for height, raw in enumerate(played.raws, 1):
        for place, result in enumerate(reader.block(raw).all_results()):
            row = found.pop((height, place))
            assert row["id"] == result.id
            assert row["code"] == reader.receipt(result.receipt).code
    assert not found


def sample(shape: msgspec.inspect.Type, at: int):
    """Make a value of a declared shape, another for every `at`."""
    match shape:
        case msgspec.inspect.BytesType(min_length=least):
            return (bytes([65 + at % 20]) * 36)[: least or 4] if (least or 0) <= 36 else bytes(least)
        case msgspec.inspect.StrType(min_length=least, max_length=most, pattern=pattern):
            letter = "1" if pattern and "0-9" in pattern and "A-Z" not in pattern else "A"
            return letter * max(least or 0, min(4, most or 4))
        case msgspec.inspect.IntType(ge=least):
            return (least or 0) + 1
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.NoneType():
            return None
        case msgspec.inspect.UnionType(types=types):
            return sample(next(each for each in types if not isinstance(each, msgspec.inspect.NoneType)), at)
        case msgspec.inspect.VarTupleType(item_type=item):
            return tuple(sample(item, at + 5 + number) for number in range(2))
        case msgspec.inspect.TupleType(item_types=items):
            return tuple(sample(item, at + 5 + number) for number, item in enumerate(items))
        case msgspec.inspect.StructType(cls=cls, fields=fields):
            return cls(**{field.name: sample(field.type, at + number) for number, field in enumerate(fields)})
        case msgspec.inspect.Metadata(type=inner):
            return sample(inner, at)
    raise AssertionError(shape)


@pytest.mark.parametrize("event", ALL_EVENTS, ids=lambda event: event.__name__)
def test_every_declared_event_shows_up_by_its_declaration_alone(event, tmp_path):
    ledger = RecordingLedger()
    fact = sample(msgspec.inspect.type_info(event), 1)
    ledger.seal([], [], [Result(bytes(32), encode_receipt(Receipt(0, 0, (), (fact,))))])
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"

    with closing(IndexWriter(url, ledger.genesis_json(), projected=())) as writer:
        writer.write(ledger.raws)

    (row,) = rows(url, EVENTS)
    assert (row["position"], row["number"], row["tag"]) == (1 << 20, 0, event.__struct_config__.tag)
    assert row["name"] == event.__name__
    held = json.loads(row["fields"])
    assert list(held) == [field.name for field in msgspec.structs.fields(event)]
    accounts = DeclaredEvents(ALL).accounts(fact)
    assert {row["account"] for row in rows(url, INVOLVED)} == accounts
    assert row["accounts"].split() == sorted(account.hex() for account in accounts)
    for name, value in held.items():
        raw = getattr(fact, name)
        if isinstance(raw, bytes):
            assert value == raw.hex()
            if len(raw) == 20:
                assert raw in accounts


def test_the_script_plays_every_kind_of_fact_of_these_modules(indexed):
    kinds = Counter(row["name"] for row in rows(indexed, EVENTS))

    assert {event.__name__ for event in ALL_EVENTS if event.__struct_config__.tag >= 300} - set(kinds) <= {
        "ReturnDropped"
    }


def test_a_merchant_is_involved_in_what_a_deadline_does_to_its_order(indexed, played):
    exits = {row["position"] for row in rows(indexed, RESULTS) if row["exit"]}
    delivered = {
        row["position"] for row in rows(indexed, EVENTS) if row["name"] == "OrderDelivered" and row["position"] in exits
    }

    involved = {row["account"] for row in rows(indexed, INVOLVED) if row["position"] in delivered}

    assert delivered
    assert {played.account("bukhara"), played.account("nairobi")} <= involved


def test_goods_of_an_order_of_many_blocks_are_in_stock_again_at_its_end(tmp_path):
    from tests.index.market_day import open_shop  # noqa: PLC0415 - beside its use

    ledger = RecordingLedger(limits={"exit_writes_max": 40})
    open_shop(ledger, titles=["Silk", "Jade"], stock=5_000)
    lines = tuple(OrderLine(f"l{at % 2}", 1, 1 + at % 3) for at in range(60))
    order = PlaceOrder(reference="long", merchant=ledger.account("bukhara"), lines=lines, pay_at_most=10**9)
    ledger.fund("nairobi", 10**9)
    ledger.must("nairobi", order)
    ledger.wait(2 * 86_400 + 1)
    for _block in range(10):
        ledger.wait(2)
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"

    following.build(RecordedSource(ledger), url)

    assert_says_what_the_ledger_says(url, ledger)
    assert [row["stock"] for row in rows(url, market.VARIANTS)] == [5_000, 5_000]
    (row,) = rows(url, market.ORDERS)
    assert (row["state"], row["from_country"], row["to_country"]) == ("cancelled", "UZ", "KE")
    assert row["order"] == name_of(owner_of(row["order"]), "long")


def test_the_height_stands_with_the_rows(indexed, played):
    (stand,) = rows(indexed, STATE)

    assert (stand["height"], stand["hash"], stand["time"]) == (len(played.raws), played.hashes[-1], played.time)
    assert stand["network"] == played.network
