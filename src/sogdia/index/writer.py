"""The one who writes an index: blocks in, rows out, and the height in the same transaction as its rows.

A block that does not follow the last one stops it. Two writers of one index cannot hurt it: each transaction says from
which height it goes on, and the second finds that it has moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sogdia.index import migrations, projections
from sogdia.index.batch import HOUR, Batch, Projection
from sogdia.index.blocks import BlockReader
from sogdia.index.database import SQLITE, Inserts, open_engine, told
from sogdia.index.declared import DeclaredEvents, json_text
from sogdia.index.errors import IndexForeignError, IndexStoppedError
from sogdia.index.schema import BLOCKS, EVENTS, INVOLVED, LAG, PLACE_MAX, RESULTS, STATE, position_of
from sogdia.kernel.codec import NOT_DECODABLE
from sogdia.kernel.genesis import genesis_type, network_of
from sogdia.modules import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

    from sogdia.kernel.module import Module
    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.stored_block import StoredBlock

NO_HASH = bytes(32)
REBUILD = "Compare the database and the node; 'sogdia index rebuild' makes the index anew"


class Stand(NamedTuple):
    """How far an index has come: the last block's height, hash and time."""

    height: int
    hash: bytes
    time: int


class IndexWriter:
    """Writes the index of one network in one database."""

    def __init__(
        self,
        url: str,
        genesis: bytes,
        *,
        modules: tuple[Module, ...] = ALL,
        projected: tuple[Projection, ...] = projections.ALL,
    ) -> None:
        """Open the database, make or migrate its tables, and see that it is of the network of this genesis."""
        try:
            self._genesis: Any = msgspec.json.decode(genesis, type=genesis_type(modules))
        except NOT_DECODABLE as error:
            raise IndexStoppedError(f"the genesis cannot be read ({error}): update this program") from error
        self.network = network_of(self._genesis)
        self.engine = open_engine(url, writing=True)
        backend = self.engine.dialect.name
        self._reader = BlockReader(modules)
        self._events = DeclaredEvents(modules)
        self._projections = projected
        self.batch = Batch(projected, backend, self.network)
        self._inserts = {table: Inserts(table, backend) for table in (BLOCKS, RESULTS, EVENTS, INVOLVED)}
        dialect: Any = sqlite if backend == SQLITE else postgresql
        lag = dialect.insert(LAG)
        self._lag = lag.on_conflict_do_update(
            index_elements=["hour"],
            set_={
                "batches": LAG.c.batches + 1,
                "seconds_max": _greater(backend)(LAG.c.seconds_max, lag.excluded.seconds_max),
            },
        )
        self._advance = (
            update(STATE)
            .where(STATE.c.height == bindparam("from_height"), STATE.c.hash == bindparam("from_hash"))
            .values(height=bindparam("to_height"), hash=bindparam("to_hash"), time=bindparam("to_time"))
        )
        try:
            migrations.migrate(self.engine)
            self.stand = self._begin()
        except BaseException:
            self.engine.dispose()
            raise

    def _begin(self) -> Stand:
        """Give where the index stands; a new one gets what the genesis says."""
        with told(self.engine), self.engine.begin() as connection:
            found = connection.execute(select(STATE)).one_or_none()
            if found is None:
                return self._found(connection)
        if found.network != self.network:
            raise IndexForeignError(
                f"the index is of the network {found.name!r} ({found.network.hex()[:16]}…), the node of"
                f" {self._genesis.name!r} ({self.network.hex()[:16]}…). {REBUILD}"
            )
        return Stand(found.height, found.hash, found.time)

    def _found(self, connection: Connection) -> Stand:
        stand = Stand(0, NO_HASH, self._genesis.time)
        state = {"one": 1, "schema": migrations.SCHEMA, "network": self.network, "name": self._genesis.name}
        connection.execute(insert(STATE), state | stand._asdict())
        self.batch.begin(connection)
        self.batch.at_block(0, self._genesis.time)
        for each in self._projections:
            each.genesis(self.batch, self._genesis)
        self.batch.write()
        return stand

    def check_origin(self, header_hash: bytes | None) -> None:
        """See that the node has the block at which the index stands; none means that the node has not come so far."""
        if self.stand.height and header_hash != self.stand.hash:
            what = "has no such block" if header_hash is None else f"has {header_hash.hex()[:16]}… there"
            raise IndexForeignError(
                f"the index stands at height {self.stand.height}, block {self.stand.hash.hex()[:16]}…, and the node"
                f" {what}: the ledger was rolled back, or is another. {REBUILD}"
            )

    def write(self, raw_blocks: Sequence[bytes], *, now: int | None = None) -> Stand:
        """Write blocks, all or none; `now` is the time by the computer's clock, to note how far the index lags."""
        blocks = [self._reader.block(raw) for raw in raw_blocks]
        stand = self.stand
        for block in blocks:
            stand = self._follow(stand, block)
        if not blocks:
            return stand
        try:
            with told(self.engine), self.engine.begin() as connection:
                self._write(connection, blocks, [len(raw) for raw in raw_blocks])
                self._move(connection, stand)
                if now is not None:
                    late = max(0, now - stand.time)
                    connection.execute(self._lag, {"hour": now - now % HOUR, "batches": 1, "seconds_max": late})
        except BaseException:
            self.batch.forget()
            raise
        self.stand = stand
        return stand

    def _follow(self, stand: Stand, block: StoredBlock) -> Stand:
        """Give the stand after a block; one that doesn't link to the last is not written."""
        header = block.header.header
        if header.network != self.network:
            raise IndexForeignError(f"block {header.height} is of another network. {REBUILD}")
        if header.height != stand.height + 1:
            raise IndexForeignError(f"block {header.height} came where {stand.height + 1} was wanted. {REBUILD}")
        if stand.height and header.previous != stand.hash:
            raise IndexForeignError(
                f"block {header.height} links to {header.previous.hex()[:16]}…, and the index stands at"
                f" {stand.hash.hex()[:16]}…: the ledger was rolled back, or is another. {REBUILD}"
            )
        return Stand(header.height, header.hash(), header.time)

    def _move(self, connection: Connection, stand: Stand) -> None:
        moved = connection.execute(
            self._advance,
            {
                "from_height": self.stand.height,
                "from_hash": self.stand.hash,
                "to_height": stand.height,
                "to_hash": stand.hash,
                "to_time": stand.time,
            },
        )
        if moved.rowcount != 1:
            raise IndexStoppedError(
                f"the index has moved from height {self.stand.height} meanwhile: another process writes it. Stop one"
            )

    def _write(self, connection: Connection, blocks: list[StoredBlock], sizes: list[int]) -> None:
        batch = self.batch
        batch.begin(connection)
        receipts = [[self._reader.receipt(result.receipt) for result in block.all_results()] for block in blocks]
        for each in receipts:
            for receipt in each:
                for fact in receipt.events:
                    batch.need(fact)
        batch.fetch()
        rows = _Rows()
        for block, decoded, size in zip(blocks, receipts, sizes, strict=True):
            self._write_block(rows, block, decoded, size)
        self._inserts[BLOCKS].append(connection, rows.blocks)
        self._inserts[RESULTS].append(connection, rows.results)
        self._inserts[EVENTS].append(connection, rows.events)
        rows.involved.sort()
        self._inserts[INVOLVED].append(connection, rows.involved)
        batch.write()

    def _write_block(self, rows: _Rows, block: StoredBlock, receipts: list[Receipt], size: int) -> None:
        header = block.header.header
        batch = self.batch
        height, time = header.height, header.time
        batch.at_block(height, time)
        results = block.all_results()
        if len(results) > PLACE_MAX:
            raise IndexStoppedError(f"block {height} has {len(results)} results; an index holds {PLACE_MAX} a block")
        envelopes = block.envelopes
        refused = 0
        for place, (number, result) in enumerate(block.as_it_happened()):
            receipt = receipts[number]
            batch.position = position = position_of(height, place)
            batch.result_number = number
            batch.by_deadline = by_deadline = number >= len(envelopes)
            batch.result = result.id
            sender, asked, length = None, "", 0
            involved: set[bytes] = set()
            batch.involved = involved
            if by_deadline:
                batch.envelope = None
                batch.count("exits")
            else:
                batch.envelope = envelope = self._reader.envelope(envelopes[number])
                signers = envelope.signers()
                involved.update(signers, envelope.grantors())
                sender, asked, length = signers[0], self._reader.names(envelope.tags()), len(envelopes[number])
                batch.count("envelopes")
            if receipt.code:
                refused += 1
                batch.count("refusals", str(receipt.code))
            self._write_facts(rows, receipt, position)
            facts = json_text(dict(receipt.facts)) if receipt.facts else "{}"
            ended = (by_deadline, time, receipt.code, receipt.operation, facts)
            rows.results.append((position, number, result.id, *ended, sender, asked, length))
            rows.involved += [(account, position) for account in batch.involved]
        exits = len(results) - len(envelopes)
        rows.blocks.append((height, header.hash(), time, len(envelopes), refused, exits, size))

    def _write_facts(self, rows: _Rows, receipt: Receipt, position: int) -> None:
        batch = self.batch
        for number, fact in enumerate(receipt.events):
            tag, name = self._events.tag_and_name(fact)
            accounts = self._events.accounts(fact)
            batch.involved |= accounts
            batch.number = number
            batch.count("events", name)
            batch.handle(fact)
            named = " ".join(sorted([account.hex() for account in accounts]))
            rows.events.append((position, number, tag, name, json_text(fact), named))

    def close(self) -> None:
        """Let the database go."""
        self.engine.dispose()


class _Rows:
    """The new rows of a batch that every index has."""

    def __init__(self) -> None:
        """Begin without any."""
        self.blocks: list[tuple[Any, ...]] = []
        self.results: list[tuple[Any, ...]] = []
        self.events: list[tuple[Any, ...]] = []
        self.involved: list[tuple[Any, ...]] = []


def _greater(backend: str) -> Any:  # noqa: ANN401 - a function of SQL
    from sqlalchemy import func  # noqa: PLC0415

    return func.max if backend == SQLITE else func.greatest


def clear(url: str) -> None:
    """Remove an index, whatever release it is of, so that it can be built anew. A database of others is refused."""
    engine: Engine = open_engine(url, writing=True)
    try:
        with told(engine), engine.begin() as connection:
            migrations.schema_of(connection)
            migrations.drop_tables(connection)
    finally:
        engine.dispose()
