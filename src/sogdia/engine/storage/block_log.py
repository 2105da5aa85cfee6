"""The log beside the data file: a few blocks are durable with one sync here, long before the data file takes them.

    page 0      "sogdia log 1" ‖ seal, 32 bytes that nobody could foresee ‖ SHA-256 of both
    record      SHA-256(seal ‖ length ‖ blocks) ‖ length, 4 bytes ‖ blocks: [[height, stored block, handover | nil], …]

Every record begins on a page of its own and is synced before the next one is written, so writing one touches nothing
that is durable, and only the last one can be torn. The file has its whole size from the beginning, so that a sync has
no metadata to write. Once the data file has taken everything, records are written from page 1 again; what is left of
older ones behind them holds heights that the data file has.

A whole record behind a broken one was durable before, and so was the broken one: then it is damage and not a torn end.
Whether the very last record is missing, the witness says. The seal keeps a sender from putting into an envelope what
would look like a record.
"""

from __future__ import annotations

import errno
import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sogdia.engine.marks import mark
from sogdia.engine.storage.disk import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NAME = "blocks.log"
DRAFT = "blocks.log.unfinished"
BEGINNING = b"sogdia log 1"
PAGE_BYTES = 4096
SEAL_BYTES = 32
HASH_BYTES = 32
LENGTH_BYTES = 4
HEAD_BYTES = HASH_BYTES + LENGTH_BYTES

LOG_BYTES = 2**20
"""So much is read again after a crash at most, and so much waits in memory for the data file."""

RECORD_BYTES_MAX = 64 * 2**10
"""What is longer goes to the data file at once: written twice it would cost more than a sync."""


class LoggedBlock(NamedTuple):
    """A block, and what it says of other validators, if it does."""

    height: int
    raw: bytes
    handover: bytes | None


class LogDamagedError(Exception):
    """The log is not what was written."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[LoggedBlock]).decode


class BlockLog:
    """The log of one data folder, whose lock is held."""

    def __init__(self, folder: Path) -> None:
        """Prepare; nothing is opened or made before it is needed."""
        self.path = folder / NAME
        self._file: int | None = None
        self._seal = b""
        self._size = LOG_BYTES
        self._at = PAGE_BYTES

    def read(self, known: int) -> list[LoggedBlock]:
        """Give the blocks above the `known` height, and go on writing behind them."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        self._take_seal(content)
        found: list[LoggedBlock] = []
        at, last = self._at, known
        while (blocks := self._record_at(content, at)) and blocks[0].height == last + 1:
            found += blocks
            last = blocks[-1].height
            self._at, at = at, at + _pages(HEAD_BYTES + _length_at(content, at))
        for page in range(at, len(content), PAGE_BYTES):
            behind = self._record_at(content, page)
            if behind and behind[-1].height > last:
                raise LogDamagedError(f"{self.path} has block {behind[0].height}, but nothing whole after {last}")
        if found:
            # Who was killed before its sync ended has left the last record in memory, and perhaps not on the disk.
            self._write(content[self._at : at])
        return found

    def has_room(self, size: int) -> bool:
        """Tell whether blocks of so many bytes are short enough for the log, and it has room for them."""
        return size <= RECORD_BYTES_MAX and self._at + size + PAGE_BYTES <= self._size

    def append(self, blocks: Sequence[LoggedBlock], entered: Callable[[], None] | None = None) -> None:
        """Write blocks durably. After an `OSError` for lack of room the same may be tried again."""
        if not self._seal:
            self._file = self._open()
        payload = _encode(blocks)
        framed = len(payload).to_bytes(LENGTH_BYTES, "big") + payload
        record = sha256(self._seal + framed).digest() + framed
        record += bytes(_pages(len(record)) - len(record))
        if entered is not None:
            entered()
        mark("before-log")
        self._write(record)
        mark("after-log")

    def _write(self, record: bytes) -> None:
        """Write a record at its place, durably, and go on behind it."""
        if self._file is None:
            self._file = self._open()
        if os.pwrite(self._file, record, self._at) < len(record):
            raise OSError(errno.ENOSPC, "only a part of a record could be written", str(self.path))
        mark("before-sync")
        os.fdatasync(self._file)
        self._at += len(record)

    def restart(self) -> None:
        """Write from the beginning again: the data file has taken everything."""
        self._at = PAGE_BYTES

    def forget(self) -> None:
        """Remove the log of a ledger that is gone, so that its blocks don't get into a new one."""
        self.close()
        self.path.unlink(missing_ok=True)
        self._at = PAGE_BYTES

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _record_at(self, content: bytes, at: int) -> list[LoggedBlock]:
        """Give the blocks of the record that begins on a page; none when no whole record does."""
        length = _length_at(content, at)
        end = at + HEAD_BYTES + length
        if not length or end > len(content):
            return []
        hashed = sha256(self._seal + content[at + HASH_BYTES : end]).digest()
        return _decode(content[at + HEAD_BYTES : end]) if content[at : at + HASH_BYTES] == hashed else []

    def _take_seal(self, content: bytes) -> None:
        end = len(BEGINNING) + SEAL_BYTES
        if content[: len(BEGINNING)] != BEGINNING or content[end : end + HASH_BYTES] != sha256(content[:end]).digest():
            raise LogDamagedError(f"{self.path} does not begin as a log does")
        self._seal = content[len(BEGINNING) : end]
        self._size = len(content)

    def _open(self) -> int:
        """Open the log; it is made when it is not there, and gets its name once it is whole."""
        if not self.path.exists():
            draft = self.path.with_name(DRAFT)
            head = BEGINNING + os.urandom(SEAL_BYTES)
            head += sha256(head).digest()
            draft.unlink(missing_ok=True)
            draft.touch(0o600)
            with draft.open("wb") as file:
                file.write(head.ljust(LOG_BYTES, b"\0"))
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self.path)
            sync_folder(self.path.parent)
        if not self._seal:
            self._take_seal(self.path.read_bytes())
        return os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)


def _length_at(content: bytes, at: int) -> int:
    return int.from_bytes(content[at + HASH_BYTES : at + HEAD_BYTES], "big")


def _pages(size: int) -> int:
    """Give how many bytes the pages have that so many bytes take."""
    return size + -size % PAGE_BYTES
