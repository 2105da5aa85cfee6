"""The PostgreSQL peer of the bench does the ledger's work: it keeps the same sums and refuses what breaks a rule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench import postgres_peer
from bench.postgres_peer import SQL, TRANSFERS, Cluster, PeerError, Trade, cluster, find_programs, measure, pool_sizes
from tests import real_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

TRADE = Trade(parties=200, listings=60, sponsors=20)
# Of these 200 parties, 1 to 20 are merchants with 3 listings each, 21 to 40 carriers, 41 and 42 platforms.
MERCHANT, CARRIER, BUYER, OTHER_BUYER = 1, 21, 100, 101
OPEN_ORDER = 7

PLACE = (
    "SELECT place(sha256('{name}'), now() + interval '1 day', 175, {buyer}, {order}, 1, 41, "
    "ARRAY[1, 2, 3], ARRAY[{quantity}, 1, 1], {most});"
)


def place(name: str, *, order: int = 8, buyer: int = BUYER, quantity: int = 1, most: int = 10**9) -> str:
    """Give the statement that places an order of three lines with merchant 1."""
    return PLACE.format(name=name, order=order, buyer=buyer, quantity=quantity, most=most)


def step(function: str, party: int, *more: int, lasting: str = "1 day") -> str:
    """Give the statement by which `party` takes the open order one step further."""
    arguments = ", ".join(str(argument) for argument in (150, party, OPEN_ORDER, *more))
    return f"SELECT {function}(sha256('{function}'), now() + interval '{lasting}', {arguments});"


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A server with one open order."""
    try:
        find_programs()
    except PeerError as error:
        real_parts.leave_out(str(error))
    with cluster() as started:
        started.load(TRADE)
        started.sql(place("open", order=OPEN_ORDER))
        yield started


@pytest.mark.real("PostgreSQL")
def test_a_second_of_trade_keeps_every_rule(server):
    rate = server.play(TRADE, connections=4, seconds=1, run=1)

    assert rate > 0
    assert server.broken_rules() == []
    assert int(server.sql("SELECT count(*) FROM closed_order")[0]) > 0
    assert server.sql("SELECT id FROM orders") == [str(OPEN_ORDER)]
    assert server.sql("SELECT min(length(body)) >= 150 AND max(length(body)) <= 400 FROM receipt") == ["t"]


@pytest.mark.real("PostgreSQL")
def test_a_settled_order_pays_three_payees_and_leaves_a_digest(server):
    life = "".join(
        [
            step("accept", MERCHANT),
            step("ship", MERCHANT, CARRIER),
            step("deliver", CARRIER),
            step("settle", BUYER),
        ]
    )
    look = (
        "SELECT available, held FROM balance WHERE account IN (1, 21, 41, 100) ORDER BY account;"
        "SELECT paid, length(history), length(lines) FROM closed_order WHERE id = 7;"
        "SELECT count(*) FROM order_line WHERE order_id = 7;"
    )
    clear = "DELETE FROM closed_order; UPDATE balance SET available = 0 WHERE account < 43;"
    paid = 537 + 574 + 611  # the prices of the first three variants

    seen = server.sql(f"BEGIN; {clear} {life} {look} ROLLBACK;")

    left = server.sql("SELECT available FROM balance WHERE account = 100")[0]
    assert seen[-6:] == [f"{paid - 137 - 51}|0", "137|0", "51|0", f"{left}|0", f"{paid}|32|32", "0"]


@pytest.mark.real("PostgreSQL")
def test_what_is_just_enough_is_enough(server):
    before = (
        "UPDATE balance SET available = 1722 WHERE account = 100; UPDATE variant SET stock = 1;"
        "UPDATE quota SET operations_limit = operations_used + 1, bytes_limit = bytes_used + 175;"
    )
    look = "SELECT available, held FROM balance WHERE account = 100; SELECT sum(stock) FROM variant WHERE id < 4;"

    seen = server.sql(f"BEGIN; {before} {place('a', most=1722)} {look} ROLLBACK;")

    assert seen[-2:] == ["0|3444", "0"]


