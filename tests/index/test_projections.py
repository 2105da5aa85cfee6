"""What the tables say is what the ledger says, although the index never asks the ledger's state."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from sqlalchemy import select

from sogdia.index import following
from sogdia.index.blocks import BlockReader
from sogdia.index.database import open_engine
from sogdia.index.declared import DeclaredEvents
from sogdia.index.projections import governance, market, money
from sogdia.index.projections.identity import PARTIES as PARTY_ROWS
from sogdia.index.schema import EVENTS, INVOLVED, RESULTS, STATE
from sogdia.index.writer import IndexWriter
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.machine import Result
from sogdia.kernel.members import members_of
from sogdia.kernel.receipt import Receipt, encode_receipt
from sogdia.kernel.values import name_of, owner_of
from sogdia.modules import ALL
from sogdia.modules.governance.actions import kind_of
from sogdia.modules.governance.records import PROPOSALS
from sogdia.modules.market.orders import OrderLine, PlaceOrder
from sogdia.modules.market.records import CLOSED_ORDERS, LISTINGS, ORDERS, TERMS, VARIANTS, OrderState, Outcome
from sogdia.modules.money import HOLDS, asset_key
from sogdia.modules.money.records import CURRENCIES
from tests.index.recorder import RecordedSource, RecordingLedger

if TYPE_CHECKING:
    from sqlalchemy import Table

    from sogdia.client.envelopes import Signed
    from sogdia.kernel.refusal import Refused
    from sogdia.kernel.state import State

ALL_EVENTS = [event for module in ALL for event in module.events]
COMPARED_ONE_IN = 4

Row = dict[str, Any]


def rows(url: str, table: Table) -> list[Row]:
    """Read a whole table."""
    engine = open_engine(url)
    with engine.connect() as connection:
        found = [dict(row) for row in connection.execute(select(table)).mappings()]
    engine.dispose()
    return found


def parts(row: Row, name: str) -> tuple[int, int, int]:
    """Give an amount of an order's row by what it is for."""
    return row[f"{name}_price"], row[f"{name}_freight"], row[f"{name}_tax"]


def assert_same(row: Row, record: Any, *names: str) -> None:  # noqa: ANN401 - any record
    """Compare the columns that are called as the fields of a record."""
    assert {name: row[name] for name in names} == {name: getattr(record, name) for name in names}


def assert_says_what_the_ledger_says(url: str, ledger: RecordingLedger) -> None:
    """Compare every typed table with the ledger's records."""
    assert_same_parties_and_money(url, ledger.state)
    assert_same_listings(url, ledger.state)
    assert_same_orders(url, ledger.state)
    assert_same_members_and_proposals(url, ledger.state)


def assert_same_members_and_proposals(url: str, state: State) -> None:
    """Compare who runs the network, and what is proposed."""
    found = {row["account"]: row for row in rows(url, governance.MEMBERS) if row["left_at"] is None}
    for member in members_of(state):
        assert_same(found.pop(member.account), member, "public", "power", "jailed")
    assert not found
    proposals = {row["proposal"]: row for row in rows(url, governance.PROPOSALS) if row["ended"] is None}
    for name, proposal in PROPOSALS.items(state):
        row = proposals.pop(name)
        assert_same(row, proposal, "height", "deadline", "effect_at")
        assert row["action"] == kind_of(proposal.action).name.lower()
    assert not proposals


def assert_same_parties_and_money(url: str, state: State) -> None:
    """Compare parties, currencies and holds."""
    people = {row["account"]: row for row in rows(url, PARTY_ROWS)}
    parties = dict(PARTIES.items(state))
    assert set(people) == set(parties)
    for account, party in parties.items():
        assert_same(
            people[account], party, "registrar", "reference", "kind", "country", "roles", "sponsor", "suspended"
        )

    currencies = {row["asset"]: row for row in rows(url, money.CURRENCIES)}
    for asset, currency in CURRENCIES.items(state):
        assert_same(currencies[asset], currency, "digits", "supply", "supply_max", "holder_max", "by_authorisation")
    open_holds = {row["hold"]: row for row in rows(url, money.HOLDS) if row["ended_at"] is None}
    holds = dict(HOLDS.items(state))
    assert set(open_holds) == set(holds)
    for name, hold in holds.items():
        assert_same(open_holds[name], hold, "payer", "payee", "units", "deadline", "purpose")


def assert_same_listings(url: str, state: State) -> None:
    """Compare terms, listings and variants."""
    terms = {row["terms"]: row for row in rows(url, market.TERMS)}
    for name, published in TERMS.items(state):
        assert_same(
            terms.pop(name), published, "carrier", "freight_per_order", "tax_collector", "platform", "platform_fee"
        )
    assert not terms
    listings = {row["listing"]: row for row in rows(url, market.LISTINGS)}
    for name, listing in LISTINGS.items(state):
        assert_same(listings.pop(name), listing, "title", "language", "unit", "hs_code", "origin", "open")
    assert not listings
    variants = {row["listing"] + row["variant"].to_bytes(2, "big"): row for row in rows(url, market.VARIANTS)}
    for key, variant in VARIANTS.items(state):
        assert_same(variants[key], variant, "stock")
        assert json.loads(variants[key]["offer"])["price"] == variant.offer.price


