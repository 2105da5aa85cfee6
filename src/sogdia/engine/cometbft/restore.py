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

from sogdia.engine.folders.snapshot_form import SnapshotWrongError, read_chunk
from sogdia.engine.cometbft.snapshots import FOLDER, MANIFEST, chunk_path, write_file
from sogdia.engine.folders.workplace import give_name, workplace
from sogdia.engine.storage.beginning import beginning_after
from sogdia.engine.storage.ledger_file import LedgerFile
from sogdia.engine.storage.writes import BlockWrite, Flush, Flushed
from sogdia.kernel.blinding import blinding_of
from sogdia.kernel.refusal import Broken
from sogdia.kernel.tree import Tree
from sogdia.kernel.tree_hashes import EMPTY

if TYPE_CHECKING:
    from sogdia.engine.folders.snapshot_form import Manifest
    from sogdia.engine.solo.ledger import Ledger
    from sogdia.kernel.tree import Bucket

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
        self._last_prefix: str | None = None
        self._count = 0
        self._blinding = blinding_of(ledger.file.secret())
        self._open = ExitStack()
        self._place = self._open.enter_context(workplace(ledger.folder / PLACE))
        self._snapshot = self._place / "snapshot"
        self._snapshot.mkdir(mode=0o700, parents=True)
        write_file(self._snapshot / MANIFEST, raw)
        self._file = LedgerFile(self._place / "ledger")
        self._file_open = self._open.enter_context(ExitStack())
        self._file_open.callback(self._file.close)
        own = ledger.file
        self._file.begin(
            own.genesis(),
            own.secret(),
            own.network(),
            Flush({}, 0, Flushed(manifest.height, EMPTY, 0)),
            beginning_after(manifest.header, manifest.state.results_root),
        )

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
        buckets = read_chunk(chunk, self._last_prefix, self._blinding)
        self._write(dict(buckets), len(chunk), EMPTY)
        write_file(chunk_path(self._snapshot, index), chunk)
        self._last_prefix = buckets[-1][0] if buckets else self._last_prefix
        self._next += 1
        if self._next < len(self.manifest.chunks):
            return False
        self._finish()
        return True

    def _write(self, buckets: dict[str, Bucket | None], size: int, root: bytes) -> None:
        self._count += sum(len(bucket.pairs) // 2 for bucket in buckets.values() if bucket is not None)
        write = BlockWrite([], Flush(buckets, size, Flushed(self.manifest.height, root, self._count)), [])
        self._file.make_room(write)
        self._file.write(write)
        self._file.refresh()

    def _finish(self) -> None:
        manifest, ledger = self.manifest, self._ledger
        tree = Tree(self._file.bucket)
        try:
            root = tree.rebuild(self._file.all_buckets())
        except (Broken, KeyError) as error:
            raise SnapshotWrongError(f"its buckets make no tree: {error}") from error
        # Buckets that could be merged would lead to the same root; no tree of ours is divided so.
        if root != manifest.state.state_root or not tree.count == self._count == manifest.records or tree.changed:
            raise SnapshotWrongError(
                f"its {self._count} records lead to the state root {root.hex()}, and {manifest.records} with"
                f" {manifest.state.state_root.hex()} were promised"
            )
        self._write({}, 0, root)
        self._file_open.close()
        # Kept as well: this ledger begins with it, and other nodes may want it.
        kept = ledger.folder / FOLDER / str(manifest.height)
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        if kept.exists():
            shutil.rmtree(kept)
        give_name(self._snapshot, kept)
        ledger.become(self._place / "ledger")
        self.close()
        _log.info("the ledger was restored from a snapshot of height %s: %s records", manifest.height, tree.count)

    def close(self) -> None:
        """End, and remove what is left."""
        self._open.close()