@pytest.mark.real("PostgreSQL")
@pytest.mark.parametrize(
    ("refusal", "before", "statement"),
    [
        ("MERCHANT_NOT_ACTIVE", "UPDATE party SET active = false WHERE id = 1", place("a")),
        ("STOCK_TOO_SMALL_OR_NOT_ON_SALE", "UPDATE variant SET stock = 1", place("a", quantity=2)),
        ("STOCK_TOO_SMALL_OR_NOT_ON_SALE", "", place("a", quantity=0)),
        ("STOCK_TOO_SMALL_OR_NOT_ON_SALE", "UPDATE listing SET merchant = 2 WHERE id = 3", place("a")),
        ("STOCK_TOO_SMALL_OR_NOT_ON_SALE", "UPDATE listing SET on_sale = false WHERE id = 3", place("a")),
        ("PRICE_ABOVE_LIMIT", "", place("a", most=1721)),
        ("BALANCE_TOO_SMALL_OR_FROZEN", "UPDATE balance SET available = 1721", place("a")),
        ("BALANCE_TOO_SMALL_OR_FROZEN", "UPDATE balance SET frozen = true", place("a")),
        ("SENDER_NOT_ACTIVE_OR_QUOTA_SPENT", "UPDATE party SET active = false WHERE id = 100", place("a")),
        ("SENDER_NOT_ACTIVE_OR_QUOTA_SPENT", "UPDATE quota SET operations_limit = operations_used", place("a")),
        ("SENDER_NOT_ACTIVE_OR_QUOTA_SPENT", "UPDATE quota SET bytes_limit = bytes_used + 174", place("a")),
        ("duplicate key", "UPDATE spent_id SET expires = now() + interval '1 day'", place("open")),
        ("EXPIRY_OUT_OF_RANGE", "", step("accept", MERCHANT, lasting="0 seconds")),
        ("EXPIRY_OUT_OF_RANGE", "", step("accept", MERCHANT, lasting="31 days")),
        ("ORDER_NOT_IN_STATE_OR_TIME", "", step("accept", 2)),
        ("ORDER_NOT_IN_STATE_OR_TIME", "", step("ship", MERCHANT, CARRIER)),
        ("ORDER_NOT_IN_STATE_OR_TIME", "", step("settle", BUYER)),
        (
            "ORDER_NOT_IN_STATE_OR_TIME",
            "UPDATE orders SET deadline = now() - interval '1 us'",
            step("accept", MERCHANT),
        ),
        ("ORDER_NOT_IN_STATE_OR_TIME", "UPDATE orders SET state = 'delivered'", step("settle", OTHER_BUYER)),
        ("CARRIER_NOT_ACTIVE", "UPDATE party SET active = false WHERE id = 21", step("ship", MERCHANT, CARRIER)),
        (
            "PAYEE_WITHOUT_BALANCE",
            "UPDATE orders SET state = 'delivered', carrier = 21; DELETE FROM balance WHERE account = 21",
            step("settle", BUYER),
        ),
    ],
)
def test_a_step_that_breaks_a_rule_is_refused_and_undone(server, refusal, before, statement):
    with pytest.raises(PeerError, match=refusal):
        server.sql(f"BEGIN; {before}; {statement} COMMIT;")

    assert server.broken_rules() == []
    assert server.sql("SELECT id, state FROM orders") == ["7|placed"]


@pytest.mark.real("PostgreSQL")
@pytest.mark.parametrize(
    ("sentence", "damage"),
    [
        (
            "available and held money of a currency is its supply",
            "UPDATE balance SET available = 1 WHERE account = 100",
        ),
        ("what an account has held is the sum of its holds", "UPDATE hold SET account = 101"),
        ("an open order holds what it was paid", "UPDATE hold SET amount = amount + 1"),
        ("the lines of an open order sum up to what it was paid", "UPDATE order_line SET paid = paid + 1"),
        (
            "no order is both open and closed",
            "INSERT INTO closed_order SELECT id, buyer, merchant, currency, paid, 0, history, history FROM orders",
        ),
        ("lines belong to open orders", "INSERT INTO order_line VALUES (9, 1, 1, 1, 0, 0)"),
        ("an open order is due once, at its deadline", "UPDATE due SET deadline = deadline + interval '1 second'"),
        ("a spent id has a receipt, and the reverse", "DELETE FROM spent_id WHERE id = sha256('open')"),
        ("a closed order has had five steps", "UPDATE orders SET state = 'shipped'"),
    ],
)
def test_damage_to_the_tables_is_found(server, sentence, damage):
    rules = (SQL / "broken_rules.sql").read_text()

    broken = server.sql(f"BEGIN; {damage}; {rules} ROLLBACK;")

    assert sentence in broken


