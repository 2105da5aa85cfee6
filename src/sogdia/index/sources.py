"""Where blocks come from: a running node, or the folder of one that is stopped. Requests are bounded on both."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

import msgspec

from sogdia.client.connection import Connection, RequestWrongError, Status, TryLaterError
from sogdia.engine.folders.archive import FOLDER as ARCHIVE
from sogdia.engine.folders.archive import Archive
from sogdia.engine.folders.golden import open_file
from sogdia.engine.storage.beginning import NotHereError
from sogdia.index.errors import IndexStoppedError
from sogdia.kernel.stored_block import decode_signed_header

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNDER_WAY_MAX = 16
"""How many blocks are asked for at once: a node answers others in between."""


class Source(Protocol):
    """Gives the blocks of one ledger."""

    def genesis(self) -> bytes:
        """Give the genesis as JSON."""

    def height(self) -> int:
        """Say up to which height there are blocks."""

    def header_hash(self, height: int) -> bytes | None:
        """Give the hash of the header at a height; nothing when there is no such block."""

    def time(self, height: int) -> int:
        """Give the time of the block at a height that is there."""

    def blocks(self, first: int, last: int) -> Iterator[bytes]:
        """Give the bytes of the blocks from one height to another."""

    def close(self) -> None:
        """Let it go."""


class NodeSource:
    """A running node, over its socket."""

    def __init__(self, folder: Path, *, seconds: float = 30.0) -> None:
        """Connect to the node of a folder."""
        self._node = Connection(folder, seconds=seconds)

    def genesis(self) -> bytes:
        """Give the genesis as JSON."""
        return self._node.genesis()

    def height(self) -> int:
        """Say up to which height everything is durable."""
        return self._node.height()

    def header_hash(self, height: int) -> bytes | None:
        """Give the hash of the header at a height; nothing when the node has not come so far."""
        if height > self.height():
            return None
        return self._node.header(height).header.hash()

    def time(self, height: int) -> int:
        """Give the time of the block at a height."""
        return self._node.header(height).header.time

    def blocks(self, first: int, last: int) -> Iterator[bytes]:
        """Give the bytes of the blocks from one height to another, some of them asked for ahead."""
        asked: deque[int] = deque()
        following = first
        arrived: dict[int, bytes] = {}
        while following <= last or asked:
            while following <= last and len(asked) < UNDER_WAY_MAX:
                asked.append(self._node.send("block", following))
                following += 1
            wanted = asked.popleft()
            while wanted not in arrived:
                answer = self._node.receive()
                if answer.status == Status.REFUSED:
                    raise IndexStoppedError(
                        "a block is not at this node any more, nor in its archive: fetch the segments that are missing"
                        " with 'sogdia archive fetch', and start again"
                    )
                if answer.status == Status.LATER:
                    raise TryLaterError(str(answer.payload))
                if answer.status != Status.DONE:
                    raise RequestWrongError(str(answer.payload))
                arrived[answer.number] = msgspec.convert(answer.payload, bytes)
            yield arrived.pop(wanted)

    def close(self) -> None:
        """End the connection."""
        self._node.close()


class FolderSource:
    """The folder of a stopped node, read as it lies; no node can start on it meanwhile."""

    def __init__(self, folder: Path) -> None:
        """Open the folder; refused while another process has it."""
        self._file = open_file(folder)
        self._archive = Archive(folder / ARCHIVE, self._file.network())

    def genesis(self) -> bytes:
        """Give the genesis as JSON."""
        return self._file.genesis()

    def height(self) -> int:
        """Say up to which height there are blocks."""
        return self._file.height()

    def header_hash(self, height: int) -> bytes | None:
        """Give the hash of the header at a height; nothing when there is no such block."""
        if height > self.height():
            return None
        return decode_signed_header(self._block(height)).header.hash()

    def time(self, height: int) -> int:
        """Give the time of the block at a height."""
        return decode_signed_header(self._block(height)).header.time

    def blocks(self, first: int, last: int) -> Iterator[bytes]:
        """Give the bytes of the blocks from one height to another."""
        for height in range(first, last + 1):
            yield self._block(height)

    def _block(self, height: int) -> bytes:
        """Read a block, from the archive beside the file when it has gone there."""
        try:
            return self._file.block(height)
        except NotHereError as error:
            found = self._archive.block(height)
            if found is None:
                raise IndexStoppedError(f"{error}. Put them into {self._archive.folder}, and start again") from error
            return found

    def close(self) -> None:
        """Close the folder."""
        self._file.close()
