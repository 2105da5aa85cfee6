"""The records of a ledger as an audit sees them: each looked at once, then laid out by table for the invariants."""

from __future__ import annotations

from contextlib import ExitStack
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import lmdb

from sogdia.engine.folders.finding import Finding
from sogdia.kernel.blinding import blind_of
from sogdia.kernel.codec import NotCanonicalError
from sogdia.kernel.refusal import Broken
from sogdia.kernel.tree_hashes import FRONT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.kernel.codec import Record
    from sogdia.kernel.state import Table

LENGTH_BYTES = 4
READS_BETWEEN_TRIMS = 100_000


class AuditedState:
    """State that invariants read. A walk over a table reads that table's file, not the whole tree again."""

    def __init__(self, ledger: Ledger, work: Path) -> None:
        """Lay the tables out in the empty folder `work`."""
        self._ledger = ledger
        self._work = work
        self._secret = ledger.file.secret()
        self._reads = 0
        self.changes: dict[bytes, tuple[Table[Any, Any], Record | None]] = {}

    def findings(self, looked_at: Callable[[], None]) -> Iterator[Finding]:
        """Look at every record and lay it out; when they cannot be read as a whole, say which buckets are damaged."""
        try:
            yield from self._lay_out(looked_at)
        except (Broken, lmdb.Error) as error:
            yield Finding(part="records", message=f"the records cannot be read as a whole: {error}")
            yield from self._damaged_buckets()

    def below(self, table: Table[Any, Any], key: bytes) -> Any:  # noqa: ANN401 - typed by Table
        """Give the record under a full key, or nothing."""
        self._count_read()
        return self._ledger.base.find(table, key)

    def items(self, table: Table[Any, Any]) -> Iterator[tuple[bytes, Any]]:
        """Walk over a table's records."""
        path = self._path(table.number)
        if not path.exists():
            return
        with path.open("rb") as stream:
            while length := stream.read(LENGTH_BYTES):
                key = stream.read(int.from_bytes(length, "big"))
                value = stream.read(int.from_bytes(stream.read(LENGTH_BYTES), "big"))
                yield key, table.codec.decode_trusted(value)

    def _lay_out(self, looked_at: Callable[[], None]) -> Iterator[Finding]:
        tables = self._ledger.machine.tables
        with ExitStack() as open_files:
            streams: dict[int, BinaryIO] = {}
            for key, stored in self._ledger.tree.stored_items():
                number, value = key[0] if key else 0, stored[FRONT_BYTES:]
                table = tables.get(number)
                problem = _problem_of(table, value) or self._problem_of_front(key, stored, table)
                if problem is not None:
                    name = None if table is None else table.name
                    yield Finding(part="record", message=f"record {key.hex()} {problem}", table=name, key=key[1:])
                else:
                    if number not in streams:
                        streams[number] = open_files.enter_context(self._path(number).open("wb"))
                    lengths = [len(each).to_bytes(LENGTH_BYTES, "big") for each in (key, value)]
                    streams[number].write(b"".join((lengths[0], key, lengths[1], value)))
                looked_at()
                self._count_read()

    def _problem_of_front(self, key: bytes, stored: bytes, table: Table[Any, Any] | None) -> str | None:
        """Say what is wrong with blind or face: both follow from key, secret and value."""
        if stored[1:FRONT_BYTES] != blind_of(self._secret, sha256(key).digest()):
            return "has another blind than the secret gives it"
        if table is not None and stored[0] != table.face_bytes(table.codec.decode_trusted(stored[FRONT_BYTES:])):
            return f"has another face than records of {table.name} have"
        return None

    def _damaged_buckets(self) -> Iterator[Finding]:
        tree = self._ledger.tree
        tree.trim(0)
        for prefix in tree.bucket_prefixes():
            try:
                tree.check_bucket(prefix)
            except (Broken, lmdb.Error) as error:
                yield Finding(part="records", message=f"bucket {prefix!r}: {error}")

    def _path(self, number: int) -> Path:
        return self._work / f"table-{number}"

    def _count_read(self) -> None:
        """Let go of what has been read, now and then: a walk over everything must not fill the memory with it."""
        self._reads += 1
        if self._reads % READS_BETWEEN_TRIMS == 0:
            self._ledger.tree.trim(0)


def _problem_of(table: Table[Any, Any] | None, value: bytes) -> str | None:
    if table is None:
        return "belongs to no table"
    try:
        table.codec.decode(value)
    except NotCanonicalError as error:
        return f"cannot be read as a record of {table.name}: {error}"
    return None
