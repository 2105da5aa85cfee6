"""The steps in the lives of objects that stand in blocks which have gone to the archive.

    SHA-256 of the object's key ‖ height, 8 bytes ‖ number in the block, 4 bytes
        → [id, operation, receipt's hash, time, whether a life begins]

So the whole life of an order can be shown and proved without the blocks that it is made of: some hundred bytes a step.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import lmdb

    from sogdia.kernel.stored_block import StoredBlock

HASH_BYTES = 32
HEIGHT_BYTES = 8
NUMBER_BYTES = 4


class KeptStep(NamedTuple):
    """One step: the id of what caused it, which operation, the receipt's hash, when, and whether a life begins."""

    id: bytes
    operation: int
    receipt_hash: bytes
    time: int
    first: bool


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(KeptStep, strict=True).decode


class KeptLives:
    """The kept steps in an open environment."""

    def __init__(self, environment: lmdb.Environment) -> None:
        """Open the table."""
        self._environment = environment
        self._database = environment.open_db(b"lives")

    def of(self, life_key: bytes) -> Iterator[tuple[int, KeptStep]]:
        """Give the kept steps of an object in order, each with its height."""
        prefix = sha256(life_key).digest()
        with self._environment.begin() as transaction, transaction.cursor(db=self._database) as cursor:
            if not cursor.set_range(prefix):
                return
            for key, raw in cursor.iternext():
                if key[:HASH_BYTES] != prefix:
                    return
                yield int.from_bytes(key[HASH_BYTES : HASH_BYTES + HEIGHT_BYTES], "big"), _decode(raw)

    def all(self) -> Iterator[tuple[bytes, bytes]]:
        """Give all kept steps, as `steps_of` gives them."""
        with self._environment.begin() as transaction, transaction.cursor(db=self._database) as cursor:
            for key, raw in cursor:
                yield bytes(key), bytes(raw)

    def put(self, transaction: lmdb.Transaction, steps: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep steps, as `steps_of` gives them."""
        with transaction.cursor(db=self._database) as cursor:
            cursor.putmulti(list(steps))


def steps_of(block: StoredBlock) -> Iterator[tuple[bytes, bytes]]:
    """Give what is kept of a block."""
    results = block.all_results()
    height, time = block.height.to_bytes(HEIGHT_BYTES, "big"), block.header.header.time
    for number, step in enumerate(block.steps):
        result = results[step.result]
        kept = KeptStep(result.id, step.operation, sha256(result.receipt).digest(), time, step.first)
        key = sha256(step.object).digest() + height + number.to_bytes(NUMBER_BYTES, "big")
        yield key, _encode(kept)