def assert_same_orders(url: str, state: State) -> None:
    """Compare orders under way and closed ones."""
    found = {row["order"]: row for row in rows(url, market.ORDERS)}
    for name, order in ORDERS.items(state):
        row = found.pop(name)
        closing = order.state == OrderState.CLOSING
        assert row["state"] == OrderState(order.state).name.lower()
        assert row["deadline"] == (None if closing else order.deadline)
        assert_same(row, order, "merchant", "lines", "carrier")
        assert row["balance_due"] == order.balance_due
        assert parts(row, "paid") == msgspec.structs.astuple(order.paid)
        assert parts(row, "refunded") == msgspec.structs.astuple(order.refunded)
    for name, closed in CLOSED_ORDERS.items(state):
        row = found.pop(name)
        assert row["state"] == Outcome(closed.outcome).name.lower()
        assert row["asset"] == asset_key(closed.asset)
        assert_same(row, closed, "outcome", "lines", "closed_at", "merchant")
        assert parts(row, "paid") == msgspec.structs.astuple(closed.paid)
        assert parts(row, "refunded") == msgspec.structs.astuple(closed.refunded)
    assert not found


def test_the_tables_say_what_the_ledger_says(read_only, played):
    assert_says_what_the_ledger_says(read_only, played)


def test_the_tables_say_what_the_ledger_says_after_every_block(tmp_path, played, rotation, full_run):
    """Play the script again and compare after its blocks, in turn: also in the midst of returns and contests."""
    from tests.golden.script import PARTS, Script, bad_bytes  # noqa: PLC0415 - beside its use

    url = f"sqlite:///{tmp_path / 'index.sqlite'}"

    class Compared(RecordingLedger):
        def block(self, *signed: Signed | bytes, at: int | None = None) -> list[Receipt | Refused]:
            answers = super().block(*signed, at=at)
            if full_run or (len(self.raws) + rotation) % COMPARED_ONE_IN == 0:
                following.build(RecordedSource(self), url)
                assert_says_what_the_ledger_says(url, self)
            return answers

    script = Script()
    script.ledger = Compared()
    for part in (part for part in PARTS if part is not bad_bytes):
        part(script)

    assert len(script.ledger.raws) == len(played.raws) - 4  # without the bad bytes, a block each


def test_every_result_stands_where_it_came_in_its_block(read_only, played):
    found = {(row["position"] >> 20, row["position"] % 2**20): row for row in rows(read_only, RESULTS)}

    assert len(found) == len({row["id"] for row in found.values()})
    assert any(row["exit"] for row in found.values())
    assert sum(row["code"] != 0 for row in found.values()) > 3
    reader = BlockReader(ALL)
    for height, raw in enumerate(played.raws, 1):
        block = reader.block(raw)
        for place, (number, result) in enumerate(block.as_it_happened()):
            row = found.pop((height, place))
            assert (row["id"], row["number"]) == (result.id, number)
            assert row["code"] == reader.receipt(result.receipt).code
    assert not found


def sample(shape: msgspec.inspect.Type, at: int) -> Any:  # noqa: ANN401, C901, PLR0911 - a case for each shape
    """Make a value of a declared shape, another for every `at`."""
    match shape:
        case msgspec.inspect.BytesType(min_length=least):
            return bytes([65 + at % 20]) * (least or 4)
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
    ledger.seal([], [], [Result(bytes(32), encode_receipt(Receipt(0, 0, (), (fact,), bytes(16))))], [0])
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


RARE = {
    "ReturnDropped",
    "SuspensionUpheld",
    "RecoveryLapsed",
    "UpgradeInForce",
    "AppealResumed",
    "AppealForgotten",
}
"""Facts that the script does not come to; their modules' own tests do."""


def test_the_script_plays_every_kind_of_fact_of_these_modules(read_only):
    kinds = Counter(row["name"] for row in rows(read_only, EVENTS))

    assert {event.__name__ for event in ALL_EVENTS} - set(kinds) <= RARE


def test_a_merchant_is_involved_in_what_a_deadline_does_to_its_order(read_only, played):
    exits = {row["position"] for row in rows(read_only, RESULTS) if row["exit"]}
    delivered = {
        row["position"]
        for row in rows(read_only, EVENTS)
        if row["name"] == "OrderDelivered" and row["position"] in exits
    }

    involved = {row["account"] for row in rows(read_only, INVOLVED) if row["position"] in delivered}

    assert delivered
    assert {played.account("bukhara"), played.account("nairobi")} <= involved


def test_goods_of_an_order_of_many_blocks_are_in_stock_again_at_its_end(tmp_path):
    from tests.index.market_day import open_shop  # noqa: PLC0415 - beside its use

    ledger = RecordingLedger(limits={"exit_writes_max": 48})
    open_shop(ledger, titles=["Silk", "Jade"], stock=5_000)
    lines = tuple(OrderLine(f"l{at % 2}", 1, 1 + at % 3) for at in range(60))
    order = PlaceOrder(reference="long", merchant=ledger.account("bukhara"), lines=lines, pay_at_most=10**9)
    ledger.fund("nairobi", 10**9)
    ledger.must("nairobi", order)
    ledger.wait(2 * 86_400 + 1)
    for _block in range(20):
        ledger.wait(2)
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"

    following.build(RecordedSource(ledger), url)

    assert_says_what_the_ledger_says(url, ledger)
    assert [row["stock"] for row in rows(url, market.VARIANTS)] == [5_000, 5_000]
    (row,) = rows(url, market.ORDERS)
    assert (row["state"], row["from_country"], row["to_country"]) == ("cancelled", "UZ", "KE")
    assert row["order"] == name_of(owner_of(row["order"]), "long")


def test_the_height_stands_with_the_rows(read_only, played):
    (stand,) = rows(read_only, STATE)

    assert (stand["height"], stand["hash"], stand["time"]) == (len(played.raws), played.hashes[-1], played.time)
    assert stand["network"] == played.network
