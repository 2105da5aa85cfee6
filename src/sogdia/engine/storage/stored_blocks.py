"""The table of blocks in an open environment: each block in its pieces, in the order of heights."""

from __future__ import annotations

from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from sogdia.engine.storage.block_pieces import HEIGHT_BYTES, block_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import lmdb

Piece = tuple[bytes, bytes]


class BlockUnreadableError(Exception):
    """A block that is not what was written, or is missing."""

    def __init__(self, height: int, what: str) -> None:
        """Say which."""
        super().__init__(f"block {height} is {what}")


def read_block(reading: lmdb.Transaction, database: lmdb._Database, height: int) -> bytes:
    """Read one block."""
    prefix = height.to_bytes(HEIGHT_BYTES, "big")
    with reading.cursor(db=database) as cursor:
        cursor.set_range(prefix)
        own = takewhile(lambda piece: piece[0][:HEIGHT_BYTES] == prefix, cursor.iternext())
        return _joined(height, [(bytes(key), bytes(value)) for key, value in own])


def read_blocks(reading: lmdb.Transaction, database: lmdb._Database, first: int, last: int) -> Iterator[bytes]:
    """Read blocks from one height to another, as they were when `reading` began; any thread may go on with it."""
    with reading as transaction, transaction.cursor(db=database) as cursor:
        cursor.set_range(first.to_bytes(HEIGHT_BYTES, "big"))
        pieces = ((bytes(key), bytes(value)) for key, value in cursor.iternext())
        wanted = first
        for prefix, own in groupby(pieces, key=lambda piece: piece[0][:HEIGHT_BYTES]):
            if wanted > last:
                return
            if prefix != wanted.to_bytes(HEIGHT_BYTES, "big"):
                break
            yield _joined(wanted, list(own))
            wanted += 1
    if wanted <= last:
        raise BlockUnreadableError(wanted, "missing")


def drop_blocks(transaction: lmdb.Transaction, database: lmdb._Database, last: int) -> None:
    """Remove all blocks up to a height."""
    with transaction.cursor(db=database) as cursor:
        found = cursor.first()
        while found and int.from_bytes(cursor.key()[:HEIGHT_BYTES], "big") <= last:
            found = cursor.delete()


def _joined(height: int, pieces: list[Piece]) -> bytes:
    raw = block_of(height, pieces)
    if raw is None:
        raise BlockUnreadableError(height, "damaged" if pieces else "missing")
    return raw
