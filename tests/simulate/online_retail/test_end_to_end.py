"""Real days from file to settled ledger: the report, the stored receipts and the balances all say what the oracle says.

The look at the ledger here shares nothing with the importer: it decodes the stored blocks by itself, checks every
receipt against its header with its own hashing, and adds the money up anew.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from sogdia.engine.folders.export import export_folder
from sogdia.engine.folders.importing import import_export
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.marks import VARIABLE
from sogdia.kernel.codec import encode
from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.stored_block import decode_block
from sogdia.modules import ALL
from sogdia.modules.market.events import LinesRefunded, OrderClosed, OrderPlaced
from sogdia.modules.market.records import CLOSED_ORDERS, LINES, ORDERS
from sogdia.modules.money.records import BALANCES, CURRENCIES
from sogdia.node import load_keys
from sogdia.simulate.online_retail import shipped_files
from sogdia.simulate.online_retail.driver import run
from tests.simulate.online_retail.oracle import ALL_FILES, Totals, totals_of
from tests.simulate.online_retail.replays import SEED, ending, timeless

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sogdia.kernel.stored_block import StoredBlock
    from sogdia.simulate.online_retail.report import Report

pytestmark = pytest.mark.real("a real retailer's invoices of twenty days")

KILLED = -signal.SIGKILL
PLAYER = """
import sys
from pathlib import Path
from sogdia.simulate.online_retail import driver, shipped_files
driver.BLOCKS_IN_A_COMMIT = 7
driver.run(shipped_files(), Path(sys.argv[1]), seed=bytes.fromhex(sys.argv[2]))
"""


@dataclass
class Run:
    """A finished run: its folder, its report, and the oracle's totals of the same files."""

    folder: Path
    report: Report
    expected: Totals


@pytest.fixture(scope="module", params=["three days", pytest.param("twenty days", marks=pytest.mark.slow)])
def finished(request, tmp_path_factory) -> Run:
    """Replay the shipped days, and all there are."""
    files = shipped_files() if request.param == "three days" else ALL_FILES
    folder = tmp_path_factory.mktemp("retail") / "ledger"
    return Run(folder, run(files, folder, seed=SEED), totals_of(files))


def test_the_report_is_what_the_oracle_says(finished):
    report, expected = finished.report, finished.expected

    assert {name: lines for name, lines in report.lines_by_class.items() if lines} == expected.lines_by_class()
    assert report.lines == len(expected.class_of)
    assert (report.orders, report.refusals) == (len(expected.orders), ())
    for key, table in (
        ("country", report.money_by_country),
        ("day", report.money_by_day),
        ("product", report.money_by_product),
    ):
        assert {name: {"sold": row.sold, "returned": row.returned} for name, row in table.items()} == expected.money_by(
            key
        )
    assert report.ways_back["returned_in_window"]["pieces"] > 0
    assert report.ways_back["refunded_after_window"]["pieces"] > 0


def test_the_stored_receipts_say_the_same_each_checked_against_its_header(finished):
    told = told_by(stored_blocks(finished.folder))

    assert told.transactions == finished.report.transactions
    assert told.sold_by_day == nonzero(finished.expected.sold["day"])
    assert told.returned_by_day == nonzero(finished.expected.returned["day"])
    assert told.sold_by_product == nonzero(finished.expected.sold["product"])
    assert told.returned_by_product == nonzero(finished.expected.returned["product"])
    assert told.settled == len(finished.expected.orders)


def test_the_export_says_the_same(finished, tmp_path):
    export_folder(finished.folder, tmp_path / "export")

    told = told_by(exported_blocks(tmp_path / "export"))

    assert told == told_by(stored_blocks(finished.folder))


def test_the_export_executed_again_with_all_signatures_comes_to_the_same_state(tmp_path):
    report = run(shipped_files(), tmp_path / "ledger", seed=SEED)

    export_folder(tmp_path / "ledger", tmp_path / "export")
    imported = import_export(tmp_path / "export", tmp_path / "imported", ALL)

    assert imported.envelopes == report.transactions
    assert imported.signatures > report.transactions
    assert ending(tmp_path / "imported") == ending(tmp_path / "ledger")


def test_a_node_finds_its_key_in_the_folder(tmp_path):
    run(shipped_files()[:1], tmp_path / "ledger", seed=SEED)

    (key,) = load_keys(tmp_path / "ledger", no_passphrase)
    ledger = Ledger.open(tmp_path / "ledger", ALL, [key])
    signer = ledger.signing_key()
    ledger.abandon()

    assert signer.public == key.public


