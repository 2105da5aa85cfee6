"""Movements: what every fact did to everybody's money, by account, each with what its account had afterwards.

    holding = account ‖ currency ‖ issuer      43 bytes, the key of the ledger's own balances
    number  = number of the fact × 8 + payment in it, as in its UETR, which is worked out when it is asked for

The list in `rails.movements` says what moved. Here its answers are kept, so that a statement reads the rows of its days
and no block; the last row of a holding says what the ledger says.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from sogdia.index.batch import Projection
from sogdia.index.remembering import Kind, kept_memory, memory_key, write_exchange
from sogdia.index.schema import METADATA, Whole
from sogdia.modules.exchange import events as exchange
from sogdia.modules.market import events as market
from sogdia.modules.money import asset_key
from sogdia.modules.money import events as money
from sogdia.rails.books import LEGS_MAX, Book
from sogdia.rails.movements import MOVES
from sogdia.rails.payments import EXCHANGING, Payments
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


_PLACE: Final = itemgetter(0, 1, 2, 3)


def holding_key(account: bytes, asset: Any) -> bytes:  # noqa: ANN401 - an asset
    """Give the key under which the ledger keeps a balance, too."""
    return account + asset_key(asset)


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
        self.waiting: list[tuple[bytes, int, int, int, str, Movement, Exchange | None]] = []
        """What was moved in this batch: the parts of its key, what the ledger calls it, and what it is."""

    def take(self, batch: Batch, fact: Any) -> None:  # noqa: ANN401 - any event that moves money
        """Take the next fact."""
        if type(fact) in EXCHANGING:
            at = Position(batch.height, batch.result_number, batch.number)
            told = self._book.tell(at, batch.time, batch.result, fact)
            of_payment = {each.uetr: each.exchange for each in self._payments.of(told)}
            legs: Iterable[tuple[Movement, ...]] = [leg.movements for leg in told.legs]
            found = [of_payment.get(leg.uetr) for leg in told.legs]
        else:
            legs, found = self._book.legs(fact), None
        name, first = type(fact).__name__, batch.number * LEGS_MAX
        for number, movements in enumerate(legs):
            exchanged = None if found is None else found[number]
            for each in movements:
                key = holding_key(each.account, each.asset)
                self.waiting.append((key, batch.time, batch.position, first + number, name, each, exchanged))


def moved(batch: Batch, fact: Any) -> None:  # noqa: ANN401 - any event that moves money
    """Note what a fact moves."""
    batch.kept(Books).take(batch, fact)


def finish(batch: Batch) -> None:
    """Add a batch's movements up and write them: only now it is known whose holdings have to be read.

    They are written by holding and in the ledger's order within it, as they will lie in the table.
    """
    waiting = batch.kept(Books).waiting
    holdings = batch.rows(HOLDINGS)
    holdings.want([each[0] for each in waiting])
    holdings.fetch()
    waiting.sort(key=_PLACE)
    for key, time, position, number, name, movement, exchanged in waiting:
        _account, _asset, available, held, other, reference, purpose = movement
        now = holdings.find(key)
        free, aside = (available, held) if now is None else (now["available"] + available, now["held"] + held)
        holdings.put({"holding": key, "available": free, "held": aside})
        told = name, available, held, free, aside, other, reference, purpose, write_exchange(exchanged)
        batch.append(MOVEMENTS, key, time, position, number, *told)
    waiting.clear()


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
    market.PartReleased: _needs("order", Kind.ORDER),
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