@pytest.mark.real("PostgreSQL")
def test_the_server_and_its_folders_are_gone_at_the_end():
    def break_off() -> None:
        with cluster() as started:
            left_behind.extend([started.folder, started.socket])
            processes.append(int((started.folder / "data" / "postmaster.pid").read_text().split()[0]))
            raise KeyboardInterrupt

    left_behind: list[Path] = []
    processes: list[int] = []

    with pytest.raises(KeyboardInterrupt):
        break_off()

    assert [folder.exists() for folder in left_behind] == [False, False]
    command_line = Path("/proc", str(processes[0]), "cmdline")
    assert not command_line.exists() or command_line.read_bytes() == b""  # ended, and perhaps not yet taken note of


@pytest.mark.slow
@pytest.mark.real("PostgreSQL")
def test_measuring_gives_the_best_pool_and_the_version():
    result = measure(2, 1, listings=60, parties=200)

    assert result.steps_per_second > 0
    assert (result.in_flight, result.connections, result.sponsors) == (2, 2, 20)
    assert result.postgres


def test_a_missing_postgresql_is_reported_with_the_way_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setattr(postgres_peer, "DEBIAN_PROGRAMS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PeerError, match="apt-get install postgresql"):
        find_programs()


@pytest.mark.parametrize(
    ("in_flight", "sizes"),
    [(1, [1]), (8, [8]), (16, [16]), (17, [16, 17]), (64, [16, 32, 64]), (65, [16, 32, 64]), (256, [16, 32, 64])],
)
def test_many_requests_share_a_pool_of_connections(in_flight, sizes):
    assert pool_sizes(in_flight) == sizes


@pytest.mark.parametrize("in_flight", [0, 901])
def test_a_number_in_flight_that_cannot_be_measured_is_refused(in_flight):
    with pytest.raises(PeerError, match="from 1 to 900"):
        pool_sizes(in_flight)


# ----------------------------------------------------------------------------------------------------- plain transfers


def transfer(tx: str = "t", payer: int = BUYER, payee: int = OTHER_BUYER, units: int = 7) -> str:
    """Pay, as one statement."""
    return f"SELECT transfer('{tx}', {payer}, {payee}, {units});"


@pytest.mark.real("PostgreSQL")
def test_a_second_of_transfers_moves_money_and_creates_none(server):
    look = "SELECT sum(available + held) FROM balance; SELECT count(*) > 0, bool_and(amount = 7) FROM transfer;"
    before = server.sql("SELECT sum(available + held) FROM balance;")

    rate = server.play(TRADE, 2, 1, 77, TRANSFERS)

    assert rate > 0
    assert server.sql(look) == [*before, "t|t"]
    assert server.broken_rules() == []


@pytest.mark.real("PostgreSQL")
@pytest.mark.parametrize(
    ("refusal", "before", "statement"),
    [
        ("FUNDS_INSUFFICIENT_OR_FROZEN", "UPDATE balance SET available = 6", transfer()),
        ("FUNDS_INSUFFICIENT_OR_FROZEN", "UPDATE balance SET frozen = true", transfer()),
        ("PAYEE_UNKNOWN", "", transfer(payee=10**9)),
        ("duplicate key", transfer(), transfer()),
        ("check constraint", "", transfer(units=0)),
    ],
)
def test_a_transfer_that_breaks_a_rule_is_refused(server, refusal, before, statement):
    with pytest.raises(PeerError, match=refusal):
        server.sql(f"BEGIN; {before}; {statement} ROLLBACK;")