def test_the_balances_on_the_ledger_opened_again_are_what_was_sold_and_returned(finished):
    sold = sum(finished.expected.sold["day"].values())
    returned = sum(finished.expected.returned["day"].values())

    ledger = Ledger.open(finished.folder, ALL)
    state = ledger.state()
    owned = sorted((balance.available, balance.held) for _key, balance in BALANCES.items(state))
    supplies = [currency.supply for _key, currency in CURRENCIES.items(state)]
    still_open = [*ORDERS.items(state), *LINES.items(state)]
    closed = [order for _name, order in CLOSED_ORDERS.items(state)]
    ledger.machine.check_invariants(state)
    ledger.abandon()

    assert owned[-1] == (sold - returned, 0)
    assert sum(available for available, _held in owned[:-1]) == returned
    assert {held for _available, held in owned} == {0}
    assert supplies == [sold]
    assert still_open == []
    assert sum(order.paid.total() for order in closed) == sold
    assert sum(order.refunded.total() for order in closed) == returned


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_killed_at_several_points_ends_with_the_same_ledger_and_report(tmp_path, rotation, full_run):
    whole = run(shipped_files(), tmp_path / "whole", seed=SEED)
    expected = ending(tmp_path / "whole")
    points = [
        ("before-execute", 1),
        ("after-execute", 30),
        ("before-sync", 5),
        ("after-log", 12),
        ("before-commit", 1),
        ("after-commit", 1),
        *(
            (("after-execute", 1 + (rotation + nth * 37) % (expected.height - 1)))
            for nth in range(40 if full_run else 2)
        ),
    ]

    for number, (mark, passage) in enumerate(points):
        folder = tmp_path / str(number)
        assert played(folder, f"{mark}:{passage}") == KILLED, (mark, passage)
        report = run(shipped_files(), folder, seed=SEED)

        assert timeless(report) == timeless(whole), (mark, passage)
        assert ending(folder) == expected, (mark, passage)


@pytest.mark.slow
def test_a_run_killed_again_and_again_gets_to_the_same_end(tmp_path):
    run(shipped_files(), tmp_path / "whole", seed=SEED)
    expected = ending(tmp_path / "whole")
    kills = 0

    while (status := played(tmp_path / "killed", "after-execute:47")) == KILLED:
        kills += 1

    assert (status, kills > 3) == (0, True)
    assert ending(tmp_path / "killed") == expected


def played(folder: Path, mark: str) -> int:
    """Replay the shipped days in another process, which dies at a mark; give its exit status."""
    environment = {**os.environ, VARIABLE: mark}
    done = subprocess.run(
        [sys.executable, "-c", PLAYER, str(folder), SEED.hex()],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in (0, KILLED), done.stderr
    return done.returncode


@dataclass
class Told:
    """What the events of a ledger come to."""

    transactions: int = 0
    settled: int = 0
    sold_by_day: Counter[str] = field(default_factory=Counter)
    returned_by_day: Counter[str] = field(default_factory=Counter)
    sold_by_product: Counter[str] = field(default_factory=Counter)
    returned_by_product: Counter[str] = field(default_factory=Counter)


def no_passphrase(path: Path) -> str:
    """Fail when a passphrase is asked for."""
    raise AssertionError(path)


def stored_blocks(folder: Path) -> list[StoredBlock]:
    """Read the blocks of a ledger that is opened again."""
    ledger = Ledger.open(folder, ALL)
    blocks = [decode_block(ledger.file.block(height)) for height in range(1, ledger.tip.height + 1)]
    ledger.abandon()
    return blocks


def exported_blocks(path: Path) -> list[StoredBlock]:
    """Read the blocks of an export: each behind its length, up to a length of nothing."""
    blocks = []
    with path.open("rb") as stream:
        stream.readline()
        while length := int.from_bytes(stream.read(4), "big"):
            blocks.append(decode_block(stream.read(length)))
    return blocks


def told_by(blocks: list[StoredBlock]) -> Told:
    """Read all events of some blocks, each receipt checked against its header, and add up the money."""
    told = Told()
    receipts = receipt_decoder(ALL)
    for block, following in pairwise(blocks):
        results = block.results + block.exits
        leaves = [each.id + sha256(each.receipt).digest() for each in results]
        leaves += [sha256(b"sogdia/exits" + encode(block.exits_after)).digest()] if block.exits else []
        assert root_over(leaves) == following.header.header.results_root
        assert following.header.header.previous == sha256(b"sogdia/header" + encode(block.header.header)).digest()
        day = datetime.fromtimestamp(block.header.header.time, UTC).date().isoformat()
        told.transactions += len(block.envelopes)
        for each in results:
            add_events(told, day, receipts.decode(each.receipt).events)
    assert blocks[-1].results + blocks[-1].exits == []
    return told


def add_events(told: Told, day: str, events: Iterable[Any]) -> None:
    """Add the money of some events."""
    for event in events:
        if isinstance(event, OrderPlaced):
            add(told.sold_by_day, told.sold_by_product, day, event.lines)
        elif isinstance(event, LinesRefunded):
            add(told.returned_by_day, told.returned_by_product, day, event.lines)
        elif isinstance(event, OrderClosed):
            told.settled += event.outcome == 1


def add(by_day: Counter[str], by_product: Counter[str], day: str, lines: Iterable[Any]) -> None:
    """Add the money of some lines. These days' stock codes are all fit to be the references of their listings."""
    for line in lines:
        pence = line.parts.price + line.parts.freight + line.parts.tax
        by_day[day] += pence
        by_product[line.listing[20:].decode()] += pence


def root_over(leaves: list[bytes]) -> bytes:
    """Give the RFC 6962 root by its recursive definition, which the product doesn't use."""
    if len(leaves) < 2:
        return sha256(b"\x00" + leaves[0]).digest() if leaves else sha256(b"").digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + root_over(leaves[:split]) + root_over(leaves[split:])).digest()


def nonzero(counter: Counter[str]) -> Counter[str]:
    """Leave out what comes to nothing."""
    return Counter({key: pence for key, pence in counter.items() if pence})
