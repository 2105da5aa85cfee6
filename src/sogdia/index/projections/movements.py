"""Movements: what every fact did to everybody's money, by account, each with what its account had afterwards.

    holding = account ‖ currency ‖ issuer      43 bytes, the key of the ledger's own balances
    number  = number of the fact × 8 + payment in it, as in a UETR

The list in `rails.movements` says what moved. Here its answers are kept, so that a statement reads the rows of its days
and no block; the last row of a holding says what the ledger says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from sogdia.index.batch import Projection
from sogdia.index.remembering import Kind, kept_memory, memory_key, write_exchange
from sogdia.index.schema import METADATA, Whole, height_of, place_of
from sogdia.modules.exchange import events as exchange
from sogdia.modules.market import events as market
from sogdia.modules.money import asset_key
from sogdia.modules.money import events as money
from sogdia.rails.books import LEGS_MAX, Book
from sogdia.rails.movements import MOVES
from sogdia.rails.payments import Payments
from sogdia.rails.uetr import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sogdia.index.batch import Batch, Need
    from sogdia.rails.memory import Exchange
    from sogdia.rails.movements import Movement

MOVEMENTS = Table(
    "movements",
    METADATA,
    Column("holding", LargeBinary, primary_key=True),
    Column("time", Whole, primary_key=True, autoincrement=False),
    Column("position", Whole, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("fact", Text, nullable=False),
    Column("available", Whole, nullable=False),
    Column("held", Whole, nullable=False),
    Column("available_after", Whole, nullable=False),
    Column("held_after", Whole, nullable=False),
    Column("uetr", LargeBinary, nullable=False),
    Column("other", LargeBinary),
    Column("reference", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("exchange", LargeBinary),
    sqlite_with_rowid=False,
)
"""The time of blocks never goes back, so rows in the order of the key are in the order of the ledger."""

HOLDINGS = Table(
    "holdings",
    METADATA,
    Column("holding", LargeBinary, primary_key=True),
    Column("available", Whole, nullable=False),
    Column("held", Whole, nullable=False),
    sqlite_with_rowid=False,
)
"""What everybody has now, or had before it had nothing any more."""

REMEMBERED = Table(
    "remembered",
    METADATA,
    Column("key", LargeBinary, primary_key=True),
    Column("said", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""What books remember; see `index.remembering`."""


def holding_key(account: bytes, asset: Any) -> bytes:  # noqa: ANN401 - an asset
    """Give the key under which the ledger keeps a balance, too."""
    return account + asset_key(asset)


class Moved(NamedTuple):
    """A movement that waits for the end of its batch."""

    time: int
    position: int
    number: int
    fact: str
    uetr: bytes
    movement: Movement
    exchange: Exchange | None


class Books:
    """The books of one writer: what they remember is in its rows."""

    def __init__(self, batch: Batch) -> None:
        """Go on from what is remembered."""
        rows = batch.rows(REMEMBERED)

        def find(key: bytes) -> bytes | None:
            row = rows.find(key)
            return None if row is None else row["said"]

        def put(key: bytes, said: bytes) -> None:
            rows.put({"key": key, "said": said})

        self._book = Book(batch.network, kept_memory(find, put))
        self._payments = Payments(self._book.fold)
        self.waiting: list[Moved] = []

    def take(self, batch: Batch, fact: Any) -> None:  # noqa: ANN401 - any event that moves money
        """Take the next fact."""
        at = Position(height_of(batch.position), place_of(batch.position), batch.number)
        told = self._book.tell(at, batch.time, batch.result, fact)
        exchanges = {each.uetr: each.exchange for each in self._payments.of(told)}
        name = type(fact).__name__
        for number, leg in enumerate(told.legs, batch.number * LEGS_MAX):
            uetr, exchanged = UUID(leg.uetr).bytes, exchanges.get(leg.uetr)
            for movement in leg.movements:
                self.waiting.append(Moved(batch.time, batch.position, number, name, uetr, movement, exchanged))


def moved(batch: Batch, fact: Any) -> None:  # noqa: ANN401 - any event that moves money
    """Note what a fact moves."""
    batch.kept(Books).take(batch, fact)


def finish(batch: Batch) -> None:
    """Add a batch's movements up and write them: only now it is known whose holdings have to be read."""
    books = batch.kept(Books)
    holdings = batch.rows(HOLDINGS)
    keys = [holding_key(each.movement.account, each.movement.asset) for each in books.waiting]
    holdings.want(keys)
    holdings.fetch()
    for key, each in zip(keys, books.waiting, strict=True):
        movement = each.movement
        now = holdings.find(key)
        if now is None:
            now = {"holding": key, "available": 0, "held": 0}
        available, held = now["available"] + movement.available, now["held"] + movement.held
        holdings.put({"holding": key, "available": available, "held": held})
        batch.append(
            MOVEMENTS,
            key,
            each.time,
            each.position,
            each.number,
            each.fact,
            movement.available,
            movement.held,
            available,
            held,
            each.uetr,
            movement.other,
            movement.reference,
            movement.purpose,
            write_exchange(each.exchange),
        )
    books.waiting.clear()


def _needs(field: str, *kinds: Kind) -> Callable[[Any], Iterable[Need]]:
    return lambda fact: [(REMEMBERED, memory_key(kind, getattr(fact, field))) for kind in kinds]


NEEDS: Final[dict[type[Any], Callable[[Any], Iterable[Need]]]] = {
    money.HoldEnded: _needs("hold", Kind.HOLD),
    exchange.CardFunded: _needs("card", Kind.CARD),
    exchange.CardClosed: _needs("card", Kind.CARD),
    exchange.Converted: _needs("card", Kind.DIGEST),
    exchange.MoneySwapped: _needs("card", Kind.DIGEST),
    market.OrderPlaced: _needs("order", Kind.RATE),
    market.LinesRefunded: _needs("order", Kind.ORDER, Kind.RATE, Kind.PAID),
    market.OrderClosed: _needs("order", Kind.ORDER, Kind.SWAP),
}
"""What a fact asks of the books' memory, so that it is read for a whole batch at once. What is missing here is read
when it is asked for."""


def from_genesis(_batch: Batch, _genesis: Any) -> None:  # noqa: ANN401 - its type depends on the modules
    """Nobody has any money at the beginning."""


PROJECTION = Projection(
    tables=(HOLDINGS, REMEMBERED),
    appended=(MOVEMENTS,),
    handlers=dict.fromkeys(MOVES, moved),
    keyed_by={},
    needs=NEEDS,
    genesis=from_genesis,
    finish=finish,
)
