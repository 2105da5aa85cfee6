"""Snapshots as they lie in a node's folder: DIR/snapshots/HEIGHT with a manifest and its chunks, each a file."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from sogdia.engine.folders.snapshot_form import Manifest, SnapshotWrongError, read_manifest, snapshot_hash
from sogdia.engine.storage.disk import sync_file
from sogdia.engine.storage.ledger_file import DamagedError

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "snapshots"
MANIFEST = "manifest"

_log = logging.getLogger(__name__)


class Kept(NamedTuple):
    """A snapshot on the disk: what it says of itself, the same in bytes, and where it stands."""

    manifest: Manifest
    raw: bytes
    folder: Path

    def chunk(self, index: int) -> bytes:
        """Read a chunk; raises `DamagedError` when it is not what was written."""
        try:
            raw = chunk_path(self.folder, index).read_bytes()
        except OSError as error:
            raise DamagedError(f"a chunk of the snapshot in {self.folder} cannot be read: {error}") from error
        if sha256(raw).digest() != self.manifest.chunks[index]:
            raise DamagedError(f"chunk {index} of the snapshot in {self.folder} is damaged; remove that folder")
        return raw


def kept_in(folder: Path, network: bytes) -> dict[int, Kept]:
    """Give the snapshots in a folder that have a readable manifest."""
    found: dict[int, Kept] = {}
    for each in folder.glob("*"):
        if not each.name.isdecimal():
            continue
        try:
            raw = (each / MANIFEST).read_bytes()
            manifest = read_manifest(raw, network)
        except (OSError, SnapshotWrongError) as error:
            _log.error("the snapshot in %s cannot be read, and is not given to anybody: %s", each, error)
            continue
        if str(manifest.height) == each.name:
            found[manifest.height] = Kept(manifest, raw, each)
    return found


def name_of(kept: Kept) -> bytes:
    """Give the hash by which a kept snapshot is named."""
    return snapshot_hash(kept.raw)


def chunk_path(folder: Path, index: int) -> Path:
    """Give where a chunk stands in a snapshot's folder."""
    return folder / f"{index:05}"


def write_file(path: Path, content: bytes) -> None:
    """Write a file of a snapshot durably."""
    path.touch(mode=0o600)
    path.write_bytes(content)
    sync_file(path)
