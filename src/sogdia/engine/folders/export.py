"""A ledger as one file: all blocks from the first to the last, from which every release derives the same state.

    export = header line ‖ block ‖ block … ‖ four zero bytes ‖ closing line
    header line  = {"format":1,"network":"…","genesis":{…},"secret":"…"} and a line feed
    block        = length, 4 bytes, big-endian ‖ stored block
    closing line = {"blocks":…,"sha256":"…"} and a line feed; the hash covers everything before this line

It holds no key and no record, but the network's blinding secret: who imports it executes the blocks again. The same
blocks always give the same bytes.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from sogdia.engine.folders.archive import FOLDER, Archive
from sogdia.engine.folders.golden import open_file
from sogdia.engine.folders.progress import Progress, silent
from sogdia.engine.folders.workplace import require_new
from sogdia.engine.storage.beginning import NotHereError
from sogdia.engine.storage.disk import sync_folder
from sogdia.kernel.genesis import HexKey

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.storage.ledger_file import LedgerFile

EXPORT_FORMAT = 1
LENGTH_BYTES = 4
NO_MORE_BLOCKS = bytes(LENGTH_BYTES)


class HeaderLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: the format's number, the network, its genesis as the ledger keeps it, and its blinding secret."""

    format: int
    network: HexKey
    genesis: msgspec.Raw
    secret: HexKey


class ClosingLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line: without it the file is not whole."""

    blocks: int
    sha256: HexKey


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What was exported, and the hash by which the file can be told from any other."""

    network: bytes
    blocks: int
    size: int
    sha256: bytes


def export_folder(folder: Path, target: Path, progress: Progress = silent) -> Exported:
    """Write the ledger in `folder`, which no process may have open, into the new file `target`."""
    require_new(target)
    file = open_file(folder)
    try:
        with target.open("xb") as stream:
            exported = _write(file, stream, progress)
        sync_folder(target.parent)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        file.close()
    return exported


def _block(file: LedgerFile, archive: Archive, height: int) -> bytes:
    """Read a block, from the archive when it has gone there."""
    try:
        return file.block(height)
    except NotHereError:
        found = archive.block(height)
        if found is None:
            raise
        return found


def _write(file: LedgerFile, stream: BinaryIO, progress: Progress) -> Exported:
    last, hashed, size = file.height(), sha256(), 0

    def put(part: bytes) -> None:
        nonlocal size
        stream.write(part)
        hashed.update(part)
        size += len(part)

    first = HeaderLine(
        format=EXPORT_FORMAT,
        network=file.network().hex(),
        genesis=msgspec.Raw(file.genesis()),
        secret=file.secret().hex(),
    )
    put(msgspec.json.encode(first) + b"\n")
    archive = Archive(file.folder / FOLDER, file.network())
    for height in range(1, last + 1):
        raw = _block(file, archive, height)
        put(len(raw).to_bytes(LENGTH_BYTES, "big") + raw)
        progress(height, last)
    put(NO_MORE_BLOCKS)
    digest = hashed.digest()
    put(msgspec.json.encode(ClosingLine(blocks=last, sha256=digest.hex())) + b"\n")
    stream.flush()
    os.fsync(stream.fileno())
    return Exported(network=file.network(), blocks=last, size=size, sha256=digest)
