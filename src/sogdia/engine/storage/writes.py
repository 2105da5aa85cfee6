"""What is written into the file of a ledger together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from sogdia.engine.storage.block_log import LoggedBlock
    from sogdia.engine.storage.place_index import Run
    from sogdia.kernel.tree import Bucket


class Flushed(msgspec.Struct, frozen=True, array_like=True):
    """Where the stored buckets stand: the height, its state root and the number of records."""

    height: int
    root: bytes
    count: int


class Flush(NamedTuple):
    """Buckets to be written, about how many bytes they have, and where they will stand then."""

    buckets: dict[str, Bucket | None]
    size: int
    stand: Flushed


class BlockWrite(NamedTuple):
    """What is written together: blocks, and perhaps buckets and runs of the indexes."""

    blocks: list[LoggedBlock]
    flush: Flush | None
    runs: list[tuple[str, Run]]

    def size(self) -> int:
        """Give how many bytes the blocks have."""
        return sum(len(block.raw) for block in self.blocks)
