"""A ledger made from another node's snapshot: built beside this node's own, and put in its place once it is whole.

    offered ─▶ chunk ─▶ chunk … ─▶ state root compared ─▶ in place
                 └─ another hash: its sender is banned, the chunk comes again from somebody else

Nothing is in the folder's own file before all is right: who is killed on the way starts anew.
"""

from __future__ import annotations

import logging
import shutil
from contextlib import ExitStack
from hashlib import sha256
from typing import TYPE_CHECKING

from sogdia.engine.folders.from_snapshot import Building
from sogdia.engine.folders.kept_snapshots import FOLDER, MANIFEST, chunk_path, write_file
from sogdia.engine.folders.workplace import give_name, workplace

if TYPE_CHECKING:
    from sogdia.engine.folders.snapshot_form import Manifest
    from sogdia.engine.ledger.ledger import Ledger

PLACE = "restored"

_log = logging.getLogger(__name__)


class ChunkWrongError(Exception):
    """A chunk that is not the one that the manifest names: whoever sent it lies, or is broken."""


class Restore:
    """One restore, from the offer to the end."""

    def __init__(self, ledger: Ledger, manifest: Manifest, raw: bytes) -> None:
        """Begin to build beside `ledger` what a manifest promises, whose app hash was verified."""
        self.manifest = manifest
        self.senders: set[str] = set()
        self._ledger = ledger
        self._next = 0
        self._open = ExitStack()
        self._place = self._open.enter_context(workplace(ledger.folder / PLACE))
        self._snapshot = self._place / "snapshot"
        self._snapshot.mkdir(mode=0o700, parents=True)
        write_file(self._snapshot / MANIFEST, raw)
        self._building = Building(self._place / "ledger", ledger.file, manifest)
        self._open.callback(self._building.close)

    def apply(self, index: int, chunk: bytes, sender: str) -> bool:
        """Take the next chunk; tells whether it was the last, and all is in place now.

        Raises `ChunkWrongError` for a chunk that has to come again from somebody else, and `SnapshotWrongError` when
        the snapshot itself is not what it said: then nothing was changed.
        """
        if index < self._next:
            return False
        if index > self._next:
            raise ChunkWrongError(f"chunk {index} came, and {self._next} is next")
        if sha256(chunk).digest() != self.manifest.chunks[index]:
            raise ChunkWrongError(f"chunk {index} has {len(chunk)} bytes whose hash is not the one in the manifest")
        self.senders.add(sender)
        self._building.add(chunk)
        write_file(chunk_path(self._snapshot, index), chunk)
        self._next += 1
        if self._next < len(self.manifest.chunks):
            return False
        self._finish()
        return True

    def _finish(self) -> None:
        height, ledger = self.manifest.height, self._ledger
        count = self._building.finish()
        # Kept as well: this ledger begins with it, and other nodes may want it.
        kept = ledger.folder / FOLDER / str(height)
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        if kept.exists():
            shutil.rmtree(kept)
        give_name(self._snapshot, kept)
        ledger.become(self._place / "ledger")
        self.close()
        _log.info("the ledger was restored from a snapshot of height %s: %s records", height, count)

    def close(self) -> None:
        """End, and remove what is left."""
        self._open.close()
