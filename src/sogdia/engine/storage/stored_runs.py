"""The stored runs of the indexes, each checked once against its hash and against the run before it.

height reached, 8 bytes → first height, 8 bytes ‖ SHA-256 of the entries ‖ run of entries
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from sogdia.engine.storage.block_pieces import HASH_BYTES, HEIGHT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import lmdb

    from sogdia.engine.storage.place_index import Run


class RunsDamagedError(Exception):
    """A run is not what was written, or one is missing."""


class StoredRuns:
    """The runs of one index in an open environment."""

    def __init__(self, environment: lmdb.Environment, name: str) -> None:
        """Open the index called `name`."""
        self._environment = environment
        self._name = name
        self._database = environment.open_db(name.encode("ascii"))
        self._checked: set[int] = set()

    def height(self) -> int:
        """Give the height up to which the runs reach, 0 without any."""
        with self._environment.begin() as transaction, transaction.cursor(db=self._database) as cursor:
            return int.from_bytes(cursor.key()[:HEIGHT_BYTES], "big") if cursor.last() else 0

    def newest_first(self, beginning: int) -> Iterator[memoryview]:
        """Give the entries of each run; each is valid only until the next is asked for. They go back to `beginning`."""
        reached = self.height()
        with (
            self._environment.begin(buffers=True) as transaction,
            transaction.cursor(db=self._database) as cursor,
        ):
            for key, raw in cursor.iterprev():
                entries = raw[HEIGHT_BYTES + HASH_BYTES :]
                height = int.from_bytes(key, "big")
                if height not in self._checked:
                    if height != reached or sha256(entries).digest() != raw[HEIGHT_BYTES : HEIGHT_BYTES + HASH_BYTES]:
                        raise RunsDamagedError(f"the index of {self._name} up to height {height} is damaged")
                    self._checked.add(height)
                reached = int.from_bytes(raw[:HEIGHT_BYTES], "big") - 1
                yield entries
        if reached > beginning:
            raise RunsDamagedError(f"the index of {self._name} lacks its part up to height {reached}")

    def put(self, transaction: lmdb.Transaction, run: Run, beginning: int) -> None:
        """Store a run behind the others; the first one begins after `beginning`."""
        first = max(self.height(), beginning) + 1
        value = first.to_bytes(HEIGHT_BYTES, "big") + sha256(run.entries).digest() + run.entries
        transaction.put(run.height.to_bytes(HEIGHT_BYTES, "big"), value, db=self._database, append=True)
