"""What one day's statement costs: from all blocks, and from the index, of the same account in the same run.

The blocks hold transfers between accounts and nothing else, told as facts without the envelopes that asked for them:
only reading is measured here. What keeping movements costs the index is measured by an index without them.
"""

from __future__ import annotations

import random
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING

import msgspec

from bench.work import genesis
from sogdia.index import projections
from sogdia.index.database import open_engine
from sogdia.index.projections import movements
from sogdia.index.reading.movements import begin
from sogdia.index.writer import IndexWriter
from sogdia.kernel.genesis import network_of
from sogdia.kernel.header import Header, SignedHeader
from sogdia.kernel.machine import Result
from sogdia.kernel.receipt import Receipt, encode_receipt
from sogdia.kernel.stored_block import StoredBlock, encode_block
from sogdia.modules.money import Asset
from sogdia.modules.money.events import Transferred
from sogdia.rails.books import Book
from sogdia.rails.statements import DAY, Account, Period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.rails.statements import Statement

ACCOUNTS = 1_000
PAYMENTS_A_BLOCK = 20
BLOCKS_A_DAY = 500
BATCH_BLOCKS = 256
START = 1_700_006_400
"""A midnight by UTC."""

ZERO = bytes(32)
SEED = 20_261_129


class Stating(msgspec.Struct, frozen=True, kw_only=True):
    """Processor seconds of one day's statement both ways; blocks a second of an index with movements and without."""

    blocks: int
    payments: int
    entries: int
    from_blocks_seconds: float
    from_index_seconds: float
    index_blocks_per_second: float
    index_without_blocks_per_second: float
    movements_bytes_each: float

    @property
    def ratio(self) -> float:
        """How many times faster the index is."""
        return self.from_blocks_seconds / self.from_index_seconds


def chain(network: bytes, count: int) -> Iterator[bytes]:
    """Make blocks of payments that link to each other."""
    chance = random.Random(SEED)  # noqa: S311 - only the same again every time
    accounts = [sha256(number.to_bytes(4, "big")).digest()[:20] for number in range(ACCOUNTS)]
    asset, previous = Asset("USD", bytes(20)), ZERO
    for height in range(1, count + 1):
        results = []
        for place in range(PAYMENTS_A_BLOCK):
            payer, payee = chance.sample(accounts, 2)
            fact = Transferred(asset=asset, payer=payer, payee=payee, units=1, purpose="GDDS", end_to_end="bench")
            receipt = encode_receipt(Receipt(0, 0, (), (fact,), bytes(16)))
            results.append(Result(sha256(b"%d %d" % (height, place)).digest(), receipt))
        header = Header(
            network=network,
            height=height,
            time=START + height * DAY // BLOCKS_A_DAY,
            previous=previous,
            transactions_root=ZERO,
            state_root=ZERO,
            results_root=ZERO,
            validators=ZERO,
            next_validators=ZERO,
        )
        previous = header.hash()
        signed = SignedHeader(header=header, signatures=(bytes(64),))
        yield encode_block(
            StoredBlock(
                header=signed,
                envelopes=[],
                results=[],
                exits=results,
                steps=[],
                misbehaviour=(),
                exits_after=[0] * len(results),
            )
        )


def from_blocks(network: bytes, raws: list[bytes], account: bytes, period: Period) -> list[Statement]:
    """State a day by every block from the first on."""
    book = Book(network)
    making = Account(account, period, book)
    for told in book.read(raws):
        making.take(told)
    return making.statements(len(raws), period.until)


def from_index(url: str, account: bytes, period: Period, height: int) -> list[Statement]:
    """State a day by the index, which is opened for it."""
    engine = open_engine(url)
    with engine.connect() as connection:
        _book, making = begin(connection, account, period)
    engine.dispose()
    return making.statements(height, period.until)


def indexed(url: str, stated: bytes, raws: list[bytes], *, with_movements: bool) -> float:
    """Build an index; gives the seconds that it took."""
    chosen = tuple(each for each in projections.ALL if with_movements or each is not movements.PROJECTION)
    with closing(IndexWriter(url, stated, projected=chosen)) as writer:
        started = process_time()
        for at in range(0, len(raws), BATCH_BLOCKS):
            writer.write(raws[at : at + BATCH_BLOCKS])
        return process_time() - started


def measure(blocks: int) -> Stating:
    """State the last whole day of one account in both ways; refused when they differ."""
    made = genesis(START)
    network, stated = network_of(made), msgspec.json.encode(made)
    raws = list(chain(network, blocks))
    account = sha256((0).to_bytes(4, "big")).digest()[:20]
    last = START + blocks // BLOCKS_A_DAY * DAY
    period = Period(last - DAY, last)
    with TemporaryDirectory() as folder:
        url, without = (f"sqlite:///{folder}/{name}.sqlite" for name in ("index", "without"))
        kept = indexed(url, stated, raws, with_movements=True)
        plain = indexed(without, stated, raws, with_movements=False)
        grown = Path(folder, "index.sqlite").stat().st_size - Path(folder, "without.sqlite").stat().st_size
        started = process_time()
        by_blocks = from_blocks(network, raws, account, period)
        between = process_time()
        by_index = from_index(url, account, period, blocks)
        ended = process_time()
    if by_blocks != by_index:
        raise AssertionError("the two ways give different statements")
    return Stating(
        blocks=blocks,
        payments=blocks * PAYMENTS_A_BLOCK,
        entries=sum(len(each.entries) for each in by_index),
        from_blocks_seconds=between - started,
        from_index_seconds=ended - between,
        index_blocks_per_second=blocks / kept,
        index_without_blocks_per_second=blocks / plain,
        movements_bytes_each=grown / (2 * blocks * PAYMENTS_A_BLOCK),
    )
