"""A whole ledger in memory that keeps its blocks as a node would store them, and ways to look into an index."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select, text

from sogdia.index.migrations import TABLES
from sogdia.index.schema import ABOUT_THE_INDEX
from sogdia.index.search import ALL_WORDS
from sogdia.kernel.header import Header, SignedHeader
from sogdia.kernel.refusal import Refused
from sogdia.kernel.stored_block import StoredBlock, encode_block
from sogdia.testing.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from sogdia.client.envelopes import Signed
    from sogdia.kernel.receipt import Receipt

ZERO = bytes(32)


class RecordingLedger(Ledger):
    """A ledger in memory whose blocks can be read as from a node."""

    def __init__(self, **genesis_changes: Any) -> None:  # noqa: ANN401 - sections of a genesis
        """Start from the test genesis."""
        super().__init__(**genesis_changes)
        self.raws: list[bytes] = []
        self.hashes: list[bytes] = []

    def block(self, *signed: Signed | bytes, at: int | None = None) -> list[Receipt | Refused]:
        """Make a block and keep it."""
        answers = super().block(*signed, at=at)
        taken = [
            each if isinstance(each, bytes) else each.raw
            for each, answer in zip(signed, answers, strict=True)
            if not isinstance(answer, Refused)
        ]
        block = self.last_block
        self.seal(taken, block.results, block.exits, block.exits_after)
        return answers

    def seal(self, envelopes: list[bytes], results: list[Any], exits: list[Any], exits_after: list[int]) -> None:
        """Keep a block with a header that links to the one before."""
        header = Header(
            network=self.network,
            height=len(self.raws) + 1,
            time=self.time,
            previous=self.hashes[-1] if self.hashes else ZERO,
            transactions_root=sha256(b"".join(envelopes)).digest(),
            state_root=ZERO,
            results_root=ZERO,
            validators=ZERO,
            next_validators=ZERO,
        )
        self.hashes.append(header.hash())
        signed = SignedHeader(header=header, signatures=(bytes(64),))
        stored = StoredBlock(
            header=signed, envelopes=envelopes, results=results, exits=exits, steps=[], misbehaviour=(),
            exits_after=exits_after,
        )  # fmt: skip
        self.raws.append(encode_block(stored))

    def genesis_json(self) -> bytes:
        """Give the genesis as a node gives it."""
        return msgspec.json.encode(self.genesis)


class RecordedSource:
    """The blocks of a recording ledger, as a source of the index."""

    def __init__(self, ledger: RecordingLedger) -> None:
        """Read from the ledger, also what it adds later."""
        self._ledger = ledger

    def genesis(self) -> bytes:
        """Give the genesis as JSON."""
        return self._ledger.genesis_json()

    def height(self) -> int:
        """Say up to which height there are blocks."""
        return len(self._ledger.raws)

    def header_hash(self, height: int) -> bytes | None:
        """Give the hash of a header."""
        return self._ledger.hashes[height - 1] if height <= self.height() else None

    def time(self, height: int) -> int:
        """Give the time of the ledger."""
        return self._ledger.time if height else 0

    def blocks(self, first: int, last: int) -> Iterator[bytes]:
        """Give blocks."""
        yield from self._ledger.raws[first - 1 : last]

    def close(self) -> None:
        """Nothing is open."""


def dump(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Give every row of every table that speaks of the ledger, in the order of its key."""
    found = {}
    with engine.connect() as connection:
        for table in TABLES:
            if table.name not in ABOUT_THE_INDEX:
                rows = connection.execute(select(table).order_by(*table.primary_key.columns)).all()
                found[table.name] = sorted((_plain(row) for row in rows), key=repr)
        for each in ALL_WORDS:
            rows = connection.execute(text(f"SELECT rowid, CAST(words AS text) FROM {each.name} ORDER BY rowid")).all()  # noqa: S608
            found[each.name] = [(row[0], row[1].replace("'", "")) for row in rows]
    return found


def _plain(row: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any row
    return tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
