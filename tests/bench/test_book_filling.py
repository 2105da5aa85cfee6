"""A book that the bench has filled is the one that signed offers would have made."""

from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bench.book_filling import decimal, fill_book, fill_monies, of_one_pair
from bench.scratch import Scratch, in_turns
from sogdia.kernel.calendar import DUE_NODES, DUE_PAGES
from sogdia.kernel.quota import QUOTAS
from sogdia.modules.book.module import MODULE
from sogdia.modules.book.prices import Price
from sogdia.modules.book.records import OFFERS
from sogdia.modules.money.records import BALANCES

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.kernel.codec import Record

OFFERS_PLACED = 300


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def seen_by_the_book(scratch: Scratch) -> dict[bytes, Record | int]:
    """Everything that an offer changes, but for what is charged for its envelope."""
    state = scratch.ledger.state()
    tables = (*MODULE.tables, BALANCES, DUE_NODES, DUE_PAGES)
    found: dict[bytes, Record | int] = {
        table.prefix + key: record for table in tables for key, record in table.items(state)
    }
    return found | {QUOTAS.prefix + key: quota.stored_bytes for key, quota in QUOTAS.items(state)}


def test_a_filled_book_is_the_one_that_signed_offers_make() -> None:
    with closing(Scratch()) as filled, closing(Scratch()) as signed:
        names = {signed.maker.account(name): name for name in signed.maker.people.merchants}
        asked = of_one_pair(signed.maker, OFFERS_PLACED, random.Random(7))

        fill_book(filled, OFFERS_PLACED, random.Random(7))
        signed.run([signed.maker.sign(names[owner], operation) for owner, operation in asked])

        assert sum(1 for _each in OFFERS.items(filled.ledger.state())) == OFFERS_PLACED
        assert seen_by_the_book(filled) == seen_by_the_book(signed)


def test_filled_monies_keep_every_rule_of_the_ledger() -> None:
    with closing(Scratch()) as scratch:
        monies, worth = fill_monies(scratch, 4_000, random.Random(7))

        state = scratch.ledger.state()
        scratch.ledger.machine.check_invariants(state)
        assert len(monies) == len(worth) == 150
        assert sum(1 for _each in OFFERS.items(state)) == 4_000


def test_every_other_offer_of_the_work_takes_one_that_stands() -> None:
    with closing(Scratch()) as scratch:
        fill_book(scratch, OFFERS_PLACED, random.Random(7))
        chance = random.Random(8)

        scratch.run([scratch.maker.offer(number, chance, takes=bool(number % 2)) for number in range(100)])

        assert sum(1 for _each in OFFERS.items(scratch.ledger.state())) == OFFERS_PLACED


def test_the_first_round_is_not_counted() -> None:
    seen: list[tuple[str, int]] = []

    def work(name: str, seconds: float, number: int) -> float:
        seen.append((name, number))
        return seconds + number

    one, other = in_turns(2, lambda number: work("one", 1, number), lambda number: work("other", 5, number))

    assert (one, other) == ([2, 3], [6, 7])
    assert seen == [(name, number) for number in range(3) for name in ("one", "other")]


@pytest.mark.parametrize(
    ("number", "price"),
    [(0.25, Price(25, 2)), (1_300.5, Price(13_005, 1)), (20_000_000.0, Price(20_000_000, 0)), (1.0, Price(1, 0))],
)
def test_a_rate_is_written_in_the_shortest_way(number: float, price: Price) -> None:
    assert decimal(number) == price
